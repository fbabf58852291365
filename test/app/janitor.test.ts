import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { StaleRequest, Stowage } from "../../src/app/stowage.js";
import { type ObjectKey, objectKey } from "../../src/domain/object-key.js";
import type { Upload } from "../../src/ports/multipart-store.js";
import type { Store } from "../../src/ports/store.js";
import { Life } from "../journal/life.js";
import { MemoryShelf } from "../journal/memory-journal.js";
import { startOf } from "../journal/samples.js";
import { bytes, failure, freshStores, store } from "./engine-rig.js";
import { processOver, untilDeath } from "./mortal.js";
import { refused, uploadsOf } from "./scripted-store.js";

freshStores();

const OURS = objectKey("datasets/user_7/20251023_143045_x.csv");

let folder: string;
let path: string;
let shelf: MemoryShelf;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "stowage-janitor-"));
  path = join(folder, "x.csv");
  await writeFile(path, bytes(47));
  shelf = new MemoryShelf();
});

afterEach(() => rm(folder, { recursive: true, force: true }));

/** The store as one whose uploads began when they are told to have. */
function aged(ageMs: number, listUploads: "prefix" | "key" = "prefix"): Store {
  const began = new Date(Date.UTC(2025, 9, 23) - ageMs);
  const honours = { ...store.facts.honours, listUploads };
  const facts = { ...store.facts, honours };
  return new Proxy<Store>(store, {
    get(target, name: keyof Store) {
      if (name === "facts") return facts;
      if (name !== "listUploads") {
        const member = target[name];
        return typeof member === "function" ? member.bind(target) : member;
      }
      const list: Store["listUploads"] = async function* (of) {
        if (listUploads === "key" && of.key === undefined) throw new Error("by key alone");
        for await (const upload of target.listUploads(of)) yield { ...upload, startedAt: began };
      };
      return list;
    },
  });
}

/** Leaves an upload that only the store knows of. */
async function foreign(key: ObjectKey, partCount = 2): Promise<Upload> {
  const upload = await store.createUpload(key);
  for (let part = 1; part <= partCount; part++) await store.uploadPart(upload, part, bytes(10));
  return upload;
}

/** Uploads in a process that ends at one of its boundaries; `false` when it has not so many. */
async function interrupted(boundary: number): Promise<boolean> {
  const life = new Life(boundary);
  const uploaded = await untilDeath(life, processOver(store, shelf, life), (stowage) =>
    stowage.uploadDataset({ userId: 7, source: path }),
  );
  return uploaded === undefined;
}

async function keysListed(stowage: Stowage, request: StaleRequest = {}): Promise<string[]> {
  return (await Array.fromAsync(stowage.listStaleUploads(request))).map(({ key }) => key);
}

const HOUR = 3_600_000;

describe("stale uploads", () => {
  it("are those of our own keys alone, below the prefixes of datasets and models", async () => {
    const ours = [OURS, objectKey("models/user_8/20251023_143045-2_y.bin")];
    const others = [
      "backups/user_7/20251023_143045_x.csv",
      "datasets2/user_7/20251023_143045_x.csv",
      "datasets/user_7/x.csv",
      "datasets/user_7/20251023_143045_x.csv/more",
      "datasets/20251023_143045_x.csv",
      "team/datasets/user_7/20251023_143045_x.csv",
    ].map((key) => objectKey(key));
    for (const key of [...ours, ...others]) await foreign(key);
    const { stowage } = processOver(aged(25 * HOUR), undefined);
    expect(await keysListed(stowage)).toEqual(ours);
    const removed = await stowage.removeStaleUploads();
    expect(removed.map(({ key, removed }) => [key, removed])).toEqual([
      [ours[0], true],
      [ours[1], true],
    ]);
    expect(await uploadsOf(store)).toEqual([...others].sort());
  });

  it("are told with their owner, kind, age and bytes", async () => {
    const { uploadId } = await foreign(OURS, 3);
    const { stowage } = processOver(aged(25 * HOUR), shelf);
    expect(await Array.fromAsync(stowage.listStaleUploads())).toEqual([
      {
        key: OURS,
        uploadId,
        userId: "7",
        kind: "dataset",
        startedAt: new Date(Date.UTC(2025, 9, 23) - 25 * HOUR),
        storedBytes: 30,
        knownBy: "store",
      },
    ]);
  });

  it("are older than a day, or than was asked for", async () => {
    await foreign(OURS);
    const { stowage } = processOver(aged(-13 * HOUR), undefined);
    // The clock stands at 14 o'clock, and some minutes.
    expect(await keysListed(stowage)).toEqual([]);
    expect(await keysListed(stowage, { olderThan: 3 * HOUR })).toEqual([]);
    expect(await keysListed(stowage, { olderThan: HOUR })).toEqual([OURS]);
    expect(await keysListed(stowage, { olderThan: 0 })).toEqual([OURS]);
  });

  it("are selected by user and by prefix, of which each must be ours", async () => {
    const keys = [7, 70].map((user) => objectKey(`datasets/user_${user}/20251023_143045_x.csv`));
    for (const key of keys) await foreign(key);
    const { stowage } = processOver(aged(25 * HOUR), undefined);
    expect(await keysListed(stowage, { userId: 7 })).toEqual([keys[0]]);
    expect(await keysListed(stowage, { prefix: "datasets/user_70" })).toEqual([keys[1]]);
    expect(await keysListed(stowage, { prefix: "data" })).toEqual(keys);
    expect(await keysListed(stowage, { prefix: "models/" })).toEqual([]);
    for (const prefix of ["backups/", "datasets2", "/", "datasets-old/"]) {
      expect(await failure(keysListed(stowage, { prefix }))).toMatchObject({
        code: "invalid-argument",
      });
    }
    const elsewhere = { userId: 7, prefix: "datasets/user_70/" };
    expect((await failure(stowage.removeStaleUploads(elsewhere))).code).toBe("invalid-argument");
  });

  it.each([
    { olderThan: -1 },
    { olderThan: Number.NaN },
    { olderThan: "24h" },
    { prefix: 7 },
    { userId: "a/b" },
    { dryRun: "yes" },
  ])("%j is refused before any I/O", async (request) => {
    const life = new Life();
    const { stowage } = processOver(store, shelf, life);
    const error = await failure(stowage.removeStaleUploads(request as never));
    expect(error.code).toBe("invalid-argument");
    expect(life.boundaries).toEqual([]);
  });

  it("stay in a dry run", async () => {
    await foreign(OURS);
    const { stowage } = processOver(aged(25 * HOUR), undefined);
    const results = await stowage.removeStaleUploads({ dryRun: true });
    expect(results).toMatchObject([{ key: OURS, removed: false }]);
    expect(results[0]?.error).toBeUndefined();
    expect(await uploadsOf(store)).toEqual([OURS]);
  });

  it("that cannot be removed are told with the reason, and the others go on", async () => {
    const other = objectKey("models/user_8/20251023_143045_y.bin");
    for (const key of [OURS, other]) await foreign(key);
    const { abortUpload } = store;
    store.abortUpload = async (upload, ...rest) => {
      if (upload.key === OURS) refused();
      return abortUpload.call(store, upload, ...rest);
    };
    const { stowage } = processOver(aged(25 * HOUR), undefined);
    const results = await stowage.removeStaleUploads();
    expect(results).toMatchObject([
      { key: OURS, removed: false, error: { code: "unavailable", cleanup: "pending" } },
      { key: other, removed: true },
    ]);
    expect(await uploadsOf(store)).toEqual([OURS]);
  });

  it("are left alone when it is aborted", async () => {
    await foreign(OURS);
    const reason = new Error("enough");
    const { stowage } = processOver(aged(25 * HOUR), undefined);
    const signal = AbortSignal.abort(reason);
    await expect(stowage.removeStaleUploads({ signal })).rejects.toBe(reason);
    expect(await uploadsOf(store)).toEqual([OURS]);
  });
});

