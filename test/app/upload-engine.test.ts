import { randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";
import { beforeEach, describe, expect, it } from "vitest";
import { openLocalSource, openLocalTarget } from "../../src/adapters/local/index.js";
import { MemoryObjectStore } from "../../src/adapters/memory/index.js";
import { readSettings } from "../../src/app/config/settings.js";
import { createStowage } from "../../src/app/create-stowage.js";
import type { Progress, Stowage, UploadRequest } from "../../src/app/stowage.js";
import { crc32Checksum } from "../../src/domain/checksum.js";
import { StowageError } from "../../src/domain/errors.js";
import { objectKey } from "../../src/domain/object-key.js";
import type { StoreLimits } from "../../src/domain/upload-plan.js";
import {
  bytesOf,
  type Fault,
  keysOf,
  refused,
  scripted,
  stillClock,
  unavailable,
  uploadsOf,
} from "./scripted-store.js";

/** Small limits, so that many parts are few bytes. */
const LIMITS: StoreLimits = {
  maxObjectBytes: 1_000,
  maxPutBytes: 500,
  minPartBytes: 10,
  maxPartBytes: 100,
  maxParts: 20,
};
const FIRST = objectKey("datasets/user_7/20251023_143045_x.csv");

let store: MemoryObjectStore;

beforeEach(() => {
  store = new MemoryObjectStore({ limits: LIMITS });
});

/** Stowage over a store on which calls go wrong, with a clock that stands still. */
function open(faults: readonly Fault[] = []): { stowage: Stowage; calls: string[] } {
  const settings = {
    ...readSettings({ store: "memory:" }, {}, "/"),
    wishes: { thresholdBytes: 10, partBytes: 10, streamPartCapBytes: 10 },
  };
  const faulty = scripted(store, faults);
  const close = async (): Promise<void> => undefined;
  const clock = stillClock();
  return {
    stowage: createStowage(faulty, settings, clock, openLocalSource, openLocalTarget, close),
    calls: faulty.calls,
  };
}

function upload(stowage: Stowage, size: number, more: Partial<UploadRequest> = {}) {
  return stowage.uploadDataset({ userId: 7, source: bytes(size), name: "x.csv", ...more });
}

function bytes(size: number): Buffer {
  return Buffer.from(Array.from({ length: size }, (_, index) => index % 251));
}

async function* streamOf(size: number, piece = 3): AsyncGenerator<Uint8Array> {
  const all = bytes(size);
  for (let at = 0; at < size; at += piece) yield all.subarray(at, at + piece);
}

async function failure(promise: Promise<unknown>): Promise<StowageError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof StowageError) return error;
  throw new Error(`expected a StowageError, got ${String(error)}`);
}

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

describe("a failure", () => {
  it("of a part that is refused is told, and leaves nothing behind", async () => {
    const { stowage, calls } = open([{ operation: "uploadPart", nth: 2, run: refused }]);
    const error = await failure(upload(stowage, 100));
    expect(error).toMatchObject({
      code: "access-denied",
      outcome: "not-applied",
      cleanup: "done",
    });
    expect(calls).not.toContain("completeUpload");
    expect(await keysOf(store)).toEqual([]);
    expect(await uploadsOf(store)).toEqual([]);
  });

  it.each(["put", "createUpload", "uploadPart", "completeUpload"] as const)(
    "of %s that passes is mended by sending again",
    async (operation) => {
      const size = operation === "put" ? 5 : 50;
      const { stowage, calls } = open([
        { operation, nth: 1, run: unavailable },
        { operation, nth: 2, run: unavailable },
      ]);
      const { key } = await upload(stowage, size);
      expect(key).toBe(FIRST);
      expect(await bytesOf(store, key)).toEqual(bytes(size));
      const sendings = calls.filter((name) => name === operation).length;
      expect(sendings).toBe(operation === "uploadPart" ? 5 + 2 : 3);
    },
  );

  it.each(["put", "uploadPart", "completeUpload"] as const)(
    "of %s whose answer was lost is no failure: the object is found, and not stored twice",
    async (operation) => {
      const size = operation === "put" ? 5 : 50;
      const { stowage } = open([{ operation, nth: 1, when: "after", run: unavailable }]);
      const { key, etag } = await upload(stowage, size);
      expect(await keysOf(store)).toEqual([FIRST]);
      expect((await store.head(key)).etag).toBe(etag);
      expect(await uploadsOf(store)).toEqual([]);
    },
  );

  it("of a store that is down for good ends, says how often it was tried, and stores nothing", async () => {
    const down = (operation: Fault["operation"]): Fault => ({ operation, run: unavailable });
    const { stowage } = open([
      { operation: "uploadPart", nth: 1, run: () => undefined },
      ...(["uploadPart", "abortUpload", "listParts", "head", "completeUpload"] as const)
        .filter((name) => name !== "head")
        .map(down),
    ]);
    const error = await failure(upload(stowage, 100));
    expect(error).toMatchObject({
      code: "unavailable",
      attempts: 5,
      outcome: "not-applied",
      cleanup: "pending",
    });
    expect(await keysOf(store)).toEqual([]);
  });

  it("of a put without any answer is told as unknown", async () => {
    const { stowage } = open([
      { operation: "put", run: unavailable },
      { operation: "head", run: unavailable },
    ]);
    expect(await failure(upload(stowage, 5))).toMatchObject({
      code: "unavailable",
      outcome: "unknown",
    });
  });

  it("that the source makes is the cause told, with nothing stored", async () => {
    const cause = new Error("the disk fell out");
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield bytes(25);
      throw cause;
    }
    const { stowage } = open();
    const error = await failure(upload(stowage, 0, { source: broken() }));
    expect(error).toMatchObject({ code: "source-failed", cause, cleanup: "done" });
    expect(await keysOf(store)).toEqual([]);
    expect(await uploadsOf(store)).toEqual([]);
  });

  it("comes before the part too many of a stream that has no end", async () => {
    const { stowage, calls } = open();
    const error = await failure(upload(stowage, 0, { source: streamOf(500, 50) }));
    expect(error).toMatchObject({ code: "too-large", outcome: "not-applied", cleanup: "done" });
    expect(error.message).toMatch(/more than 200 bytes/);
    expect(calls.filter((name) => name === "uploadPart").length).toBeLessThanOrEqual(20);
    expect(await uploadsOf(store)).toEqual([]);
  });
});

