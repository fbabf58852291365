import { openAsBlob } from "node:fs";
import { mkdtemp, open as openFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { partMemory } from "../../src/app/uploader/part-memory.js";
import type { PartBody } from "../../src/ports/multipart-store.js";
import type { Slice } from "../../src/ports/slice.js";
import type { UploadSource } from "../../src/ports/source.js";
import { bytes, failure, freshStores, open, store, streamOf, upload } from "./engine-rig.js";
import { bytesOf, keysOf, unavailable, uploadsOf } from "./scripted-store.js";

freshStores();

const SIZE = 95;
/** Less than four parts of ten bytes. */
const memoryBudgetBytes = 39;
let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "stowage-slices-"));
  path = join(folder, "x.csv");
  await writeFile(path, bytes(SIZE));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** What the parts were sent from, in the order in which they were sent. */
function sent(): { bodies: PartBody[] } {
  const spy = vi.spyOn(store, "uploadPart");
  return {
    get bodies() {
      return spy.mock.calls.map(([, , body]) => body);
    },
  };
}

const isSlice = (body: PartBody): body is Slice => "open" in body;

/** Has the store do something with each slice, with what is behind it and the number of the part. */
function onSlices(change: (slice: Slice, partNumber: number) => Slice): void {
  const { uploadPart } = store;
  store.uploadPart = (session, partNumber, body, options) => {
    const changed = isSlice(body) ? change(body, partNumber) : body;
    return uploadPart.call(store, session, partNumber, changed, options);
  };
}

async function overwrite(at: number, text: string): Promise<void> {
  const file = await openFile(path, "r+");
  await file.write(Buffer.from(text), 0, text.length, at);
  await file.close();
}

const nothing = async (): Promise<unknown> => [await keysOf(store), await uploadsOf(store)];

describe("parts of which four at once do not fit into the memory budget", () => {
  const sources: Record<string, () => Promise<UploadSource>> = {
    file: async () => path,
    blob: async () => new Blob([bytes(SIZE)]),
    "blob of a file": () => openAsBlob(path),
  };

  it.each(Object.keys(sources))("of a %s are sent from there", async (name) => {
    const { stowage } = open([], store, { memoryBudgetBytes });
    const all = sent();
    const source = (await sources[name]?.()) ?? "";
    const { key, parts, checksum } = await upload(stowage, 0, { source });
    expect(all.bodies.map(isSlice)).toEqual(Array.from({ length: 10 }, () => true));
    expect(all.bodies.map((body) => isSlice(body) && body.size)).toEqual([
      ...Array.from({ length: 9 }, () => 10),
      5,
    ]);
    expect(parts).toBe(10);
    expect(await bytesOf(store, key)).toEqual(bytes(SIZE));
    const held = await upload(open().stowage, SIZE, { name: "y.csv" });
    expect(checksum).toEqual(held.checksum);
    expect(partMemory.heldBytes).toBe(0);
  });

  it("of bytes at hand stay where they are", async () => {
    const { stowage } = open([], store, { memoryBudgetBytes });
    const all = sent();
    await upload(stowage, SIZE);
    expect(all.bodies.filter(isSlice)).toEqual([]);
  });

  it("of a stream are held, up to its ceiling", async () => {
    const { stowage } = open([], store, { memoryBudgetBytes });
    const all = sent();
    const { key } = await upload(stowage, 0, { source: streamOf(SIZE) });
    expect(all.bodies.filter(isSlice)).toEqual([]);
    expect(await bytesOf(store, key)).toEqual(bytes(SIZE));
    const error = await failure(upload(stowage, 0, { source: streamOf(201) }));
    expect(error.code).toBe("too-large");
  });

  it.each([
    { size: 95, budget: 40, fromFile: false },
    { size: 95, budget: 39, fromFile: true },
    { size: 15, budget: 20, fromFile: false },
    { size: 15, budget: 19, fromFile: true },
    { size: 15, budget: 1, fromFile: true },
  ])("$size bytes, $budget to hold: from the file is $fromFile", async (row) => {
    await writeFile(path, bytes(row.size));
    const { stowage } = open([], store, { memoryBudgetBytes: row.budget });
    const all = sent();
    const { key } = await upload(stowage, 0, { source: path });
    expect(all.bodies.map(isSlice)).toEqual(all.bodies.map(() => row.fromFile));
    expect(await bytesOf(store, key)).toEqual(bytes(row.size));
  });
});

