import type { BigIntStats } from "node:fs";
import { link, lstat, rename, rmdir, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { StowageError } from "../../domain/errors.js";
import type { ObjectKey } from "../../domain/object-key.js";
import type { When, WriteResult } from "../../ports/object-store.js";
import { expectCondition } from "./conditions.js";
import type { Draft } from "./drafts.js";
import { type Call, errnoOf, fromErrno, isNothing, refusal } from "./errors.js";
import { type Found, find, isSpeltSo } from "./find.js";
import { isRealFolder } from "./folders.js";
import type { Held } from "./locks.js";
import { keyHash } from "./names.js";
import { expectNoObstacle } from "./obstacles.js";
import type { Attributes } from "./sidecars.js";
import type { Site } from "./site.js";
import { etagOf } from "./versions.js";

/** Tries to give a name that folders being removed by others can spoil. */
const MAX_TRIES = 100;

/** A write that is ready but for its name. */
export interface Publication {
  readonly call: Call;
  readonly key: ObjectKey;
  readonly draft: Draft;
  /** Of the draft, once it is finished. */
  readonly stats: BigIntStats;
  readonly attributes: Attributes;
  readonly when?: When | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Gives a finished draft the name of its object, when the condition holds.
 *
 * The order matters: attributes first, or readers would find bytes without them; then the name; then
 * the sync of the folder; and only then are the attributes of the old version removed, or a power
 * cut could bring back the old bytes without them.
 */
export async function publish(site: Site, publication: Publication): Promise<WriteResult> {
  const { call, key, draft, stats, attributes, when, signal } = publication;
  return underLock(site, key, signal, async (held) => {
    const found = await find(site, key);
    expectCondition(call, found, when);
    try {
      await site.sidecars.write(key, stats, attributes);
      held.expectHeld();
      const path = await giveName(site, publication, found);
      await afterwards(call, async () => {
        await draft.discard();
        await site.folders.sync(dirname(path));
        await site.sidecars.tidy(key, stats);
      });
    } catch (error) {
      // Goes by what is there, as an error may hide that the name was given.
      await recover(site, key).catch(() => undefined);
      throw error;
    }
    return { size: Number(stats.size), etag: etagOf(stats) };
  });
}

/** Removes an object, when the condition holds: its data file first, and then its attributes. */
export async function unpublish(
  site: Site,
  call: Call,
  key: ObjectKey,
  when: When | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  await underLock(site, key, signal, async (held) => {
    const found = await find(site, key);
    expectCondition(call, found, when);
    if (found === undefined) return;
    held.expectHeld();
    // A file in the annex may hide behind one that was put at the plain path by hand.
    const paths = [...new Set([site.layout.annexed(key), found.path])];
    for (const path of paths) await removeFile(path);
    try {
      await afterwards(call, async () => {
        for (const path of paths) {
          await site.folders.prune(dirname(path), site.layout.topOf(path));
          await site.folders.sync(dirname(path));
        }
        await site.sidecars.tidy(key, undefined);
      });
    } catch (error) {
      await recover(site, key).catch(() => undefined);
      throw error;
    }
  });
}

/** Does work on a key that no other process does meanwhile, after what a dead one has left. */
async function underLock<T>(
  site: Site,
  key: ObjectKey,
  signal: AbortSignal | undefined,
  work: (held: Held) => Promise<T>,
): Promise<T> {
  return site.locks.hold(keyHash(key), signal, async (held) => {
    if (held.inherited) await recover(site, key);
    return work(held);
  });
}

/** Removes the attributes of versions that are not there. Called under the lock of the key. */
export async function recover(site: Site, key: ObjectKey): Promise<void> {
  await site.sidecars.tidy(key, (await find(site, key))?.stats);
}

async function removeFile(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (!isNothing(error)) throw error;
  });
}

/** Resolves to the path that the draft was given. */
async function giveName(
  site: Site,
  { call, key, draft, when }: Publication,
  found: Found | undefined,
): Promise<string> {
  let there = found;
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    if (there !== undefined) {
      await rename(draft.path, there.path);
      return there.path;
    }
    for (const path of site.layout.newPlaces(key)) {
      const made = await giveNewName(site, draft, path);
      if (made === "named") return path;
      if (made === "taken") break;
      await expectNoObstacle(site, call, path);
    }
    // Another program has put a file there since.
    there = await find(site, key);
    expectCondition(call, there, when);
  }
  throw refusal(call, "conflict", "others change the same folders over and over; try again");
}

/**
 * Links the draft to a path at which there is no object.
 *
 * A link never replaces: what comes to the path meanwhile, by whomever, makes it `taken`. A path is
 * `occupied` when something that is no object is at it or on the way to it, or no disk can hold it.
 */
async function giveNewName(
  site: Site,
  draft: Draft,
  path: string,
): Promise<"named" | "taken" | "occupied"> {
  const folder = dirname(path);
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    try {
      if (!(await isRealFolder(folder)) && !(await site.folders.make(folder))) return "occupied";
      await link(draft.path, path);
      return "named";
    } catch (error) {
      if (errnoOf(error) === "EEXIST") {
        const there = await whatIsAt(site, path);
        if (there !== "nothing") return there;
      } else if (errnoOf(error) === "ENOENT") {
        // The folder was removed since, as it was empty: or the draft, or the whole directory.
        await lstat(draft.path);
      } else if (isNothing(error)) {
        return "occupied";
      } else {
        throw error;
      }
    }
  }
  return "occupied";
}

async function whatIsAt(site: Site, path: string): Promise<"taken" | "occupied" | "nothing"> {
  try {
    const there = await lstat(path);
    if (there.isFile()) return (await isSpeltSo(site, path)) ? "taken" : "occupied";
    if (!there.isDirectory()) return "occupied";
    // An empty folder is nothing to an object store, and would keep the object off its plain path.
    await rmdir(path);
    return "nothing";
  } catch (error) {
    return errnoOf(error) === "ENOENT" ? "nothing" : "occupied";
  }
}

/** Does what follows a change: if it fails, the change may or may not outlast a power cut. */
async function afterwards(call: Call, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const told = error instanceof StowageError ? error : fromErrno(error, call);
    throw told.with({ outcome: "unknown" });
  }
}
