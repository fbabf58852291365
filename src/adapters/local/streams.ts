import type { FileHandle } from "node:fs/promises";
import type { Readable } from "node:stream";
import { quote, StowageError } from "../../domain/errors.js";

/** A stream of any sort, as chunks to be asked for one at a time. */
export interface Chunks {
  /** How error messages name it. */
  readonly name: string;
  /** The next chunk, of whatever sort; `undefined` at the end. */
  next(): Promise<unknown>;
  /** Lets go of the stream, which may not be at its end. Never rejects. */
  release(): Promise<void>;
}

/**
 * A Node stream. Errors are listened for from now on: one that came before the first read would
 * otherwise end the process.
 *
 * @throws `source-unreadable` when nothing can come of it any more, or not the bytes behind it.
 */
export function fromReadable(stream: Readable): Chunks {
  const failures: unknown[] = [];
  stream.on("error", (error: unknown) => failures.push(error));
  if (stream.readableEnded) throw unreadable("the stream was read to its end already");
  if (stream.destroyed && stream.errored === null) throw unreadable("the stream is destroyed");
  const { readableEncoding } = stream;
  if (readableEncoding !== null && readableEncoding !== "utf8" && readableEncoding !== "utf-8") {
    throw unreadable(`the stream gives text in ${readableEncoding}; leave setEncoding out`);
  }
  let iterator: AsyncIterator<unknown> | undefined;
  return {
    name: "the stream",
    async next() {
      if (failures.length > 0) throw failures[0];
      iterator ??= stream[Symbol.asyncIterator]();
      const { done, value } = await iterator.next();
      // An error after the last chunk: what was read may not be all.
      if (done && failures.length > 0) throw failures[0];
      return done ? undefined : value;
    },
    async release() {
      stream.destroy();
    },
  };
}

/** @throws `source-unreadable` when somebody else reads it. */
export function fromWebStream(stream: ReadableStream<unknown>): Chunks {
  if (stream.locked) throw unreadable("the stream is locked, as somebody else reads it");
  const reader = stream.getReader();
  reader.closed.catch(() => undefined);
  return {
    name: "the stream",
    async next() {
      const { done, value } = await reader.read();
      return done ? undefined : value;
    },
    async release() {
      // Not awaited: the source of the stream may take as long as it likes, or never answer.
      reader.cancel().catch(() => undefined);
    },
  };
}

export function fromIterable(iterable: AsyncIterable<unknown>): Chunks {
  let iterator: AsyncIterator<unknown> | undefined;
  let pending = false;
  return {
    name: "the stream",
    async next() {
      iterator ??= iterable[Symbol.asyncIterator]();
      pending = true;
      try {
        const { done, value } = await iterator.next();
        return done ? undefined : value;
      } finally {
        pending = false;
      }
    },
    async release() {
      const returned = Promise.resolve(iterator?.return?.()).catch(() => undefined);
      // A generator that is stuck in its next chunk answers no return either.
      if (!pending) await returned;
    },
  };
}

/** Bytes of one read from a pipe or a terminal, which give what they have: 64 KiB at most. */
const PIPE_BYTES = 65_536;

/** A file without a size: a pipe, a terminal, a device. */
export function fromHandle(handle: FileHandle, path: string): Chunks {
  const buffer = Buffer.allocUnsafeSlow(PIPE_BYTES);
  let pending = false;
  return {
    name: quote(path),
    async next() {
      pending = true;
      try {
        const { bytesRead } = await handle.read(buffer, 0, PIPE_BYTES, null);
        // The chunk is copied out before the next read, which goes into the same buffer.
        return bytesRead === 0 ? undefined : buffer.subarray(0, bytesRead);
      } finally {
        pending = false;
      }
    },
    async release() {
      const closed = handle.close().catch(() => undefined);
      // A read from a pipe in which nothing comes lasts for ever, and closing waits for it.
      if (!pending) await closed;
    },
  };
}

function unreadable(why: string): StowageError {
  return new StowageError("source-unreadable", `Cannot open the source: ${why}`);
}
