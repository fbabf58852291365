import type { BigIntStats } from "node:fs";
import { join, relative, sep } from "node:path";
import { quote } from "../../domain/errors.js";
import type { ObjectKey } from "../../domain/object-key.js";
import { type Call, refusal } from "./errors.js";
import { find, statsOf } from "./find.js";
import type { Site } from "./site.js";

/**
 * Expects that a new object of a key can have its place, before anything is done for it.
 *
 * @throws `invalid-config`.
 */
export async function expectPlace(site: Site, call: Call, key: ObjectKey): Promise<void> {
  if ((await find(site, key)) !== undefined) return;
  const [place] = site.layout.newPlaces(key);
  if (place !== undefined) await expectNoObstacle(site, call, place);
}

/**
 * Expects nothing at a path, or on the way to it, but folders and files. A file there is an object of
 * its own, and sends the new one to the annex.
 *
 * A link is somebody's wish to have objects elsewhere: followed, it could lead anywhere; gone around in
 * silence, it would leave them where nobody looks for them.
 *
 * @throws `invalid-config`, naming what is in the way.
 */
export async function expectNoObstacle(site: Site, call: Call, path: string): Promise<void> {
  let at = site.layout.root;
  for (const name of relative(at, path).split(sep)) {
    at = join(at, name);
    const there = await statsOf(at);
    if (there === undefined || there.isFile()) return;
    if (!there.isDirectory()) throw obstructed(call, at, there);
  }
}

function obstructed(call: Call, path: string, there: BigIntStats): Error {
  const isLink = there.isSymbolicLink();
  const why = isLink
    ? "is a symbolic link, and no object is stored through one"
    : "is neither a file nor a folder";
  const remedy = isLink
    ? "Remove it, or open the store in a directory on the disk that it leads to"
    : "Remove it, or open the store in another directory";
  return refusal(call, "invalid-config", `${quote(path)} ${why}`, { remedy });
}
