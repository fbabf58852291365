import { randomBytes } from "node:crypto";
import {
  type FileHandle,
  link,
  lstat,
  open,
  realpath,
  rename,
  stat,
  unlink,
} from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import { quote, StowageError } from "../../domain/errors.js";
import type { Target } from "../../ports/source.js";
import { errnoOf, targetEnded, writingError } from "./errors.js";

/** Bytes of one write: the system takes no more than 2 GiB at once. */
const MAX_WRITE_BYTES = 1_073_741_824;

/**
 * Opens a file to be written beside the path, which takes the path's name at `commit`.
 *
 * @throws `already-exists`, `target-unwritable`, `no-space`.
 */
export async function openFileTarget(to: string, overwrite: boolean): Promise<Target> {
  expectFileName(to);
  const path = resolve(to);
  try {
    const place = await placeOf(path, overwrite);
    const temp = join(dirname(place.path), `.stowage-${randomBytes(8).toString("hex")}.part`);
    const handle = await open(temp, "wx", place.mode);
    return new FileTarget(place, temp, handle, overwrite);
  } catch (error) {
    throw writingError(error, path);
  }
}

/** A path such as `new/` is no file's: to leave its end out would give a file that nobody asked for. */
function expectFileName(path: string): void {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const isFolders = path.endsWith(sep) || ["", ".", ".."].includes(name);
  if (isFolders) throw noFile(path, "it ends as the path of a folder does");
}

function noFile(path: string, why: string): StowageError {
  return new StowageError("target-unwritable", `Cannot write ${quote(path)}: ${why}`, {
    providerCode: "EISDIR",
    remedy: `Give a file in it, such as ${join(path, "data.bin")}`,
  });
}

interface Place {
  readonly path: string;
  /** The permissions of the file that is to be replaced. */
  readonly mode?: number;
}

/** Where the file is to stand in the end. A link to a file stays a link: its file is replaced. */
async function placeOf(path: string, overwrite: boolean): Promise<Place> {
  const name = await orMissing(lstat(path));
  if (name === undefined) return { path };
  const file = await orMissing(stat(path));
  if (file?.isDirectory()) throw noFile(path, "it is a folder");
  if (!overwrite) {
    throw new StowageError(
      "already-exists",
      `Cannot write ${quote(path)}: there is a file of that name`,
    );
  }
  if (file === undefined) return { path };
  // To replace a device or a pipe by a file would take it away from everybody.
  if (!file.isFile()) {
    throw new StowageError(
      "target-unwritable",
      `Cannot write ${quote(path)}: it is no ordinary file; give the path of one`,
    );
  }
  return { path: await realpath(path), mode: file.mode & 0o777 };
}

async function orMissing<T>(looked: Promise<T>): Promise<T | undefined> {
  return looked.catch((error: unknown) => {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  });
}

class FileTarget implements Target {
  readonly #path: string;
  readonly #mode: number | undefined;
  readonly #temp: string;
  readonly #handle: FileHandle;
  readonly #overwrite: boolean;
  #written = 0;
  #state: "open" | "committed" | "closed" = "open";

  constructor(place: Place, temp: string, handle: FileHandle, overwrite: boolean) {
    this.#path = place.path;
    this.#mode = place.mode;
    this.#temp = temp;
    this.#handle = handle;
    this.#overwrite = overwrite;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#expectOpen();
    // Claimed before the first wait, so that writes at once still lie one after the other.
    const start = this.#written;
    this.#written += bytes.length;
    try {
      for (let done = 0; done < bytes.length; ) {
        const most = Math.min(bytes.length - done, MAX_WRITE_BYTES);
        const { bytesWritten } = await this.#handle.write(bytes, done, most, start + done);
        done += bytesWritten;
      }
    } catch (error) {
      throw writingError(error, this.#path);
    }
  }

  async commit(): Promise<void> {
    this.#expectOpen();
    try {
      await this.#expectAll();
      if (this.#mode !== undefined) await this.#handle.chmod(this.#mode);
      await this.#handle.sync();
      await this.#handle.close();
      // Synced before it has its name: a name for bytes that a power cut takes would be torn.
      await this.#name();
      this.#state = "committed";
      await syncFolder(dirname(this.#path));
    } catch (error) {
      throw writingError(error, this.#path);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state !== "open") return;
    this.#state = "closed";
    await this.#handle.close().catch(() => undefined);
    await unlink(this.#temp).catch(() => undefined);
  }

  async #expectAll(): Promise<void> {
    const { size } = await this.#handle.stat();
    if (size === this.#written) return;
    throw new StowageError(
      "target-unwritable",
      `Cannot write ${quote(this.#path)}: the disk holds ${size} of ${this.#written} bytes`,
    );
  }

  async #name(): Promise<void> {
    if (this.#overwrite) return rename(this.#temp, this.#path);
    try {
      await link(this.#temp, this.#path);
    } catch (error) {
      if (!hasNoLinks(error)) throw error;
      // Takes the name first, so that nothing of somebody else's is replaced.
      await (await open(this.#path, "wx")).close();
      return rename(this.#temp, this.#path).catch(async (failure: unknown) => {
        await unlink(this.#path);
        throw failure;
      });
    }
    await unlink(this.#temp);
  }

  #expectOpen(): void {
    if (this.#state !== "open") throw targetEnded(quote(this.#path), this.#state);
  }
}

/** FAT and some network disks know no second name for a file. */
function hasNoLinks(error: unknown): boolean {
  return ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"].includes(errnoOf(error) ?? "");
}

/** Makes a new name durable, where the system can: some know no sync of folders. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, "r");
    await handle.sync().finally(() => handle.close());
  } catch (error) {
    if (!["EINVAL", "EISDIR", "EPERM", "ENOTSUP"].includes(errnoOf(error) ?? "")) throw error;
  }
}
