import { openAsBlob } from "node:fs";
import { rename, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { openLocalSource } from "../../src/adapters/local/index.js";
import type { FillNext, Slice } from "../../src/ports/slice.js";
import type { Source, UploadSource } from "../../src/ports/source.js";
import { every, read, refusalOf, someBytes, temporaryFolder } from "./fixtures.js";

const bytes = someBytes(10_000);

async function opened(source: UploadSource): Promise<Source> {
  const open = await openLocalSource(source);
  onTestFinished(() => open[Symbol.asyncDispose]());
  return open;
}

function sliceOf(source: Source, start: number, end: number): Slice {
  const slice = source.slice?.(start, end);
  if (slice === undefined) throw new Error("the source gives no slices");
  return slice;
}

/** Goes on with a pass, by so many bytes. */
async function next(fill: FillNext, size: number): Promise<Buffer> {
  const memory = Buffer.alloc(size);
  await fill(memory);
  return memory;
}

/** The source, and the path of the file behind it. */
async function made(what: string): Promise<{ source: Source; path: string }> {
  const path = join(await temporaryFolder(), "data.bin");
  await writeFile(path, bytes);
  const from = { "a file": path, "a blob": new Blob([bytes]) }[what] ?? (await openAsBlob(path));
  return { source: await opened(from), path };
}

it.each(["a file", "a blob", "a blob of a file"])(
  "a slice of %s is read by any number of passes, each from its beginning",
  async (what) => {
    const { source } = await made(what);
    const slice = sliceOf(source, 100, 5_000);
    expect(slice.size).toBe(4_900);
    const [one, two] = [slice.open(), slice.open()];
    expect(await next(one, 1_000)).toEqual(bytes.subarray(100, 1_100));
    expect(await next(two, 10)).toEqual(bytes.subarray(100, 110));
    const whole = await read(source, every(3_000));
    expect(whole.bytes).toEqual(bytes);
    expect(await next(one, 3_900)).toEqual(bytes.subarray(1_100, 5_000));
    expect(await next(two, 90)).toEqual(bytes.subarray(110, 200));
    expect(await next(sliceOf(source, 9_990, 10_000).open(), 10)).toEqual(bytes.subarray(9_990));
  },
);

it.each(["a file", "a blob of a file"])(
  "a slice of %s of which bytes have gone is source-changed",
  async (what) => {
    const { source, path } = await made(what);
    const fill = sliceOf(source, 0, 10_000).open();
    await next(fill, 1_000);
    await truncate(path, 5_000);
    const error = await refusalOf(next(fill, 9_000));
    expect(error.code).toBe("source-changed");
  },
);

it("a slice of a file is of the file that was opened, whatever takes its place", async () => {
  const folder = await temporaryFolder();
  const path = join(folder, "data.bin");
  await writeFile(path, bytes);
  const source = await opened(path);
  await writeFile(join(folder, "other"), Buffer.alloc(10_000));
  await rename(join(folder, "other"), path);
  expect(await next(sliceOf(source, 5, 15).open(), 10)).toEqual(bytes.subarray(5, 15));
  await rm(path);
  expect(await next(sliceOf(source, 5, 15).open(), 10)).toEqual(bytes.subarray(5, 15));
  expect((await refusalOf(source.verify())).code).toBe("source-changed");
});

it("what cannot be read twice, or need not, gives no slices", async () => {
  const streams = [bytes, new Blob([bytes]).stream(), (async function* () {})()];
  for (const source of streams) expect((await opened(source)).slice).toBeUndefined();
});
