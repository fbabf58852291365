import { readdir, rm, unlink } from "node:fs/promises";
import { join } from "node:path";
import { isObjectKey } from "../../domain/object-key.js";
import { statsOf } from "./find.js";
import { keyHash } from "./names.js";
import { readOwner } from "./owner.js";
import { recover } from "./publish.js";
import type { Site } from "./site.js";

/** Milliseconds after which what nobody is known to work on is taken for left behind. */
const LEFT_AFTER_MS = 24 * 60 * 60 * 1000;

/**
 * Removes what processes that were killed have left: drafts, attributes of versions that
 * never were, locks, and the files of the owners themselves.
 *
 * Uploads in progress stay, as somebody may want to go on with them.
 */
export async function sweep(site: Site): Promise<void> {
  await sweepDrafts(site);
  await site.locks.recover(async (name) => {
    const key = await site.sidecars.keyOf(name);
    if (key !== undefined && isObjectKey(key) && keyHash(key) === name) await recover(site, key);
  });
  // Last: by their files the others are told to be dead.
  await sweepOwners(site);
}

/** A draft is its owner's, whose token begins its name: of one who lives, none is touched. */
async function sweepDrafts(site: Site): Promise<void> {
  for (const name of await readdir(site.layout.drafts)) {
    const path = join(site.layout.drafts, name);
    const [token = ""] = name.split("-");
    if ((await isOld(path)) && !(await lives(site, token))) {
      await rm(path, { recursive: true, force: true });
    }
  }
}

async function sweepOwners(site: Site): Promise<void> {
  for (const name of await readdir(site.layout.owners)) {
    const path = join(site.layout.owners, name);
    const found = await readOwner(path);
    const liveness = found?.record && (await site.owner.livenessOf(found.record));
    const left = liveness === "dead" || (liveness !== "alive" && (await isOld(path)));
    if (left) await unlink(path).catch(() => undefined);
  }
}

async function lives(site: Site, token: string): Promise<boolean> {
  const found = await readOwner(join(site.layout.owners, `${token}.json`));
  return found?.record !== undefined && (await site.owner.livenessOf(found.record)) === "alive";
}

async function isOld(path: string): Promise<boolean> {
  const stats = await statsOf(path);
  return stats !== undefined && Date.now() - Number(stats.mtimeMs) > LEFT_AFTER_MS;
}
