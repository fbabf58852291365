import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterEach, describe, expect, it, vi } from "vitest";
import { openFilesystemStore } from "../../src/adapters/filesystem/index.js";
import { crc32Checksum } from "../../src/domain/checksum.js";
import { StowageError } from "../../src/domain/errors.js";
import { S3_LIMITS } from "../../src/domain/upload-plan.js";
import type { Upload } from "../../src/ports/multipart-store.js";
import type { OpenStore } from "../../src/ports/store.js";
import { bytes, key, listed, openIn, refusalOf, temporaryFolder, textOf } from "./fixtures.js";
import { disk } from "./recorded-fs.js";

vi.mock("node:fs/promises", async (importOriginal) =>
  (await import("./recorded-fs.js")).recorded(await importOriginal()),
);

afterEach(async () => {
  disk.reset();
  await disk.closeAll();
});

const KEY = key("data/user_1/model.bin");
const LIMITS = { ...S3_LIMITS, minPartBytes: 1 };

/** A version whose metadata and checksum tell its bytes, so that a mixture of two would show. */
function put(store: OpenStore, name: string, when?: { absent: true }) {
  const content = bytes(name);
  const checksum = crc32Checksum(crc32(content));
  return store.put(KEY, content, { metadata: { version: name }, checksum, when });
}

async function uploadOf(store: OpenStore, name: string): Promise<Upload> {
  const upload = await store.createUpload(KEY, { metadata: { version: name } });
  await store.uploadPart(upload, 1, bytes(name.slice(0, 2)));
  await store.uploadPart(upload, 2, bytes(name.slice(2)));
  return upload;
}

/** Ends a store as `kill -9` would, at its n-th change of the disk: nothing of it happens any more. */
async function killedAt(number: number, work: () => Promise<unknown>): Promise<boolean> {
  let die = (): void => undefined;
  const killed = new Promise<boolean>((resolve) => {
    die = () => resolve(true);
  });
  let stepsLeft = number;
  disk.reset(() => {
    stepsLeft -= 1;
    if (stepsLeft > 0) return undefined;
    die();
    return new Promise<void>(() => undefined);
  });
  const ended = work().then(() => false);
  const result = await Promise.race([killed, ended]);
  disk.reset();
  return result;
}

/** Makes the owners of a directory look dead, but those who live on. Their locks are links to the same files. */
async function bury(directory: string, living: readonly string[] = []): Promise<void> {
  const folder = join(directory, ".stowage", "owners");
  for (const name of await readdir(folder)) {
    if (living.includes(name)) continue;
    const record = JSON.parse(await readFile(join(folder, name), "utf8"));
    await writeFile(join(folder, name), JSON.stringify({ ...record, pid: 2 ** 30 }));
  }
}

async function sidecarsIn(directory: string): Promise<string[]> {
  const folder = join(directory, ".stowage", "sidecars");
  const entries = await readdir(folder, { recursive: true });
  return entries.filter((name) => name.endsWith(".json"));
}

interface Case {
  readonly name: string;
  readonly before: (store: OpenStore) => Promise<unknown>;
  readonly work: (store: OpenStore) => Promise<unknown>;
  /** The versions that may be there afterwards. `undefined`: none. */
  readonly versions: readonly (string | undefined)[];
}

const CASES: readonly Case[] = [
  {
    name: "a put of a new object",
    before: async () => undefined,
    work: (store) => put(store, "new"),
    versions: [undefined, "new"],
  },
  {
    name: "a put that replaces",
    before: (store) => put(store, "old"),
    work: (store) => put(store, "new"),
    versions: ["old", "new"],
  },
  {
    name: "a delete",
    before: (store) => put(store, "old"),
    work: (store) => store.delete(KEY),
    versions: ["old", undefined],
  },
  {
    name: "a copy",
    before: async (store) => {
      await put(store, "old");
      await store.copy(KEY, key("source"));
      await put(store, "older");
    },
    work: (store) => store.copy(key("source"), KEY),
    versions: ["older", "old"],
  },
  {
    name: "a complete",
    before: async (store) => {
      await put(store, "old");
      await uploadOf(store, "joined");
    },
    work: async (store) => {
      for await (const upload of store.listUploads({ prefix: "" })) {
        const parts = await Array.fromAsync(store.listParts(upload));
        await store.completeUpload(upload, parts);
      }
    },
    versions: ["old", "joined"],
  },
];

describe.each(CASES)("$name, killed at each of its steps", ({ before, work, versions }) => {
  it.each(["is open already", "is opened then"])(
    "leaves the old object or the new one, and the key to a store that %s",
    async (when) => {
      const found = new Set<string | undefined>();
      let killed = true;
      for (let number = 1; killed; number++) {
        const directory = await temporaryFolder();
        const bystander = await openIn(directory, { limits: LIMITS });
        const living = await readdir(join(directory, ".stowage", "owners"));
        const victim = await openFilesystemStore({ directory, limits: LIMITS });
        await before(victim);
        killed = await killedAt(number, () => work(victim));
        await bury(directory, living);

        const sweeping = when === "is opened then";
        const store = sweeping ? await openIn(directory, { limits: LIMITS }) : bystander;
        const version = await versionOf(store);
        expect(versions, `killed at step ${number}`).toContain(version);
        found.add(version);
        // Refused under the lock, which was the dead one's: what that left is removed all the same.
        const refused = store.delete(KEY, { when: { etag: "another" } });
        expect((await refusalOf(refused)).code).toBe("precondition-failed");
        const objects = await listed(store);
        expect(await sidecarsIn(directory), `killed at step ${number}`).toHaveLength(
          objects.length,
        );
        await put(store, "after");
        const now = await listed(store);
        expect(await sidecarsIn(directory), `killed at step ${number}`).toHaveLength(now.length);
        expect(await versionOf(store)).toBe("after");
        expect(await listed(store, { prefix: "data/" })).toEqual([KEY]);
        await store.delete(KEY);
        await store.delete(key("source"));
        expect(await sidecarsIn(directory), `killed at step ${number}`).toEqual([]);
      }
      expect(found).toEqual(new Set(versions));
    },
  );
});

/** The version of the object, of which bytes, metadata, checksum and listing are to agree. */
async function versionOf(store: OpenStore): Promise<string | undefined> {
  try {
    const text = await textOf(store, KEY);
    const { metadata, checksum, size } = await store.head(KEY);
    expect(metadata).toEqual({ version: text });
    expect(size).toBe(text.length);
    if (checksum !== undefined) expect(checksum).toEqual(crc32Checksum(crc32(text)));
    return text;
  } catch (error) {
    if (error instanceof StowageError && error.code === "not-found") return undefined;
    throw error;
  }
}

describe("a process that was killed", () => {
  it("leaves attributes that the next opening removes", async () => {
    const directory = await temporaryFolder();
    const victim = await openFilesystemStore({ directory });
    await put(victim, "old");
    await new Promise<void>((resolve) => {
      disk.reset(({ name }) => {
        if (name !== "rename") return undefined;
        resolve();
        return new Promise<void>(() => undefined);
      });
      void put(victim, "new");
    });
    disk.reset();
    expect(await sidecarsIn(directory)).toHaveLength(2);
    await bury(directory);
    const store = await openIn(directory);
    expect(await sidecarsIn(directory)).toHaveLength(1);
    expect(await versionOf(store)).toBe("old");
    expect(await readdir(join(directory, ".stowage", "locks"))).toEqual([]);
  });
});
