import { constants } from "node:fs";
import { lstat, mkdir, open, realpath, rmdir } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { errnoOf, isNothing } from "./errors.js";

/** Folders and files are for the account of the process alone: datasets are their owners' affair. */
export const FOLDER_MODE = 0o700;
export const FILE_MODE = 0o600;

/** Folders remembered as durable. Beyond that they are synced once more, which does no harm. */
const MAX_REMEMBERED = 10_000;

/** Makes, syncs and removes folders under a root, which itself is neither made nor removed. */
export class Folders {
  readonly #root: string;
  /** Folders whose own name is known to have reached the disk. */
  readonly #durable = new Set<string>();

  constructor(root: string) {
    this.#root = root;
  }

  /**
   * Makes a folder and those above it. `false` when something that is no folder stands in the way:
   * a file, or a symbolic link, which is never followed.
   */
  async make(folder: string): Promise<boolean> {
    let path = this.#root;
    for (const name of relative(this.#root, folder).split(sep)) {
      path = join(path, name);
      if (!(await makeOne(path))) return false;
    }
    return true;
  }

  /** Makes the names in a folder durable, and the names of the folder and of those above it. */
  async sync(folder: string): Promise<void> {
    const synced: string[] = [];
    for (let path = folder; ; path = dirname(path)) {
      const there = await syncFolder(path);
      if (path === this.#root || (there && this.#durable.has(path))) break;
      if (there) synced.push(path);
      else this.#durable.delete(path);
    }
    if (this.#durable.size >= MAX_REMEMBERED) this.#durable.clear();
    for (const path of synced) this.#durable.add(path);
  }

  /** Removes a folder and those above it, up to the top, as long as they are empty. */
  async prune(folder: string, top: string): Promise<void> {
    for (let path = folder; path !== top; path = dirname(path)) {
      try {
        await rmdir(path);
        this.#durable.delete(path);
      } catch (error) {
        // Somebody else may have removed it, or put something in it.
        if (errnoOf(error) !== "ENOENT") return;
      }
    }
  }
}

/** Whether a path is that of a folder, and no symbolic link is on the way to it. */
export async function isRealFolder(folder: string): Promise<boolean> {
  try {
    return (await realpath(folder)) === folder;
  } catch (error) {
    if (isNothing(error)) return false;
    throw error;
  }
}

/** Writes a file whole, and makes its bytes durable: its name is so with its folder. */
export async function writeWhole(path: string, text: string): Promise<void> {
  const handle = await open(path, "w", FILE_MODE);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function makeOne(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isDirectory();
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
  try {
    await mkdir(path, FOLDER_MODE);
    return true;
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
    return (await lstat(path)).isDirectory();
  }
}

/** `false` when the folder is gone: all in it was removed, and the folder above tells of that. */
async function syncFolder(folder: string): Promise<boolean> {
  try {
    const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
    await handle.sync().finally(() => handle.close());
    return true;
  } catch (error) {
    // A file may have taken its name, or that of a folder above it.
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return false;
    throw error;
  }
}
