import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type BuiltPackage, buildPackage } from "./built-package.js";

let built: BuiltPackage;
let scratch: string;

beforeAll(async () => {
  built = await buildPackage();
  scratch = await mkdtemp(join(tmpdir(), "stowage-leaves-"));
}, 60_000);

afterAll(async () => {
  await built[Symbol.asyncDispose]();
  await rm(scratch, { recursive: true, force: true });
});

/** Runs the kit on a store, and tells what the process holds before and after. It ends by itself. */
const SCRIPT = `
  import { readdirSync, readlinkSync } from "node:fs";
  import { contractCases, runContract } from "stowage/contract";
  import { openFilesystemStore } from "stowage/filesystem";
  import { openMemoryStore } from "stowage/memory";

  const [kind, scratch, wreck] = process.argv.slice(1);
  process.env.TMPDIR = scratch + "/tmp";
  const held = async () => {
    // Handles that are closed are let go of some turns later.
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 5));
    const files = readdirSync("/proc/self/fd").flatMap((fd) => {
      try {
        const file = readlinkSync("/proc/self/fd/" + fd);
        return file.startsWith(scratch) ? [file] : [];
      } catch {
        return [];
      }
    });
    return { resources: process.getActiveResourcesInfo().sort(), files };
  };

  const before = await held();
  const directory = scratch + "/kept";
  const store = kind === "memory" ? openMemoryStore() : await openFilesystemStore({ directory });
  if (wreck) store.head = async () => { throw new Error("wrecked"); };
  // What fails is the same for the first cases and for all.
  const tried = new Set(contractCases.slice(0, wreck ? 60 : undefined));
  const report = await runContract({ store }, { filter: (each) => tried.has(each) });
  const left = { objects: [], uploads: [] };
  for await (const entry of store.list()) left.objects.push(entry);
  for await (const upload of store.listUploads({ prefix: "" })) left.uploads.push(upload);
  await store[Symbol.asyncDispose]();
  console.log(JSON.stringify({ counts: report.counts, left, before, after: await held() }));
`;

interface Told {
  readonly counts: Readonly<Record<string, number>>;
  readonly left: unknown;
  readonly before: unknown;
  readonly after: unknown;
}

describe.each(["memory", "filesystem"])("a run of the kit on %s", (kind) => {
  test.each([
    ["passes", ""],
    ["fails", "wreck"],
  ])(
    "that %s leaves no object, no upload, no file and nothing open",
    async (_, wreck) => {
      const folder = await mkdtemp(join(scratch, `${kind}-`));
      await mkdir(join(folder, "tmp"));
      const args = ["--input-type=module", "--eval", SCRIPT, kind, folder, wreck];
      const { stdout, stderr } = await built.node(...args);
      const { counts, left, before, after } = JSON.parse(stdout) as Told;
      expect(counts["passed"]).toBeGreaterThan(10);
      expect(counts["failed"] === 0).toBe(wreck === "");
      expect(left).toEqual({ objects: [], uploads: [] });
      expect(after).toEqual(before);
      // A warning of Node would be of a listener too many, or of a handle that was not closed.
      expect(stderr).toBe("");
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      const files = entries.filter((entry) => !entry.isDirectory());
      expect(files.map(({ parentPath, name }) => join(parentPath, name))).toEqual([]);
      expect(await readdir(join(folder, "tmp"))).toEqual([]);
    },
    120_000,
  );
});
