import { randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { MemoryObjectStore } from "../../src/adapters/memory/index.js";
import type { Progress, UploadRequest } from "../../src/app/stowage.js";
import { crc32Checksum } from "../../src/domain/checksum.js";
import {
  bytes,
  FIRST,
  failure,
  freshStores,
  LIMITS,
  open,
  store,
  streamOf,
  upload,
} from "./engine-rig.js";
import { bytesOf, keysOf, uploadsOf } from "./scripted-store.js";

freshStores();

type UploadPart = Parameters<MemoryObjectStore["uploadPart"]>;

describe("an upload", () => {
  it.each([0, 1, 9, 10, 11, 20, 21, 95, 200])("of %d bytes arrives whole", async (size) => {
    for (const source of [bytes(size), new Blob([bytes(size)]), streamOf(size)]) {
      const { stowage, calls } = open();
      const result = await upload(stowage, size, { source });
      expect(await bytesOf(store, result.key)).toEqual(bytes(size));
      expect(result).toMatchObject({ size, checksum: crc32Checksum(crc32(bytes(size))) });
      expect(result.parts).toBe(size < 10 ? 0 : Math.ceil(size / 10));
      expect(calls.filter((name) => name === "put")).toHaveLength(size < 10 ? 1 : 0);
      const head = await store.head(result.key);
      expect(head).toMatchObject({ size, etag: result.etag, checksum: result.checksum });
    }
    expect(await uploadsOf(store)).toEqual([]);
  });

  it("carries name, time, type and the user's own metadata, in one request and in parts", async () => {
    for (const size of [3, 30]) {
      const { key } = await upload(open().stowage, size, { metadata: { team: "Zürich" } });
      expect(await store.head(key)).toMatchObject({
        contentType: "text/csv",
        metadata: {
          team: "Zürich",
          original_filename: "x.csv",
          uploaded_at: "2025-10-23T14:30:45.123Z",
        },
      });
    }
  });

  it("tells its progress, from nothing to all, and survives a listener that throws", async () => {
    const seen: Progress[] = [];
    const onProgress = (progress: Progress): void => {
      seen.push(progress);
      throw new Error("a listener's own mistake");
    };
    await upload(open().stowage, 35, { onProgress });
    expect(seen.map(({ totalBytes }) => totalBytes)).toEqual([35, 35, 35, 35]);
    expect(seen.map(({ doneBytes }) => doneBytes).at(-1)).toBe(35);
    const done = seen.map(({ doneBytes }) => doneBytes);
    expect(done).toEqual(done.toSorted((a, b) => a - b));
  });

  it("gives the checksum of each part, but to a store that tells it of itself", async () => {
    for (const tellsPartChecksums of [true, false]) {
      const given: unknown[] = [];
      const beneath = new (class extends MemoryObjectStore {
        override readonly facts = { ...store.facts, tellsPartChecksums };
        override async uploadPart(...[at, number, part, options]: UploadPart) {
          given.push(options?.checksum);
          const told = await super.uploadPart(at, number, part, options);
          return { ...told, checksum: tellsPartChecksums ? told.checksum : undefined };
        }
      })({ limits: LIMITS });
      const { key, checksum } = await upload(open([], beneath).stowage, 25);
      const parts = [bytes(25).subarray(0, 10), bytes(25).subarray(10, 20), bytes(25).subarray(20)];
      const sums = parts.map((part) => crc32Checksum(crc32(part)));
      expect(given).toEqual(tellsPartChecksums ? [undefined, undefined, undefined] : sums);
      expect(checksum).toEqual(crc32Checksum(crc32(bytes(25))));
      expect((await beneath.head(key)).checksum).toEqual(checksum);
    }
  });

  it("in parts has no more of them in flight than allowed", async () => {
    let flying = 0;
    let most = 0;
    const { stowage } = open([
      {
        operation: "uploadPart",
        run: async () => {
          most = Math.max(most, ++flying);
          await new Promise((resolve) => setImmediate(resolve));
          flying -= 1;
        },
      },
    ]);
    await upload(stowage, 200);
    expect(most).toBe(4);
  });
});

describe("a taken key", () => {
  it.each([3, 30])("moves on to -2, -3 … and replaces nothing (%d bytes)", async (size) => {
    const { stowage } = open();
    const keys = [];
    for (let i = 0; i < 3; i++) keys.push((await upload(stowage, size + i)).key);
    expect(keys).toEqual([
      "datasets/user_7/20251023_143045_x.csv",
      "datasets/user_7/20251023_143045-2_x.csv",
      "datasets/user_7/20251023_143045-3_x.csv",
    ]);
    for (const [i, key] of keys.entries()) {
      expect(await bytesOf(store, key)).toEqual(bytes(size + i));
    }
  });

  it.each([3, 30])("loses nothing when many come at once (%d bytes)", async (size) => {
    const { stowage } = open();
    const results = await Promise.all(
      Array.from({ length: 12 }, (_, i) => upload(stowage, size + i)),
    );
    expect(new Set(results.map(({ key }) => key)).size).toBe(12);
    for (const [i, { key }] of results.entries()) {
      expect(await bytesOf(store, key)).toEqual(bytes(size + i));
    }
    expect(await uploadsOf(store)).toEqual([]);
  });

  it("taken while the parts were on their way sends the parts again under the next", async () => {
    const { stowage } = open([
      { operation: "completeUpload", nth: 1, run: () => store.put(FIRST, bytes(1)) },
    ]);
    expect((await upload(stowage, 30)).key).toBe("datasets/user_7/20251023_143045-2_x.csv");
    expect(await bytesOf(store, FIRST)).toEqual(bytes(1));
    expect(await uploadsOf(store)).toEqual([]);
  });

  it("refuses a stream that cannot be read again, and says that nothing was stored", async () => {
    const { stowage } = open([
      { operation: "completeUpload", nth: 1, run: () => store.put(FIRST, bytes(1)) },
    ]);
    const error = await failure(upload(stowage, 0, { source: streamOf(30) }));
    expect(error).toMatchObject({
      code: "already-exists",
      outcome: "not-applied",
      cleanup: "done",
    });
    expect(await keysOf(store)).toEqual([FIRST]);
  });
});

describe("bad input", () => {
  it.each<[string, Partial<UploadRequest>]>([
    ["invalid-argument", { userId: "" }],
    ["invalid-argument", { userId: "a/b" }],
    ["invalid-key", { name: "a/b.csv" }],
    ["invalid-key", { name: ".." }],
    ["invalid-metadata", { metadata: { original_filename: "x" } }],
    ["invalid-metadata", { metadata: { note: "v".repeat(2048) } }],
    ["invalid-argument", { contentType: "text" }],
    ["invalid-argument", { contentType: "text/csv\r\nx-amz-acl: public-read" }],
    ["invalid-argument", { name: undefined }],
    ["source-not-found", { source: "/nowhere/x.csv" }],
    ["source-unreadable", { source: "/" }],
    ["too-large", { source: randomBytes(1_001) }],
  ])("is refused as %s before any request: %j", async (code, more) => {
    const { stowage, calls } = open();
    expect((await failure(upload(stowage, 5, more))).code).toBe(code);
    expect(calls).toEqual([]);
  });
});
