import { createReadStream, ReadStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { openLocalSource } from "../../src/adapters/local/index.js";
import type { UploadSource } from "../../src/ports/source.js";
import { every, pause, read, refusalOf, someBytes, temporaryFolder } from "./fixtures.js";
import { expectNoStrays } from "./strays.js";

expectNoStrays();

async function* generated(chunks: Iterable<Uint8Array | string>) {
  yield* chunks;
}

/** A stream as it comes from code without types. */
function untyped(source: unknown): UploadSource {
  return source as UploadSource;
}

/** The same chunks as each sort of stream. */
const SORTS: readonly [string, (chunks: readonly Uint8Array[]) => UploadSource][] = [
  ["a generator", (chunks) => generated(chunks)],
  ["a Node stream", (chunks) => Readable.from(chunks, { objectMode: false })],
  ["a web stream", (chunks) => ReadableStream.from(chunks)],
];

describe.each(SORTS)("%s", (_, make) => {
  it("is cut into pieces of the sizes asked for, however its chunks lie", async () => {
    const chunks = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 12 });
    const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(chunks, sizes, async (given, wanted) => {
        const whole = Buffer.concat(given);
        await using source = await openLocalSource(make(given));
        expect(source.size).toBeUndefined();
        const all = [...wanted, ...Array<number>(20).fill(50)];
        const result = await read(source, all);
        expect(result.bytes.equals(whole)).toBe(true);
        const full = Math.max(0, result.lengths.length - 1);
        expect(result.lengths.slice(0, full)).toEqual(all.slice(0, full));
        expect(result.lengths.every((length) => length > 0)).toBe(true);
        await source.verify();
      }),
      { numRuns: 50 },
    );
  });

  it("has no name, and is read once only", async () => {
    const source = await openLocalSource(make([someBytes(4)]));
    expect(source.filename).toBeUndefined();
    await read(source, every(10));
    expect((await refusalOf(read(source, every(10)))).code).toBe("invalid-argument");
  });

  it("gives pieces that are nobody else's", async () => {
    const chunk = someBytes(8);
    const source = await openLocalSource(make([chunk]));
    const [piece] = await Array.fromAsync(source.pieces(every(8)));
    piece?.fill(0xff);
    expect(chunk.equals(someBytes(8))).toBe(true);
  });

  it("may be let go of unread, half read, and twice", async () => {
    const unread = await openLocalSource(make([someBytes(8)]));
    await unread[Symbol.asyncDispose]();
    await unread[Symbol.asyncDispose]();
    const half = await openLocalSource(make([someBytes(8), someBytes(8)]));
    for await (const piece of half.pieces(every(4))) if (piece.length > 0) break;
    await half[Symbol.asyncDispose]();
  });
});

describe("text", () => {
  it("is encoded as UTF-8, also where a chunk parts a character", async () => {
    const text = "a\u{1F600}é\u{1F600}";
    const chunks = [text.slice(0, 2), text.slice(2, 5), text.slice(5)];
    const source = await openLocalSource(generated(chunks));
    expect((await read(source, every(3))).bytes.toString()).toBe(text);
  });

  it("that is no Unicode is refused rather than repaired", async () => {
    for (const chunks of [["a\ud83d"], ["\ud83d", Buffer.from("x")], ["\ude00"], ["\ud83d", "x"]]) {
      const source = await openLocalSource(generated(chunks));
      const error = await refusalOf(read(source, every(10)));
      expect(error.code).toBe("source-failed");
      expect(error.message).toContain("half of a surrogate pair");
    }
  });

  it("of a Node stream with an encoding of its own is refused, unless that is UTF-8", async () => {
    const utf8 = Readable.from([Buffer.from("é")], { objectMode: false }).setEncoding("utf8");
    expect((await read(await openLocalSource(utf8), every(10))).bytes.toString()).toBe("é");
    const hex = Readable.from([Buffer.from("é")], { objectMode: false }).setEncoding("hex");
    expect((await refusalOf(openLocalSource(hex))).code).toBe("source-unreadable");
  });
});

describe("what is neither bytes nor text", () => {
  it.each([
    ["a number", [7], "number 7"],
    ["null", [null], "object null"],
    ["an object", [{ a: 1 }], "an object of class Object"],
    ["an ArrayBuffer", [new ArrayBuffer(2)], "an object of class ArrayBuffer"],
  ])("is refused by name: %s", async (_, chunks, name) => {
    const source = await openLocalSource(untyped(generated(untypedChunks(chunks))));
    const error = await refusalOf(read(source, every(10)));
    expect(error.code).toBe("source-failed");
    expect(error.message).toContain(`it gave ${name}`);
  });

  it("is refused of a Node stream in object mode", async () => {
    const source = await openLocalSource(Readable.from([{ a: 1 }]));
    expect((await refusalOf(read(source, every(10)))).message).toContain("class Object");
  });

  function untypedChunks(chunks: readonly unknown[]): Iterable<Uint8Array> {
    return chunks as Iterable<Uint8Array>;
  }
});

