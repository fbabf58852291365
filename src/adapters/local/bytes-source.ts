import { StowageError } from "../../domain/errors.js";
import type { Slice } from "../../ports/slice.js";
import type { MakeRoom, Source } from "../../ports/source.js";
import { readingError } from "./errors.js";
import { Once, pieceSize, sliceOf } from "./pieces.js";

/** Bytes at hand, given as they stand. They are not to change until the upload has ended. */
export class BytesSource implements Source {
  readonly filename: undefined;
  readonly identity: undefined;
  readonly size: number;
  readonly #bytes: Uint8Array;
  readonly #once = new Once();

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.size = bytes.byteLength;
  }

  async *pieces(sizes: Iterable<number>): AsyncGenerator<Uint8Array> {
    this.#once.begin();
    let at = 0;
    for (const size of sizes) {
      if (at >= this.size) return;
      const end = Math.min(at + pieceSize(size), this.size);
      yield this.#bytes.subarray(at, end);
      at = end;
    }
  }

  async verify(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** A `Blob`, or a `File` with its name. One that stands for a file on disk is read as it is asked for. */
export class BlobSource implements Source {
  readonly size: number;
  readonly filename: string | undefined;
  readonly identity: undefined;
  readonly #blob: Blob;
  readonly #once = new Once();

  constructor(blob: Blob) {
    this.#blob = blob;
    this.size = blob.size;
    this.filename = blob instanceof File ? blob.name : undefined;
  }

  async *pieces(sizes: Iterable<number>, room?: MakeRoom): AsyncGenerator<Uint8Array> {
    this.#once.begin();
    let at = 0;
    for (const size of sizes) {
      if (at >= this.size) return;
      const end = Math.min(at + pieceSize(size), this.size);
      // A blob gives memory of its own: the room is made to be counted.
      await room?.(end - at);
      yield await this.#read(at, end);
      at = end;
    }
  }

  slice(start: number, end: number): Slice {
    return sliceOf(start, end, async (memory, at) => {
      memory.set(await this.#read(at, at + memory.length));
    });
  }

  /** One byte is enough: a blob of a file is refused whole once the file is another. */
  async verify(): Promise<void> {
    if (this.size > 0) await this.#read(0, 1);
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  async #read(start: number, end: number): Promise<Uint8Array> {
    const bytes = await this.#blob
      .slice(start, end)
      .arrayBuffer()
      .catch((cause: unknown) => {
        if (!isNotReadable(cause)) throw readingError(cause, "the blob");
        throw changed("its file was written to or removed", cause);
      });
    if (bytes.byteLength === end - start) return new Uint8Array(bytes);
    throw changed(`it ended at byte ${start + bytes.byteLength} of ${this.size}`);
  }
}

/** What `fs.openAsBlob` gives rejects so once its file is another than it was. */
function isNotReadable(error: unknown): boolean {
  return error instanceof Error && error.name === "NotReadableError";
}

function changed(why: string, cause?: unknown): StowageError {
  return new StowageError("source-changed", `Cannot read the blob: ${why}`, {}, { cause });
}
