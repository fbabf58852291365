import { quote, StowageError } from "../../domain/errors.js";
import type { Source } from "../../ports/source.js";
import { readingError } from "./errors.js";
import { Once, pieceSize } from "./pieces.js";
import type { Chunks } from "./streams.js";

/** Bytes set aside for the first piece. */
const FIRST_BYTES = 65_536;

/** Bytes to come, whose number is found by reading. */
export class StreamSource implements Source {
  readonly size: undefined;
  readonly filename: string | undefined;
  readonly #chunks: Chunks;
  readonly #once = new Once();
  readonly #text = new TextJoiner();
  /** What of the last chunk did not fit in its piece. */
  #rest: Uint8Array = new Uint8Array();
  /** Bytes set aside for a piece: as many as the last one took, whose room was needed. */
  #expected = FIRST_BYTES;
  #ended = false;
  #released: Promise<void> | undefined;

  constructor(chunks: Chunks, filename: string | undefined) {
    this.#chunks = chunks;
    this.filename = filename;
  }

  async *pieces(sizes: Iterable<number>): AsyncGenerator<Uint8Array> {
    this.#once.begin();
    try {
      for (const size of sizes) {
        const piece = await this.#read(pieceSize(size));
        if (piece.length > 0) yield piece;
        if (piece.length < size) return;
      }
    } catch (error) {
      throw readingError(error, this.#chunks.name);
    } finally {
      await this.#release();
    }
  }

  async verify(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#release();
  }

  /** Gathers chunks in one buffer, which grows with what comes, not with what is asked for. */
  async #read(size: number): Promise<Uint8Array> {
    let buffer = Buffer.alloc(0);
    let filled = 0;
    while (filled < size) {
      if (this.#rest.length === 0) {
        const chunk = await this.#next();
        if (chunk === undefined) break;
        this.#rest = chunk;
      }
      const taken = this.#rest.subarray(0, size - filled);
      const needed = filled + taken.length;
      if (needed > buffer.length) {
        // Twice what there was, so that a byte is moved once or twice, however long the piece.
        const room = Math.max(needed, buffer.length * 2, this.#expected);
        buffer = resized(buffer, filled, Math.min(room, size));
      }
      buffer.set(taken, filled);
      filled = needed;
      this.#rest = this.#rest.subarray(taken.length);
    }
    this.#expected = Math.max(filled, FIRST_BYTES);
    return filled === buffer.length ? buffer : resized(buffer, filled, filled);
  }

  async #next(): Promise<Uint8Array | undefined> {
    if (this.#ended) return undefined;
    const chunk = await this.#chunks.next();
    if (chunk === undefined) {
      this.#ended = true;
      this.#text.end();
      return undefined;
    }
    if (typeof chunk === "string") return this.#text.encode(chunk);
    this.#text.end();
    if (chunk instanceof Uint8Array) return chunk;
    throw new StowageError(
      "source-failed",
      `Cannot read ${this.#chunks.name}: it gave ${described(chunk)}; a source gives Uint8Arrays or strings`,
    );
  }

  #release(): Promise<void> {
    this.#released ??= this.#chunks.release();
    return this.#released;
  }
}

function resized(buffer: Buffer, filled: number, size: number): Buffer<ArrayBuffer> {
  // Never from the pool that small buffers share: the piece belongs to whoever takes it.
  const other = Buffer.allocUnsafeSlow(size);
  buffer.copy(other, 0, 0, filled);
  return other;
}

/** Encodes text that comes in chunks, which may part a surrogate pair. */
class TextJoiner {
  readonly #encoder = new TextEncoder();
  #half = "";

  encode(chunk: string): Uint8Array {
    const text = this.#half + chunk;
    const cut = /[\ud800-\udbff]$/.test(text) ? text.length - 1 : text.length;
    this.#half = text.slice(cut);
    const whole = text.slice(0, cut);
    if (!whole.isWellFormed()) throw halfPair();
    return this.#encoder.encode(whole);
  }

  end(): void {
    if (this.#half !== "") throw halfPair();
  }
}

function halfPair(): StowageError {
  return new StowageError(
    "source-failed",
    "Cannot read the stream: its text holds half of a surrogate pair; give valid Unicode, or bytes",
  );
}

function described(chunk: unknown): string {
  if (chunk === null || typeof chunk !== "object") return `${typeof chunk} ${quote(chunk)}`;
  return `an object of class ${chunk.constructor?.name ?? "Object"}`;
}
