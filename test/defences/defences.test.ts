import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { DEFENCES } from "./defences.js";
import { withoutDefence } from "./without.js";

test("each defence has an id of its own", () => {
  expect(new Set(DEFENCES.map(({ id }) => id)).size).toBe(DEFENCES.length);
});

// Here at once, not only where they are turned off one after the other.
test.each(DEFENCES)("$id can be turned off, and has tests", (defence) => {
  const source = readFileSync(defence.file, "utf8");
  expect(withoutDefence(source, defence)).not.toBe(source);
  for (const name of defence.tests) {
    const found = globSync([`${name}*.ts`, `${name}/*.ts`]).filter((file) =>
      /\.test\.ts$/.test(file),
    );
    expect(found, name).not.toEqual([]);
  }
});
