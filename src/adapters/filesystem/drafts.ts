import type { BigIntStats } from "node:fs";
import { constants, copyFile, type FileHandle, link, open, unlink } from "node:fs/promises";
import { join } from "node:path";
import { StowageError } from "../../domain/errors.js";
import { errnoOf } from "./errors.js";
import { FILE_MODE } from "./folders.js";
import type { Site } from "./site.js";
import { freshTime } from "./versions.js";

/**
 * Bytes of one write, between which a signal is heeded. Linux takes larger ones into larger pages, which
 * cost more to come by: 1 GiB in writes of 8 MiB was seen to take twice the time.
 */
const WRITE_BYTES = 1_048_576;

let count = 0;

/** A path for something that is not to be seen yet. It begins with the owner's token. */
export function draftPath({ layout, owner }: Site): string {
  return join(layout.drafts, `${owner.token}-${count++}`);
}

/** A data file being written, on the disk of the directory but out of sight. */
export class Draft {
  readonly path: string;
  readonly #handle: FileHandle;
  #written: number;
  #discarded = false;

  static async begin(site: Site): Promise<Draft> {
    const path = draftPath(site);
    try {
      return new Draft(path, await open(path, "wx", FILE_MODE), 0);
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw error;
    }
    // Somebody has removed the store's own folder. That of the store itself is not made again.
    await site.folders.make(site.layout.drafts);
    return new Draft(path, await open(path, "wx", FILE_MODE), 0);
  }

  /**
   * Begins with a file's bytes, shared on the disk until one of the two changes. `undefined` where
   * the disk cannot do that.
   */
  static async cloneOf(source: string, size: number, site: Site): Promise<Draft | undefined> {
    const path = draftPath(site);
    try {
      await copyFile(source, path, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE);
      const handle = await open(path, "r+");
      await handle.chmod(FILE_MODE);
      return new Draft(path, handle, size);
    } catch {
      await unlink(path).catch(() => undefined);
      return undefined;
    }
  }

  /**
   * Begins with a file itself, under a second name, cut to its first `size` bytes. `undefined` when
   * it is not as it is expected to be, or has a second name already: it may be an object's.
   */
  static async linkTo(
    source: string,
    size: number,
    isExpected: (stats: BigIntStats) => boolean,
    site: Site,
  ): Promise<Draft | undefined> {
    const path = draftPath(site);
    await link(source, path);
    const handle = await open(path, "r+").catch(async (error: unknown) => {
      await unlink(path).catch(() => undefined);
      throw error;
    });
    const draft = new Draft(path, handle, size);
    try {
      const stats = await handle.stat({ bigint: true });
      const fits = stats.nlink === 2n && stats.size >= BigInt(size) && isExpected(stats);
      if (fits && stats.size > BigInt(size)) await handle.truncate(size);
      if (fits) return draft;
    } catch (error) {
      await draft.discard();
      throw error;
    }
    await draft.discard();
    return undefined;
  }

  private constructor(path: string, handle: FileHandle, written: number) {
    this.path = path;
    this.#handle = handle;
    this.#written = written;
  }

  async write(bytes: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    await writeAt(this.#handle, bytes, this.#written, signal);
    this.#written += bytes.length;
  }

  /**
   * Makes the bytes durable, and tells what the file is known by from now on.
   *
   * The time is set before the sync, so that it lasts as the bytes do.
   */
  async finish(): Promise<BigIntStats> {
    const time = freshTime();
    await this.#handle.utimes(time, time);
    await this.#handle.sync();
    const stats = await this.#handle.stat({ bigint: true });
    await this.#handle.close();
    if (stats.size === BigInt(this.#written)) return stats;
    throw new StowageError(
      "unexpected",
      `Cannot go on with the write: the disk holds ${stats.size} of ${this.#written} bytes`,
    );
  }

  /** Removes the file under this name. Under the name of its object it stays, if it has that by now. */
  async discard(): Promise<void> {
    if (this.#discarded) return;
    this.#discarded = true;
    await this.#handle.close().catch(() => undefined);
    await unlink(this.path).catch(() => undefined);
  }
}

/** Writes all of the bytes at an offset of a file. */
export async function writeAt(
  handle: FileHandle,
  bytes: Uint8Array,
  at: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    signal?.throwIfAborted();
    const most = Math.min(bytes.length - done, WRITE_BYTES);
    const { bytesWritten } = await handle.write(bytes, done, most, at + done);
    done += bytesWritten;
  }
}
