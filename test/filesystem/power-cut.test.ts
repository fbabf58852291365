import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { openFilesystemStore } from "../../src/adapters/filesystem/index.js";
import { crc32Checksum } from "../../src/domain/checksum.js";
import { StowageError } from "../../src/domain/errors.js";
import { S3_LIMITS } from "../../src/domain/upload-plan.js";
import type { OpenStore } from "../../src/ports/store.js";
import { bytes, key, textOf } from "./fixtures.js";
import { PowerCuts } from "./power-cut.js";
import { disk } from "./recorded-fs.js";
import { folderInMemory } from "./system.js";

vi.mock("node:fs/promises", async (importOriginal) =>
  (await import("./recorded-fs.js")).recorded(await importOriginal()),
);

let states = 0;

afterEach(() => disk.reset());
afterAll(() => console.log(`power cuts: ${states} states of the disk`));

const KEY = key("user_1/a.csv");
const SOURCE = key("user_1/source.csv");
const LIMITS = { ...S3_LIMITS, minPartBytes: 1 };

const described = (text: string) => ({
  metadata: { of: text },
  checksum: crc32Checksum(crc32(text)),
});

interface Case {
  readonly name: string;
  /** The object that there is before. */
  readonly old?: string;
  readonly work: (store: OpenStore) => Promise<unknown>;
  /** The object that there is afterwards; `undefined` for none. */
  readonly after: string | undefined;
}

const CASES: readonly Case[] = [
  {
    name: "a put of a new object",
    work: (store) => store.put(KEY, bytes("new"), described("new")),
    after: "new",
  },
  {
    name: "a put that replaces",
    old: "old",
    work: (store) => store.put(KEY, bytes("new"), described("new")),
    after: "new",
  },
  { name: "a delete", old: "old", work: (store) => store.delete(KEY), after: undefined },
  { name: "a copy", old: "old", work: (store) => store.copy(SOURCE, KEY), after: "source" },
  {
    name: "an upload in place",
    old: "old",
    work: async (store) => {
      const upload = await store.createUpload(KEY, { metadata: { of: "aabbc" } });
      for (const [at, text] of ["aa", "bb", "c"].entries()) {
        await store.uploadPart(upload, at + 1, bytes(text));
      }
      const parts = await Array.fromAsync(store.listParts(upload));
      await store.completeUpload(upload, parts);
    },
    after: "aabbc",
  },
  {
    name: "an upload in place that is synced on its way",
    work: async (store) => {
      const upload = await store.createUpload(KEY, { metadata: { of: "aaaabbbbccccd" } });
      for (const [at, text] of ["aaaa", "bbbb", "cccc", "d"].entries()) {
        await store.uploadPart(upload, at + 1, bytes(text));
      }
      const parts = await Array.fromAsync(store.listParts(upload));
      await store.completeUpload(upload, parts);
    },
    after: "aaaabbbbccccd",
  },
  {
    name: "an upload one part of which is sent again",
    old: "old",
    work: async (store) => {
      const upload = await store.createUpload(KEY, { metadata: { of: "AAbb" } });
      for (const [at, text] of ["aa", "bb", "AA"].entries()) {
        await store.uploadPart(upload, (at % 2) + 1, bytes(text));
      }
      const parts = await Array.fromAsync(store.listParts(upload));
      await store.completeUpload(upload, parts);
    },
    after: "AAbb",
  },
];

describe.each(CASES)("a power cut in $name", ({ old, work, after: now }) => {
  it("leaves the object of before or of after, and no part whose bytes are not there", {
    timeout: 60_000,
  }, async () => {
    const parent = await folderInMemory();
    const directory = join(parent, "before");
    const store = await openFilesystemStore({ directory, limits: LIMITS });
    await store.put(SOURCE, bytes("source"), described("source"));
    if (old !== undefined) await store.put(KEY, bytes(old), described(old));
    const cuts = new PowerCuts(directory);
    disk.reset();
    disk.changed = cuts.record;
    await work(store);
    disk.reset();

    const found = new Set<string | undefined>();
    const seen = new Set<string>();
    for (let count = 0; count <= cuts.count; count++) {
      for (const state of cuts.statesAfter(count)) {
        const resolved = count === cuts.count;
        const name = `${cuts.nameOf(state)}${resolved ? ", resolved" : ""}`;
        if (seen.has(name)) continue;
        seen.add(name);
        states++;
        const left = join(parent, "left");
        await cuts.build(state, left);
        const about = `after ${count} of ${cuts.count} changes, of which ${name} are there`;
        const version = await recovered(left, about);
        found.add(version);
        expect([old, now], about).toContain(version);
        // It has resolved: no power cut takes it back.
        if (resolved) expect(version, about).toBe(now);
        await rm(left, { recursive: true });
      }
    }
    expect(found).toEqual(new Set([old, now]));
    await store[Symbol.asyncDispose]();
  });
});

/** Opens what is left, looks at all of it, and goes on with it. Resolves to the object. */
async function recovered(directory: string, about: string): Promise<string | undefined> {
  await restartIn(directory);
  const store = await openFilesystemStore({ directory, limits: LIMITS });
  const version = await versionOf(store, about);
  for await (const upload of store.listUploads({ prefix: "" })) {
    const parts = await Array.fromAsync(store.listParts(upload));
    if (parts.length > 0) {
      await store.completeUpload(upload, parts);
      const text = await textOf(store, KEY);
      // The bytes of each part are those of its checksum.
      let at = 0;
      for (const { size, checksum } of parts) {
        expect(crc32Checksum(crc32(text.slice(at, at + size))), about).toEqual(checksum);
        at += size;
      }
      expect(text, about).toHaveLength(at);
    } else await store.abortUpload(upload);
  }
  await store.put(KEY, bytes("later"), described("later"));
  expect(await versionOf(store, about)).toBe("later");
  await store.delete(KEY);
  const own = join(directory, ".stowage");
  const sidecars = await readdir(join(own, "sidecars"), { recursive: true });
  expect(
    sidecars.filter((name) => name.endsWith(".json")),
    about,
  ).toHaveLength(1);
  expect(await readdir(join(own, "uploads")), about).toEqual([]);
  await store[Symbol.asyncDispose]();
  return version;
}

/** Makes the directory that of a machine which has been started since: nobody in it lives. */
async function restartIn(directory: string): Promise<void> {
  const own = join(directory, ".stowage");
  for (const folder of ["owners", "locks"]) {
    for (const name of await readdir(join(own, folder))) {
      const path = join(own, folder, name);
      const text = await readFile(path, "utf8");
      if (text !== "") await writeFile(path, JSON.stringify({ ...JSON.parse(text), pid: 2 ** 30 }));
    }
  }
  for (const name of await readdir(join(own, "uploads"), { recursive: true })) {
    if (!name.endsWith(".parts")) continue;
    const path = join(own, "uploads", name);
    const text = await readFile(path, "latin1");
    await writeFile(path, text.replaceAll(/"boot":"[^"]*"/g, '"boot":"before"'), "latin1");
  }
}

async function versionOf(store: OpenStore, about: string): Promise<string | undefined> {
  try {
    const text = await textOf(store, KEY);
    const { metadata, checksum, size } = await store.head(KEY);
    expect(metadata, about).toEqual({ of: text });
    expect(size, about).toBe(text.length);
    if (checksum !== undefined) expect(checksum, about).toEqual(crc32Checksum(crc32(text)));
    return text;
  } catch (error) {
    if (error instanceof StowageError && error.code === "not-found") return undefined;
    throw error;
  }
}