describe("a stream that fails", () => {
  const failure = new Error("the cable is cut");

  it("after some bytes is told with its cause", async () => {
    const sorts: UploadSource[] = [
      (async function* () {
        yield someBytes(10);
        throw failure;
      })(),
      new ReadableStream({
        pull: (controller) => {
          controller.enqueue(someBytes(10));
          controller.error(failure);
        },
      }),
      new Readable({
        read() {
          this.push(someBytes(10));
          this.destroy(failure);
        },
      }),
    ];
    for (const stream of sorts) {
      await using source = await openLocalSource(stream);
      const error = await refusalOf(read(source, every(100)));
      expect(error.code).toBe("source-failed");
      expect(error.cause).toBe(failure);
      expect(error.message).toContain("the cable is cut");
    }
  });

  it("before anybody reads it does not end the process", async () => {
    const stream = new PassThrough();
    const source = await openLocalSource(stream);
    stream.destroy(failure);
    await pause(5);
    const error = await refusalOf(read(source, every(100)));
    expect(error).toMatchObject({ code: "source-failed", cause: failure });
  });

  it("and is never read does not end the process either", async () => {
    const web = new ReadableStream({ start: (controller) => controller.error(failure) });
    const node = new PassThrough();
    for (const stream of [web, node]) {
      const source = await openLocalSource(stream);
      if (stream === node) node.destroy(failure);
      await pause(5);
      await source[Symbol.asyncDispose]();
    }
  });

  it("of a file that is not there is told with the system's code", async () => {
    const stream = createReadStream(join(await temporaryFolder(), "missing"));
    const source = await openLocalSource(stream);
    await pause(20);
    const error = await refusalOf(read(source, every(100)));
    expect(error).toMatchObject({ code: "source-failed", providerCode: "ENOENT" });
  });

  it("by closing before its end is told", async () => {
    const stream = new PassThrough();
    stream.write("some");
    const source = await openLocalSource(stream);
    setTimeout(() => stream.destroy(), 10);
    const error = await refusalOf(read(source, every(100)));
    expect(error).toMatchObject({
      code: "source-failed",
      providerCode: "ERR_STREAM_PREMATURE_CLOSE",
    });
  });

  it("by closing before anybody reads it is told as well", async () => {
    const stream = new PassThrough();
    const source = await openLocalSource(stream);
    stream.destroy();
    await pause(5);
    expect((await refusalOf(read(source, every(100)))).code).toBe("source-failed");
  });
});

describe("the room for a piece", () => {
  async function* bytes(size: number, chunk: number) {
    for (let left = size; left > 0; left -= chunk) yield someBytes(Math.min(chunk, left));
  }

  async function roomFor(stream: UploadSource, sizes: readonly number[]) {
    const rooms: Uint8Array[] = [];
    const source = await openLocalSource(stream);
    const pieces = await Array.fromAsync(
      source.pieces(sizes, async (size) => {
        const room = new Uint8Array(size + 3);
        rooms.push(room);
        return room;
      }),
    );
    return { pieces, rooms };
  }

  it("is made once for each piece, which stands in it, though the room is larger", async () => {
    const { pieces, rooms } = await roomFor(bytes(250, 60), [100, 100, 100]);
    expect(pieces.map((piece) => piece.length)).toEqual([100, 100, 50]);
    expect(pieces.map((piece) => piece.buffer)).toEqual(rooms.map((room) => room.buffer));
  });

  it("is made only when there are bytes for it", async () => {
    const { rooms } = await roomFor(bytes(200, 100), [100, 100, 100]);
    expect(rooms.length).toBe(2);
    expect((await roomFor(bytes(0, 1), [100])).rooms).toEqual([]);
  });

  it("is made of memory of its own where nobody makes it", async () => {
    const source = await openLocalSource(bytes(8, 8));
    const [piece] = await Array.fromAsync(source.pieces([8]));
    expect(piece?.buffer.byteLength).toBe(8);
  });
});