describe.each(["prefix", "key"] as const)("on a store that lists uploads by %s", (by) => {
  it("whatever a process left at any of its boundaries is removed", async () => {
    let left = 0;
    for (let boundary = 1; await interrupted(boundary); boundary++) {
      left += (await uploadsOf(store)).length;
      const { stowage } = processOver(aged(0, by), shelf);
      const removed = await stowage.removeStaleUploads({ olderThan: 0 });
      expect(removed.every(({ removed, error }) => removed && error === undefined)).toBe(true);
      expect(await uploadsOf(store), `boundary ${boundary}`).toEqual([]);
      expect(shelf.entries.size, `boundary ${boundary}`).toBe(0);
    }
    expect(left).toBeGreaterThan(20);
  });

  it("nothing of a process that runs is touched, at any of its boundaries", async () => {
    for (let boundary = 1; boundary < 100; boundary++) {
      const life = new Life(boundary);
      const living = processOver(store, shelf, life);
      const uploading = living.stowage.uploadDataset({ userId: 7, source: path });
      if ((await Promise.race([uploading.then(() => "done"), life.died])) === "done") return;
      const before = await uploadsOf(store);
      const { stowage } = processOver(aged(0, by), shelf);
      const clean = { olderThan: 0 };
      const results = await stowage.removeStaleUploads(clean);
      expect(results, `boundary ${boundary}`).toEqual([]);
      expect(await uploadsOf(store)).toEqual(before);
      await living.kill();
      await stowage.removeStaleUploads(clean);
      expect(await uploadsOf(store)).toEqual([]);
    }
    throw new Error("it did not come to its end");
  });

  it("those on record of other prefixes are not ours to touch", async () => {
    const key = objectKey("team-b/user_7/20251023_143045_x.csv");
    const { uploadId } = await foreign(key);
    const { journal } = shelf.open();
    const record = await journal.begin(startOf({ location: store.facts.location, key }));
    await record.started(uploadId);
    await record.leave();
    const { stowage } = processOver(aged(25 * HOUR, by), shelf);
    expect(await stowage.removeStaleUploads({ olderThan: 0 })).toEqual([]);
    expect(await Array.fromAsync(stowage.unfinishedUploads())).toEqual([]);
    const session = { id: record.session.id, userId: 7 };
    expect((await failure(stowage.resumeUpload({ session }))).code).toBe("not-found");
    expect(await uploadsOf(store)).toEqual([key]);
    expect(shelf.entries.size).toBe(1);
  });

  it("those on record are told as such, once each", async () => {
    await interrupted(12);
    const { stowage } = processOver(aged(0, by), shelf);
    const [upload] = await Array.fromAsync(store.listUploads({ prefix: "" }));
    expect(await Array.fromAsync(stowage.listStaleUploads({ olderThan: 0 }))).toMatchObject([
      { uploadId: upload?.uploadId, knownBy: "journal", userId: "7", kind: "dataset" },
    ]);
    expect(await keysListed(stowage)).toEqual([]);
  });
});

it("is refused where the store lists those of one key alone and no journal is set", async () => {
  const { stowage } = processOver(aged(0, "key"), undefined);
  const error = await failure(stowage.removeStaleUploads());
  expect(error).toMatchObject({ code: "unsupported", operation: "listUploads" });
  expect(error.remedy).toMatch(/STOWAGE_JOURNAL/);
});
