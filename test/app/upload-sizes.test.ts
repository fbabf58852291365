import { describe, expect, it } from "vitest";
import { partMemory } from "../../src/app/uploader/part-memory.js";
import { bytes, failure, freshStores, open, store, streamOf, upload } from "./engine-rig.js";
import { bytesOf, keysOf, uploadsOf } from "./scripted-store.js";

freshStores();

describe("a stream whose size is told", () => {
  it.each([0, 5, 9, 10, 25, 200])("is stored when it has %d bytes", async (size) => {
    const { stowage } = open();
    const { key, parts } = await upload(stowage, 0, { source: streamOf(size), size });
    expect(await bytesOf(store, key)).toEqual(bytes(size));
    expect(parts).toBe(size < 10 ? 0 : Math.ceil(size / 10));
  });

  it.each([
    [0, 1],
    [5, 4],
    [5, 6],
    [9, 40],
    [25, 24],
    [25, 26],
    [30, 20],
    [30, 40],
  ])("of %d bytes is refused when it has %d, and nothing is stored", async (size, has) => {
    const error = await failure(upload(open().stowage, 0, { source: streamOf(has), size }));
    expect(error.code).toBe("source-changed");
    expect(error.message).toContain(`${size} bytes`);
    expect(await keysOf(store)).toEqual([]);
    expect(await uploadsOf(store)).toEqual([]);
  });

  it("may be larger than what a stream of unknown length could be", async () => {
    const wishes = { thresholdBytes: 10, partBytes: 10, streamPartCapBytes: 10 };
    const { stowage } = open([], store, { wishes });
    expect((await failure(upload(stowage, 0, { source: streamOf(201) }))).code).toBe("too-large");
    const { key } = await upload(stowage, 0, { source: streamOf(900), size: 900 });
    expect(await bytesOf(store, key)).toEqual(bytes(900));
  });
});

it("what has a size of its own must have the size told", async () => {
  const { stowage, calls } = open();
  const error = await failure(upload(stowage, 10, { size: 11 }));
  expect(error).toMatchObject({ code: "source-changed" });
  expect(calls).toEqual([]);
});

describe("a size hint", () => {
  it("makes the parts of a stream so large that as many bytes fit", async () => {
    const source = streamOf(900);
    const { key, parts } = await upload(open().stowage, 0, { source, sizeHint: 900 });
    expect(await bytesOf(store, key)).toEqual(bytes(900));
    expect(parts).toBe(20);
  });

  it("changes nothing for a stream that is shorter after all", async () => {
    const { key, parts } = await upload(open().stowage, 0, { source: streamOf(5), sizeHint: 150 });
    expect(await bytesOf(store, key)).toEqual(bytes(5));
    expect(parts).toBe(0);
  });

  it("beyond what the store holds is refused before anything is read", async () => {
    const read = streamOf(5);
    const { stowage, calls } = open();
    const error = await failure(upload(stowage, 0, { source: read, sizeHint: 1_001 }));
    expect(error.code).toBe("too-large");
    expect(calls).toEqual([]);
  });
});

it.each([-1, 1.5, Number.NaN, "5" as unknown as number])(
  "a size of %s is refused before any I/O",
  async (wrong) => {
    const { stowage, calls } = open();
    for (const told of [{ size: wrong }, { sizeHint: wrong }]) {
      const error = await failure(upload(stowage, 0, { source: streamOf(5), ...told }));
      expect(error.code).toBe("invalid-argument");
    }
    expect(calls).toEqual([]);
  },
);

it("fifty uploads at once hold no more than the budget of the process", async () => {
  let most = 0;
  const run = async (): Promise<void> => {
    most = Math.max(most, partMemory.heldBytes);
    await new Promise((resolve) => setImmediate(resolve));
  };
  const { stowage } = open([{ operation: "uploadPart", run }], store, { memoryBudgetBytes: 60 });
  const sizes = Array.from({ length: 50 }, (_, index) => 15 + index);
  const all = sizes.map((size) => upload(stowage, 0, { source: streamOf(size) }));
  const results = await Promise.all(all);
  expect(results.map(({ size }) => size)).toEqual(sizes);
  // All of one name in one second: none is in another's way.
  expect(new Set(results.map(({ key }) => key)).size).toBe(50);
  expect(most).toBeLessThanOrEqual(60);
  expect(most).toBeGreaterThan(40);
  expect(partMemory.heldBytes).toBe(0);
});
