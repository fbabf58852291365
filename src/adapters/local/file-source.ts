import { type BigIntStats, constants } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { quote, StowageError } from "../../domain/errors.js";
import type { Slice } from "../../ports/slice.js";
import type { MakeRoom, Source, SourceIdentity } from "../../ports/source.js";
import { fromHandle, hasBytesBeyondSize } from "./devices.js";
import { openingError, readingError } from "./errors.js";
import { newRoom, Once, pieceSize, sliceOf } from "./pieces.js";
import { openPipe } from "./pipes.js";
import { StreamSource } from "./stream-source.js";

/** Bytes of one read: the system takes no more than 2 GiB at once. */
const MAX_READ_BYTES = 1_073_741_824;

/**
 * Opens a file once: what is read and what is looked at is one and the same, whatever becomes of the
 * path. What has no size of its own, such as a pipe or a terminal, is read as a stream.
 *
 * @throws `source-not-found`, `source-unreadable`; the signal's reason, when a pipe is waited for.
 */
export async function openFile(path: string, signal: AbortSignal | undefined): Promise<Source> {
  try {
    const looked = await stat(path, { bigint: true });
    expectNoFolder(looked, path);
    if (looked.isFIFO()) return new StreamSource(await openPipe(path, signal), basename(path));
    return await openSeen(path, looked);
  } catch (error) {
    if (signal?.aborted && error === signal.reason) throw error;
    throw error instanceof StowageError ? error : openingError(error, path);
  }
}

/** Opens what has been looked at, so that neither this nor a read waits for what may never come. */
async function openSeen(path: string, looked: BigIntStats): Promise<Source> {
  const waiting = looked.size > 0n ? 0 : constants.O_NONBLOCK;
  const handle = await open(path, constants.O_RDONLY | waiting);
  try {
    const stats = await handle.stat({ bigint: true });
    expectNoFolder(stats, path);
    if (stats.isFIFO()) {
      throw new StowageError(
        "source-changed",
        `Cannot open ${quote(path)}: a pipe took its place meanwhile; try again`,
      );
    }
    const hasSize = stats.isFile() && (stats.size > 0n || !(await hasBytesBeyondSize(handle)));
    if (hasSize) return new FileSource(path, handle, stats);
    return new StreamSource(fromHandle(handle, quote(path)), basename(path));
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function expectNoFolder(stats: BigIntStats, path: string): void {
  if (!stats.isDirectory()) return;
  throw new StowageError(
    "source-unreadable",
    `Cannot open ${quote(path)}: it is a folder; give a file`,
    { providerCode: "EISDIR" },
  );
}

/** A file of known size, read by position. */
class FileSource implements Source {
  readonly size: number;
  readonly filename: string;
  readonly identity: SourceIdentity;
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
    const { size } = this;
    this.identity = { path: resolve(path), size, mtimeNs: String(opened.mtimeNs) };
  }

  async *pieces(sizes: Iterable<number>, room: MakeRoom = newRoom): AsyncGenerator<Uint8Array> {
    this.#once.begin();
    let at = 0;
    for (const size of sizes) {
      // What was added to the file since it was opened is not read: verify finds it.
      const length = Math.min(pieceSize(size), this.size - at);
      if (length === 0) return;
      const piece = (await room(length)).subarray(0, length);
      await this.#fill(piece, at);
      yield piece;
      at += length;
    }
  }

  slice(start: number, end: number): Slice {
    return sliceOf(start, end, (memory, at) => this.#fill(memory, at));
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

  async #fill(piece: Uint8Array, start: number): Promise<void> {
    for (let filled = 0; filled < piece.length; ) {
      const most = Math.min(piece.length - filled, MAX_READ_BYTES);
      const { bytesRead } = await this.#handle
        .read(piece, filled, most, start + filled)
        .catch((error: unknown) => {
          throw readingError(error, quote(this.#path));
        });
      if (bytesRead === 0) {
        throw this.#changed(`it ends at byte ${start + filled} of the ${this.size} that it had`);
      }
      filled += bytesRead;
    }
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