describe("a part that is sent from the file", () => {
  // As servers are: a pass for the checksum, and another to send.
  beforeEach(() => {
    Object.assign(store, { facts: { ...store.facts, tellsPartChecksums: false } });
  });

  it("is read again when its answer is lost", async () => {
    const lost = { operation: "uploadPart", nth: 2, when: "after", run: unavailable } as const;
    const { stowage, calls } = open([lost], store, { memoryBudgetBytes });
    const { key } = await upload(stowage, 0, { source: path });
    expect(calls.filter((call) => call === "uploadPart")).toHaveLength(11);
    expect(await bytesOf(store, key)).toEqual(bytes(SIZE));
  });

  it.each([true, false])(
    "and was written to between two passes is not stored, by a store that verifies (%s)",
    async (verifies) => {
      const { uploadPart } = store;
      if (!verifies) {
        store.uploadPart = (session, number, body, { signal } = {}) =>
          uploadPart.call(store, session, number, body, { signal });
      }
      const run = () => overwrite(3, "?");
      const { stowage } = open([{ operation: "uploadPart", nth: 1, run }], store, {
        memoryBudgetBytes: 9,
        concurrency: 1,
      });
      const error = await failure(upload(stowage, 0, { source: path, name: "x.csv" }));
      expect(error).toMatchObject({
        code: "source-changed",
        message: expect.stringContaining("CRC32 of a part"),
        outcome: "not-applied",
        cleanup: "done",
      });
      expect(await nothing()).toEqual([[], []]);
    },
  );

  it("is read once, where the store sums it up by itself", async () => {
    Object.assign(store, { facts: { ...store.facts, tellsPartChecksums: true } });
    let passes = 0;
    onSlices(({ size, open: begin }) => ({
      size,
      open: () => {
        passes += 1;
        return begin();
      },
    }));
    const source = new Blob([bytes(SIZE)]);
    const slice = vi.spyOn(source, "slice");
    const { key, parts } = await upload(open([], store, { memoryBudgetBytes }).stowage, 0, {
      source,
    });
    expect(passes).toBe(parts);
    expect(slice).toHaveBeenCalledTimes(parts + 1); // and once to see that it is there still
    expect(await bytesOf(store, key)).toEqual(bytes(SIZE));
  });

  it("is not stored when one pass alone has seen other bytes", async () => {
    onSlices((slice, partNumber) => ({
      size: slice.size,
      open: () => {
        const fill = slice.open();
        return async (memory) => {
          if (partNumber === 4) await overwrite(35, "?");
          await fill(memory).finally(async () => {
            if (partNumber === 4) await overwrite(35, String.fromCharCode(35));
          });
        };
      },
    }));
    const { stowage } = open([], store, { memoryBudgetBytes });
    const error = await failure(upload(stowage, 0, { source: path }));
    expect(error).toMatchObject({ code: "source-changed", cleanup: "done" });
    expect(await nothing()).toEqual([[], []]);
  });

  it.each(["the first pass", "the pass of the store"])(
    "is let go of by an abort in the midst of %s",
    async (which) => {
      const leaving = new AbortController();
      const reason = new Error("enough");
      const source = new Blob([bytes(SIZE)]);
      let reads = 0;
      const slices = source.slice.bind(source);
      source.slice = (...args) => {
        reads += 1;
        if (which === "the first pass" && reads === 3) leaving.abort(reason);
        return slices(...args);
      };
      onSlices((slice, partNumber) => ({
        size: slice.size,
        open: () => {
          const fill = slice.open();
          return async (memory) => {
            await fill(memory);
            if (partNumber === 3) leaving.abort(reason);
          };
        },
      }));
      const { stowage } = open([], store, { memoryBudgetBytes });
      const { signal } = leaving;
      const aborted = upload(stowage, 0, { source, signal });
      await expect(aborted).rejects.toBe(reason);
      expect(await nothing()).toEqual([[], []]);
      expect(partMemory.heldBytes).toBe(0);
    },
  );
});
