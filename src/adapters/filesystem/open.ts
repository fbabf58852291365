import { lstat, mkdir, open, realpath, unlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { quote, StowageError } from "../../domain/errors.js";
import { S3_LIMITS, type StoreLimits } from "../../domain/upload-plan.js";
import type { OpenStore } from "../../ports/store.js";
import { draftPath } from "./drafts.js";
import { errnoOf, fromErrno, refusal } from "./errors.js";
import { statsOf } from "./find.js";
import { FILE_MODE, FOLDER_MODE, Folders } from "./folders.js";
import { InPlaceFiles } from "./in-place.js";
import { Layout } from "./layout.js";
import { Locks } from "./locks.js";
import { Owner } from "./owner.js";
import { Sidecars } from "./sidecars.js";
import type { Site } from "./site.js";
import { FilesystemObjectStore } from "./store.js";
import { sweep } from "./sweep.js";

export interface FilesystemStoreOptions {
  /** A path or a `file:` URL. Made when it is missing, for the account of this process alone. */
  readonly directory: string | URL;
  /** Default: those of Amazon S3. Smaller ones let tests reach them. */
  readonly limits?: StoreLimits | undefined;
}

const CALL = { operation: "open" } as const;

/**
 * Opens a directory as a store, and removes what processes that were killed have left in it.
 *
 * The directory is to be on one disk of this machine that knows hard links and times finer than a
 * second, as those of Linux and macOS do.
 *
 * @throws `invalid-config` for what can be no store, `access-denied`, `no-space`.
 */
export async function openFilesystemStore(options: FilesystemStoreOptions): Promise<OpenStore> {
  const { directory, limits = S3_LIMITS } = options;
  const path = pathOf(directory);
  try {
    const root = await makeRoot(path);
    const plain = new Layout(root, false);
    const folders = new Folders(root);
    for (const folder of plain.folders) {
      if (!(await folders.make(folder))) {
        throw unfit(`${quote(folder)} is no folder; remove it, or give another directory`);
      }
    }
    const owner = await Owner.begin(plain, folders);
    try {
      const layout = new Layout(root, await isFolding(plain, owner));
      const locks = new Locks(layout, owner);
      const sidecars = new Sidecars(layout, folders);
      const inPlace = new InPlaceFiles(owner, limits);
      const site: Site = { layout, folders, owner, locks, sidecars, inPlace, limits };
      await expectAble(site);
      await sweep(site);
      return new FilesystemObjectStore(site);
    } catch (error) {
      await owner.end();
      throw error;
    }
  } catch (error) {
    throw error instanceof StowageError ? error : explained(error, path);
  }
}

function pathOf(directory: string | URL): string {
  if (directory === "") throw unfit('"" names no directory; give a path');
  if (typeof directory === "string") return resolve(directory);
  if (directory.protocol === "file:" && directory.host === "") return fileURLToPath(directory);
  throw unfit(`${quote(directory.href)} names no directory of this machine; give a file: URL`);
}

/** Resolves to the real path, which no link that is changed later leads elsewhere. */
async function makeRoot(path: string): Promise<string> {
  await makeMissing(path);
  const root = await realpath(path);
  if ((await lstat(root)).isDirectory()) return root;
  throw unfit(`${quote(path)} is a file; give a directory`);
}

/** As `mkdir -p`. Node's own tells of a missing folder where the disk is read-only. */
async function makeMissing(path: string): Promise<void> {
  if (await exists(path)) return;
  await makeMissing(dirname(path));
  await mkdir(path, FOLDER_MODE).catch((error: unknown) => {
    if (errnoOf(error) !== "EEXIST") throw error;
  });
}

/**
 * Expects of the disk what the promises rest on: hard links, so that of many creators one wins; and
 * fine times, so that two versions differ in theirs.
 */
async function expectAble(site: Site): Promise<void> {
  const held = site.locks.hold(`open-${site.owner.token}`, undefined, async () => undefined);
  await held.catch((error: unknown) => {
    if (!NO_LINKS.has(errnoOf(error) ?? "")) throw error;
    throw unfit(`the disk of ${quote(site.layout.root)} has no hard links; use another`);
  });
  const path = draftPath(site);
  const handle = await open(path, "wx", FILE_MODE);
  try {
    await handle.utimes(1.000512, 1.000512);
    const { mtimeNs } = await handle.stat({ bigint: true });
    if (mtimeNs % 1_000_000_000n !== 0n) return;
    throw unfit(`the disk of ${quote(site.layout.root)} knows whole seconds only; use another`);
  } finally {
    await handle.close();
    await unlink(path);
  }
}

const NO_LINKS: ReadonlySet<string> = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"]);

/** Whether the disk takes two spellings for one name: by case, or by the Unicode form. */
async function isFolding(layout: Layout, owner: Owner): Promise<boolean> {
  const name = `${owner.token}-é`.normalize("NFC");
  const path = join(layout.drafts, name);
  await (await open(path, "wx", FILE_MODE)).close();
  try {
    for (const other of [name.toUpperCase(), name.normalize("NFD")]) {
      if (await exists(join(layout.drafts, other))) return true;
    }
    return false;
  } finally {
    await unlink(path);
  }
}

async function exists(path: string): Promise<boolean> {
  return (await statsOf(path)) !== undefined;
}

function explained(error: unknown, path: string): StowageError {
  const errno = errnoOf(error);
  if (errno === "EEXIST" || errno === "ENOTDIR") {
    return unfit(`${quote(path)} is a file, or leads through one; give a directory`);
  }
  if (errno === "ENOENT") return unfit(`${quote(path)} is a link that leads to nothing`);
  return fromErrno(error, CALL);
}

function unfit(why: string): StowageError {
  return refusal(CALL, "invalid-config", why);
}