it("refuses parts before any is sent where the store cannot complete create-only", async () => {
  const { conditions } = store.facts.honours;
  const honours = { ...store.facts.honours, conditions: { ...conditions, complete: false } };
  const facts = { ...store.facts, honours };
  Object.defineProperty(store, "facts", { value: facts });
  const { stowage, calls } = open();
  const error = await failure(upload(stowage, 50));
  expect(error).toMatchObject({ code: "unsupported", outcome: "not-applied" });
  expect(error.remedy).toMatch(/STOWAGE_MULTIPART_THRESHOLD_BYTES/);
  expect(calls).toEqual(["head"]);
  expect((await upload(stowage, 5)).key).toBe(FIRST);
});

describe("an abort", () => {
  const reason = new Error("the user went home");

  it("before the first byte sends nothing", async () => {
    const { stowage, calls } = open();
    await expect(upload(stowage, 50, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(calls).toEqual([]);
  });

  it.each(["createUpload", "uploadPart", "completeUpload"] as const)(
    "before and after %s rejects with its reason, and leaves nothing",
    async (operation) => {
      for (const when of ["before", "after"] as const) {
        const controller = new AbortController();
        const run = (): void => {
          controller.abort(reason);
          // A create is let come to its end, since without its answer nobody knows the upload's id.
          if (operation !== "createUpload") throw reason;
        };
        const { stowage } = open([{ operation, nth: 1, when, run }]);
        const { signal } = controller;
        await expect(upload(stowage, 50, { signal })).rejects.toBe(reason);
        expect(await keysOf(store)).toEqual([]);
        expect(await uploadsOf(store)).toEqual([]);
      }
    },
  );

  it("that comes after the last answer comes too late: the object is stored, and told", async () => {
    const controller = new AbortController();
    const run = (): void => controller.abort(reason);
    const { stowage } = open([{ operation: "completeUpload", nth: 1, when: "after", run }]);
    const { key } = await upload(stowage, 50, { signal: controller.signal });
    expect(await keysOf(store)).toEqual([key]);
  });

  it("while the one request of a small upload is under way takes the object back", async () => {
    const controller = new AbortController();
    const run = (): never => {
      controller.abort(reason);
      throw reason;
    };
    const { stowage } = open([{ operation: "put", nth: 1, when: "after", run }]);
    await expect(upload(stowage, 5, { signal: controller.signal })).rejects.toBe(reason);
    expect(await keysOf(store)).toEqual([]);
  });

  it.each([5, 50])(
    "that cannot be cleaned up after says what may be left (%d bytes)",
    async (size) => {
      const controller = new AbortController();
      const run = (): never => {
        controller.abort(reason);
        return unavailable();
      };
      const { stowage } = open([
        { operation: size === 5 ? "put" : "completeUpload", nth: 1, when: "after", run },
        { operation: "head", run: () => (controller.signal.aborted ? unavailable() : undefined) },
      ]);
      const error = await failure(upload(stowage, size, { signal: controller.signal }));
      expect(error).toMatchObject({ code: "aborted", outcome: "unknown", cause: reason });
    },
  );

  it("settles while a source that never gives another byte is awaited", async () => {
    async function* stuck(): AsyncGenerator<Uint8Array> {
      yield bytes(25);
      await new Promise(() => undefined);
    }
    const controller = new AbortController();
    const { stowage } = open([
      { operation: "uploadPart", nth: 2, when: "after", run: () => controller.abort(reason) },
    ]);
    const { signal } = controller;
    await expect(upload(stowage, 0, { source: stuck(), signal })).rejects.toBe(reason);
    expect(await uploadsOf(store)).toEqual([]);
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
