import { quote, StowageError } from "../../domain/errors.js";
import type { MakeRoom, Source } from "../../ports/source.js";
import { readingError } from "./errors.js";
import { newRoom, Once, pieceSize } from "./pieces.js";
import type { Chunks } from "./streams.js";

/** Bytes to come, whose number is found by reading. */
export class StreamSource implements Source {
  readonly size: undefined;
  readonly filename: string | undefined;
  readonly identity: undefined;
  readonly #chunks: Chunks;
  readonly #once = new Once();
  readonly #text = new TextJoiner();
  /** What of the last chunk did not fit in its piece. */
  #rest: Uint8Array = new Uint8Array();
  #ended = false;
  #released: Promise<void> | undefined;

  constructor(chunks: Chunks, filename: string | undefined) {
    this.#chunks = chunks;
    this.filename = filename;
  }

  async *pieces(sizes: Iterable<number>, room: MakeRoom = newRoom): AsyncGenerator<Uint8Array> {
    this.#once.begin();
    try {
      for (const size of sizes) {
        if (await this.#isAtEnd()) return;
        const piece = await this.#fill((await room(pieceSize(size))).subarray(0, size));
        yield piece;
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

  /** Fills the piece, or as much of it as comes. */
  async #fill(piece: Uint8Array): Promise<Uint8Array> {
    let filled = 0;
    while (filled < piece.length && !(await this.#isAtEnd())) {
      const taken = this.#rest.subarray(0, piece.length - filled);
      piece.set(taken, filled);
      filled += taken.length;
      this.#rest = this.#rest.subarray(taken.length);
    }
    return piece.subarray(0, filled);
  }

  /** Waits for bytes that have not been taken yet. */
  async #isAtEnd(): Promise<boolean> {
    while (this.#rest.length === 0) {
      const chunk = await this.#next();
      if (chunk === undefined) return true;
      this.#rest = chunk;
    }
    return false;
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
