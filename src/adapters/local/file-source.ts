import type { BigIntStats } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { basename } from "node:path";
import { quote, StowageError } from "../../domain/errors.js";
import type { Source } from "../../ports/source.js";
import { openingError, readingError } from "./errors.js";
import { Once, pieceSize } from "./pieces.js";
import { StreamSource } from "./stream-source.js";
import { fromHandle } from "./streams.js";

/** Bytes of one read: the system takes no more than 2 GiB at once. */
const MAX_READ_BYTES = 1_073_741_824;

/**
 * Opens a file once: what is read and what is looked at is one and the same, whatever becomes of the
 * path. What has no size of its own, such as a pipe or a terminal, is read as a stream.
 *
 * @throws `source-not-found`, `source-unreadable`.
 */
export async function openFile(path: string): Promise<Source> {
  const handle = await open(path, "r").catch((error: unknown) => {
    throw openingError(error, path);
  });
  try {
    const stats = await handle.stat({ bigint: true });
    if (stats.isDirectory()) {
      throw new StowageError(
        "source-unreadable",
        `Cannot open ${quote(path)}: it is a folder; give a file`,
        { providerCode: "EISDIR" },
      );
    }
    const filename = basename(path);
    if (!stats.isFile()) return new StreamSource(fromHandle(handle, path), filename);
    return new FileSource(path, handle, stats);
  } catch (error) {
    await handle.close();
    throw error instanceof StowageError ? error : openingError(error, path);
  }
}

/** A file of known size, read by position. */
class FileSource implements Source {
  readonly size: number;
  readonly filename: string;
  readonly #path: string;
  readonly #handle: FileHandle;
  readonly #opened: BigIntStats;
  readonly #once = new Once();

  constructor(path: string, handle: FileHandle, opened: BigIntStats) {
    this.#path = path;
    this.#handle = handle;
    this.#opened = opened;
    this.size = Number(opened.size);
    this.filename = basename(path);
  }

  async *pieces(sizes: Iterable<number>): AsyncGenerator<Uint8Array> {
    this.#once.begin();
    let at = 0;
    for (const size of sizes) {
      // What was added to the file since it was opened is not read: verify finds it.
      const length = Math.min(pieceSize(size), this.size - at);
      if (length === 0) return;
      yield await this.#read(at, length);
      at += length;
    }
  }

  async verify(): Promise<void> {
    const now = await this.#handle.stat({ bigint: true }).catch((error: unknown) => {
      throw readingError(error, quote(this.#path));
    });
    const difference = differenceOf(this.#opened, now);
    if (difference !== undefined) throw this.#changed(difference);
    const there = await stat(this.#path, { bigint: true }).catch((cause: unknown) => {
      throw this.#changed("it was removed or renamed", cause);
    });
    if (differenceOf(this.#opened, there) !== undefined) {
      throw this.#changed("another file has taken its place");
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }

  async #read(start: number, length: number): Promise<Uint8Array> {
    // Never from the pool that small buffers share: the piece belongs to whoever takes it.
    const buffer = Buffer.allocUnsafeSlow(length);
    for (let filled = 0; filled < length; ) {
      const most = Math.min(length - filled, MAX_READ_BYTES);
      const { bytesRead } = await this.#handle
        .read(buffer, filled, most, start + filled)
        .catch((error: unknown) => {
          throw readingError(error, quote(this.#path));
        });
      if (bytesRead === 0) {
        throw this.#changed(`it ends at byte ${start + filled} of the ${this.size} that it had`);
      }
      filled += bytesRead;
    }
    return buffer;
  }

  #changed(why: string, cause?: unknown): StowageError {
    return new StowageError(
      "source-changed",
      `Cannot go on with ${quote(this.#path)}: ${why} while it was read; upload it again once nothing writes to it`,
      {},
      { cause },
    );
  }
}

function differenceOf(opened: BigIntStats, now: BigIntStats): string | undefined {
  if (now.dev !== opened.dev || now.ino !== opened.ino) return "it is another file";
  if (now.size !== opened.size) return `it went from ${opened.size} to ${now.size} bytes`;
  if (now.mtimeNs !== opened.mtimeNs) return "it was written to";
  // Set by the system at each change, also where a program sets the other time back.
  if (now.ctimeNs !== opened.ctimeNs) return "it was changed";
  return undefined;
}