describe("a stream that nothing can come of", () => {
  it("is refused when it is opened", async () => {
    const ended = Readable.from(["x"]);
    ended.resume();
    await pause(5);
    const destroyed = new PassThrough();
    destroyed.destroy();
    const locked = ReadableStream.from([someBytes(1)]);
    locked.getReader();
    for (const stream of [ended, destroyed, locked]) {
      expect((await refusalOf(openLocalSource(untyped(stream)))).code).toBe("source-unreadable");
    }
  });
});

describe("a stream that is let go of before its end", () => {
  it("is destroyed, cancelled or returned", async () => {
    const node = new PassThrough();
    let cancelled = false;
    const web = new ReadableStream({
      cancel: () => {
        cancelled = true;
      },
    });
    let returned = false;
    const generator = (async function* () {
      try {
        for (;;) yield someBytes(1);
      } finally {
        returned = true;
      }
    })();
    await (await openLocalSource(node))[Symbol.asyncDispose]();
    await (await openLocalSource(web))[Symbol.asyncDispose]();
    const source = await openLocalSource(generator);
    for await (const piece of source.pieces(every(1))) if (piece.length > 0) break;
    await source[Symbol.asyncDispose]();
    expect({ node: node.destroyed, cancelled, returned }).toEqual({
      node: true,
      cancelled: true,
      returned: true,
    });
  });

  it("is let go of without fail, whatever its author throws on the way", async () => {
    const failure = new Error("not now");
    const thrower = () => {
      throw failure;
    };
    const iterator = (end: () => unknown) => ({
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false, value: someBytes(1) }),
        return: end,
      }),
    });
    const rejecting = iterator(() => Promise.reject(failure));
    const stream = Object.assign(Readable.from([someBytes(1)]), { destroy: thrower });
    for (const given of [iterator(thrower), rejecting, stream]) {
      await using source = await openLocalSource(untyped(given));
      for await (const piece of source.pieces(every(1))) if (piece.length > 0) break;
    }
    const caught = async () => {
      await using source = await openLocalSource(untyped(iterator(thrower)));
      for await (const piece of source.pieces(every(1))) if (piece.length > 0) throw failure;
    };
    await expect(caught()).rejects.toBe(failure);
  });

  it("does not wait for a chunk that never comes", async () => {
    const never = new Promise<never>(() => undefined);
    const stuck = (async function* () {
      yield someBytes(1);
      await never;
    })();
    const silent = new ReadableStream({ pull: () => never, cancel: () => never });
    for (const stream of [stuck, silent, new PassThrough()]) {
      const source = await openLocalSource(untyped(stream));
      const reading = read(source, every(10)).catch(() => undefined);
      await pause(5);
      await source[Symbol.asyncDispose]();
      void reading;
    }
  });

  it("is read no further than the pieces asked for need", async () => {
    let given = 0;
    const stream = (async function* () {
      for (;;) {
        given++;
        yield someBytes(10);
      }
    })();
    await using source = await openLocalSource(stream);
    await read(source, [10, 15]);
    expect(given).toBe(3);
  });
});

describe("the name of a source", () => {
  it("is that of the file behind a stream, of a File, and of nothing else", async () => {
    const path = join(await temporaryFolder(), "behind.csv");
    await writeFile(path, "x");
    const stream = createReadStream(path);
    expect(stream).toBeInstanceOf(ReadStream);
    await using file = await openLocalSource(stream);
    expect(file.filename).toBe("behind.csv");
    const named = await openLocalSource(new File(["abc"], "named.csv"));
    expect(named).toMatchObject({ filename: "named.csv", size: 3 });
    expect((await read(named, every(2))).lengths).toEqual([2, 1]);
    expect((await openLocalSource(new Blob(["abc"]))).filename).toBeUndefined();
    expect((await openLocalSource(someBytes(3))).filename).toBeUndefined();
  });
});

describe("bytes at hand", () => {
  it("are given as they stand, with no room made", async () => {
    const bytes = someBytes(10);
    const source = await openLocalSource(bytes);
    expect(source.size).toBe(10);
    const room = vi.fn();
    const pieces = await Array.fromAsync(source.pieces(every(4), room));
    expect(pieces.map((piece) => piece.length)).toEqual([4, 4, 2]);
    expect(pieces.every((piece) => piece.buffer === bytes.buffer)).toBe(true);
    expect(room).not.toHaveBeenCalled();
  });

  it("of no bytes are no pieces", async () => {
    for (const nothing of [new Uint8Array(), new Blob([]), generated([]), generated([""])]) {
      expect((await read(await openLocalSource(nothing), every(4))).lengths).toEqual([]);
    }
  });
});
