import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it, vi } from "vitest";
import { bytes, key, openIn, temporaryFolder } from "./fixtures.js";
import { disk } from "./recorded-fs.js";

vi.mock("node:fs/promises", async (importOriginal) =>
  (await import("./recorded-fs.js")).recorded(await importOriginal()),
);

afterEach(() => disk.reset());

const KEY = key("user_1/a.csv");
const METADATA = { of: "a" };

/** The steps of a write, each path by what it is, without those of locks. */
function stepsIn(directory: string): string[] {
  const kinds: [string, string][] = [
    [".stowage/drafts/", "draft"],
    [".stowage/sidecars/", "sidecar"],
    [".stowage/sidecars", "sidecars"],
    [".stowage/uploads/", "upload"],
    [".stowage/uploads", "uploads"],
    [KEY, "object"],
    ["user_1", "folder"],
  ];
  const kind = (path: string): string => {
    const inside = path.slice(directory.length + 1);
    return kinds.find(([start]) => inside.startsWith(start))?.[1] ?? (inside || "root");
  };
  return disk.steps
    .filter(({ path, to }) => !`${path}${to}`.includes("/locks"))
    .map(({ name, path, to }) => `${name} ${kind(path)}${to === undefined ? "" : ` ${kind(to)}`}`);
}

describe("the order of a write", () => {
  it("is bytes, attributes, name, folder; and all of it is durable when it resolves", async () => {
    const directory = await temporaryFolder();
    const store = await openIn(directory);
    disk.reset();
    await store.put(KEY, bytes("x"), { metadata: METADATA });
    expect(stepsIn(directory)).toEqual([
      "create draft",
      "write draft",
      "utimes draft",
      "sync draft",
      "mkdir sidecar",
      "create sidecar",
      "write sidecar",
      "sync sidecar",
      "sync sidecar",
      "sync sidecars",
      "sync .stowage",
      "sync root",
      "mkdir folder",
      "link draft object",
      "unlink draft",
      "sync folder",
      "sync root",
    ]);
  });

  it("removes the old attributes last, when the new name is durable", async () => {
    const directory = await temporaryFolder();
    const store = await openIn(directory);
    await store.put(KEY, bytes("x"), { metadata: METADATA });
    disk.reset();
    await store.put(KEY, bytes("y"), { metadata: METADATA });
    const steps = stepsIn(directory);
    expect(steps.slice(steps.indexOf("rename draft object"))).toEqual([
      "rename draft object",
      "unlink draft",
      "sync folder",
      "unlink sidecar",
    ]);
  });

  it("is the reverse for a delete: the file, then its attributes", async () => {
    const directory = await temporaryFolder();
    const store = await openIn(directory);
    await store.put(KEY, bytes("x"), { metadata: METADATA });
    disk.reset();
    await store.delete(KEY);
    const steps = stepsIn(directory).filter((step) => !step.includes(".stowage"));
    expect(steps).toEqual(["unlink object", "rmdir folder", "sync root", "unlink sidecar"]);
  });

  it("is so in the eyes of the kernel, too, where strace can show it", async ({ annotate }) => {
    if (!canTrace()) {
      await annotate("strace is not here: the recorded steps alone count");
      return;
    }
    const directory = await temporaryFolder();
    const trace = join(await temporaryFolder(), "trace");
    const hooks = new URL("typescript-sources.mjs", import.meta.url).href;
    const actor = fileURLToPath(new URL("actor.ts", import.meta.url));
    const calls = "trace=fsync,link,linkat,rename,renameat,renameat2";
    const node = [process.execPath, "--import", hooks, actor, "create", directory, "one"];
    execFileSync("strace", ["-f", "-y", "-qq", "-e", calls, "-o", trace, ...node], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    const lines = (await readFile(trace, "utf8")).split("\n");
    const named = lines.findIndex((line) => /link(at)?\(.*\/race\/0\/object"/.test(line));
    const draft = /\/drafts\/[^"]+/.exec(lines[named] ?? "")?.[0];
    const synced = (path: string) => lines.findIndex((line) => line.includes(`${path}>)`));
    expect(named).toBeGreaterThan(-1);
    expect(synced(draft ?? "no draft")).toBeGreaterThan(-1);
    expect(synced(draft ?? "no draft")).toBeLessThan(named);
    expect(synced("/race/0")).toBeGreaterThan(named);
    expect(synced("/race")).toBeGreaterThan(named);
  });
});

function canTrace(): boolean {
  try {
    execFileSync("strace", ["-qq", "-o", "/dev/null", "true"]);
    return true;
  } catch {
    return false;
  }
}
