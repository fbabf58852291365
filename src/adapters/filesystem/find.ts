import type { BigIntStats } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { StowageError } from "../../domain/errors.js";
import type { ObjectKey } from "../../domain/object-key.js";
import type { ObjectInfo } from "../../ports/object-store.js";
import { isNothing } from "./errors.js";
import { isRealFolder } from "./folders.js";
import { type Attributes, NO_ATTRIBUTES } from "./sidecars.js";
import type { Site } from "./site.js";
import { etagOf, modifiedAt } from "./versions.js";

/** Looks at an object that is replaced again and again, until it is given up. */
const MAX_LOOKS = 100;

/** A data file as it lies on the disk. */
export interface Found {
  readonly path: string;
  readonly stats: BigIntStats;
}

/** A data file with what is kept with it. */
export interface Described extends Found {
  readonly attributes: Attributes;
}

/**
 * Finds the data file of a key: at its plain path, or else in the annex. An object stays where it is
 * until it is deleted, so it cannot slip past a look in this order.
 *
 * Only files count: a symbolic link is never followed, neither as the file nor on the way to it.
 */
export async function find(site: Site, key: ObjectKey): Promise<Found | undefined> {
  for (const path of site.layout.places(key)) {
    const stats = await statsOf(path);
    if (!stats?.isFile() || !(await isRealFolder(dirname(path)))) continue;
    if (await isItself(site, key, { path, stats })) return { path, stats };
  }
  return undefined;
}

/** Finds the data file of a key and its attributes, which are those of this version. */
export async function describe(site: Site, key: ObjectKey): Promise<Described | undefined> {
  for (let look = 0; look < MAX_LOOKS; look++) {
    const found = await find(site, key);
    if (found === undefined) return undefined;
    const attributes = await site.sidecars.read(key, found.stats);
    if (attributes !== undefined) return { ...found, attributes };
    // Without a sidecar it was put there by hand, or it was replaced since, and its sidecar removed.
    const again = await find(site, key);
    if (again !== undefined && etagOf(again.stats) === etagOf(found.stats)) {
      return { ...found, attributes: NO_ATTRIBUTES };
    }
  }
  throw replacedTooOften();
}

export function replacedTooOften(): StowageError {
  return new StowageError(
    "conflict",
    "Cannot read the object: it is replaced over and over; try again",
  );
}

export function infoOf(key: ObjectKey, { stats, attributes }: Described): ObjectInfo {
  const { contentType, metadata, checksum } = attributes;
  return {
    key,
    size: Number(stats.size),
    etag: etagOf(stats),
    lastModified: modifiedAt(stats),
    contentType,
    metadata,
    checksum,
  };
}

/** What is at a path; `undefined` for nothing. */
export async function statsOf(path: string): Promise<BigIntStats | undefined> {
  try {
    return await lstat(path, { bigint: true });
  } catch (error) {
    if (isNothing(error)) return undefined;
    throw error;
  }
}

/** Whether a file is the one of its key, where a disk may give that of another spelling. */
async function isItself(site: Site, key: ObjectKey, found: Found): Promise<boolean> {
  if (!site.layout.folding) return true;
  if ((await site.sidecars.read(key, found.stats)) !== undefined) return true;
  return isSpeltSo(site, found.path);
}

/** Whether each name in a path below the root is on the disk as it is spelt. */
export async function isSpeltSo(site: Site, path: string): Promise<boolean> {
  if (!site.layout.folding) return true;
  for (let at = path; at !== site.layout.root; at = dirname(at)) {
    const names = await readdir(dirname(at)).catch((): string[] => []);
    if (!names.includes(basename(at))) return false;
  }
  return true;
}
