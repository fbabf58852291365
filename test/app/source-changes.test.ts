import { mkdtempSync, rmSync } from "node:fs";
import {
  appendFile,
  copyFile,
  open as openFile,
  rename,
  rm,
  stat,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bytes, failure, freshStores, open, store, upload } from "./engine-rig.js";
import { bytesOf, keysOf, uploadsOf } from "./scripted-store.js";

freshStores();

const SIZE = 95;
const PARTS = 10;
let folder: string;
let path: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "stowage-source-"));
  path = join(folder, "x.csv");
  await writeFile(path, bytes(SIZE));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Writes over some bytes, which leaves the size. */
async function overwrite(): Promise<void> {
  const file = await openFile(path, "r+");
  await file.write(Buffer.from("?"), 0, 1, 50);
  await file.close();
}

const CHANGES: Record<string, () => Promise<void>> = {
  "cut short": () => truncate(path, 40),
  emptied: () => truncate(path, 0),
  "cut short by one byte": () => truncate(path, SIZE - 1),
  grown: () => appendFile(path, "more"),
  "written over": overwrite,
  "written over, with its time set back": async () => {
    const before = await stat(path);
    await overwrite();
    await utimes(path, before.atime, before.mtime);
  },
  "replaced by a file like it": async () => {
    const other = join(folder, "other");
    await copyFile(path, other);
    await rename(other, path);
  },
  removed: () => rm(path),
};

/** Parts of ten bytes, four at once: held within the first budget, sent from the file under the other. */
const WAYS = { held: 40, "sent from the file": 20 };
const CASES = Object.keys(CHANGES).flatMap((change) =>
  Object.entries(WAYS).map(([way, memoryBudgetBytes]) => ({ change, way, memoryBudgetBytes })),
);

describe.each(CASES)("a file that is $change meanwhile, of parts $way,", (row) => {
  const { change, memoryBudgetBytes } = row;

  it("is never stored, at whichever part it happens", async () => {
    for (let part = 1; part <= PARTS; part++) {
      await writeFile(path, bytes(SIZE));
      const run = CHANGES[change];
      const fault = { operation: "uploadPart", nth: part, run: run ?? (() => null) } as const;
      const { stowage } = open([fault], store, { memoryBudgetBytes });
      const error = await failure(upload(stowage, 0, { source: path }));
      expect([part, error.code]).toEqual([part, "source-changed"]);
      expect(error).toMatchObject({ outcome: "not-applied", cleanup: "done" });
      expect(await keysOf(store)).toEqual([]);
      expect(await uploadsOf(store)).toEqual([]);
    }
  });
});

it("a file that stays is stored, every byte of it", async () => {
  const { key } = await upload(open().stowage, 0, { source: path });
  expect(await bytesOf(store, key)).toEqual(bytes(SIZE));
});

describe("a stream that breaks off", () => {
  const broken = new Error("the sender has gone");

  /** Gives five bytes at a time, and breaks off when it has given `after`. */
  function readable(after: number, breakOff: (stream: Readable) => void): Readable {
    let at = 0;
    return new Readable({
      read() {
        if (at >= after) return breakOff(this);
        at += 5;
        this.push(bytes(SIZE).subarray(at - 5, at));
      },
    });
  }

  const streams: Record<string, (after: number) => AsyncIterable<Uint8Array> | ReadableStream> = {
    "with an error": (after) => readable(after, (stream) => stream.destroy(broken)),
    "by being destroyed without a word": (after) => readable(after, (stream) => stream.destroy()),
    "as a generator that throws": async function* (after) {
      for (let at = 0; at < after; at += 5) yield bytes(SIZE).subarray(at, at + 5);
      throw broken;
    },
    "as a web stream": (after) => {
      let at = 0;
      return new ReadableStream({
        pull(controller) {
          if (at >= after) return controller.error(broken);
          at += 5;
          controller.enqueue(bytes(SIZE).subarray(at - 5, at));
        },
      });
    },
  };

  it.each(Object.keys(streams))("%s is never stored, wherever it breaks", async (name) => {
    for (let after = 0; after <= SIZE; after += 5) {
      const source = streams[name]?.(after) ?? "";
      const error = await failure(upload(open().stowage, 0, { source }));
      expect([after, error.code]).toEqual([after, "source-failed"]);
      if (!name.includes("without a word")) expect(error.cause).toBe(broken);
      expect(await keysOf(store)).toEqual([]);
      expect(await uploadsOf(store)).toEqual([]);
    }
  });
});
