import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { crc32 } from "node:zlib";
import { readSlice, type Slice, watchedSlice } from "../../ports/slice.js";

/** Bytes of a slice that are read at once to be hashed. */
const HASHED_BYTES = 1_048_576;
/** Bytes that are read at once to be sent. Of each slice one piece is read while another is sent. */
const SENT_BYTES = 262_144;

/** Hashes a slice, in a pass of its own: the headers of a request stand before its body. */
export async function hashOf(
  slice: Slice,
  algorithm: "sha256" | "md5",
  encoding: "hex" | "base64",
  signal: AbortSignal | undefined,
): Promise<string> {
  const hash = createHash(algorithm);
  const memory = Buffer.allocUnsafeSlow(Math.min(HASHED_BYTES, slice.size));
  await readSlice(slice, memory, (piece) => void hash.update(piece), signal);
  return hash.digest(encoding);
}

/**
 * Sends a slice as the body of one request. When reading it fails, the request is ended before its
 * last byte, and rejects with what reading threw.
 */
export async function sendSlice<T>(
  slice: Slice,
  signal: AbortSignal | undefined,
  send: (body: Readable, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const failed = new AbortController();
  const body = new SliceStream(slice, (reason) => failed.abort(reason));
  const either = signal === undefined ? failed.signal : AbortSignal.any([signal, failed.signal]);
  try {
    return await send(body, either);
  } catch (error) {
    if (failed.signal.aborted) throw failed.signal.reason;
    throw error;
  } finally {
    // Answered before its end: what is left would never be sent, and the connection be held.
    if (!body.readableEnded) failed.abort();
    body.destroy();
  }
}

/**
 * A slice as a stream. Each piece has memory of its own: when a socket is done with the one before is
 * not told to streams, and those of a request that was cut off may be held for longer.
 */
class SliceStream extends Readable {
  readonly #slice: Slice;
  readonly #onFailure: (reason: unknown) => void;
  readonly #fill: ReturnType<Slice["open"]>;
  #at = 0;

  constructor(slice: Slice, onFailure: (reason: unknown) => void) {
    super({ highWaterMark: SENT_BYTES });
    this.#slice = slice;
    this.#onFailure = onFailure;
    this.#fill = slice.open();
    // Of a request that fails: it is told by the request, and here would end the process.
    this.on("error", () => undefined);
  }

  override _read(): void {
    const left = this.#slice.size - this.#at;
    if (left === 0) {
      this.push(null);
      return;
    }
    const piece = Buffer.allocUnsafeSlow(Math.min(SENT_BYTES, left));
    this.#fill(piece).then(
      () => {
        this.#at += piece.length;
        this.push(piece);
      },
      (reason: unknown) => {
        this.#onFailure(reason);
        this.destroy();
      },
    );
  }
}

/**
 * A slice of which each pass, before it gives the last bytes, sees to it that they have this CRC-32
 * together: for a server that does not.
 *
 * @param mismatch the error to throw where they have not.
 */
export function verified(slice: Slice, expected: number, mismatch: (crc: number) => Error): Slice {
  return watchedSlice(slice, () => {
    let crc = 0;
    return (piece, isLast) => {
      crc = crc32(piece, crc);
      if (isLast && crc !== expected) throw mismatch(crc);
    };
  });
}
