import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vitest/config";
import type { Defence } from "./defence.js";
import { DEFENCES } from "./defences.js";

const ROOT: string = fileURLToPath(new URL("../../", import.meta.url));

/** The source without a defence: what its tests are to fail on. */
export function withoutDefence(source: string, { id, off }: Defence): string {
  const [there, instead] = off;
  const times = source.split(there).length - 1;
  if (times !== 1) {
    throw new Error(
      `Cannot turn off ${id}: what it replaces stands there ${times} times, not once`,
    );
  }
  return source.replace(there, () => instead);
}

/** Turns off the defence that `STOWAGE_TEST_WITHOUT` names, in the sources that vitest loads. */
export function defenceOff(id: string | undefined): Plugin[] {
  if (id === undefined || id === "") return [];
  const defence = DEFENCES.find((each) => each.id === id);
  if (defence === undefined) throw new Error(`There is no defence ${id}`);
  const path = ROOT + defence.file;
  return [
    {
      name: "stowage:without-a-defence",
      enforce: "pre",
      load: (file) =>
        file === path ? withoutDefence(readFileSync(path, "utf8"), defence) : undefined,
    },
  ];
}
