import type { Readable } from "node:stream";
import { StowageError } from "../../domain/errors.js";

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
export function fromReadable(stream: Readable, name = "the stream"): Chunks {
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
    name,
    async next() {
      if (failures.length > 0) throw failures[0];
      iterator ??= stream[Symbol.asyncIterator]();
      const { done, value } = await iterator.next();
      // An error after the last chunk: what was read may not be all.
      if (done && failures.length > 0) throw failures[0];
      return done ? undefined : value;
    },
    async release() {
      try {
        stream.destroy();
      } catch {
        // A stream whose own destroy throws is its author's affair.
      }
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
      // An iterator written by hand may throw at once, where a generator rejects.
      const returned = (async () => iterator?.return?.())().catch(() => undefined);
      // A generator that is stuck in its next chunk answers no return either.
      if (!pending) await returned;
    },
  };
}

function unreadable(why: string): StowageError {
  return new StowageError("source-unreadable", `Cannot open the source: ${why}`);
}
