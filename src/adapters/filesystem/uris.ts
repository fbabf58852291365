import { lstatSync } from "node:fs";
import { relative } from "node:path";
import { pathToFileURL } from "node:url";
import { isObjectKey, type ObjectKey } from "../../domain/object-key.js";
import type { Layout } from "./layout.js";
import { annexKey, isReserved } from "./names.js";

/** The directory as a URI that ends in "/". */
export function locationOf({ root }: Layout): string {
  return `${pathToFileURL(root).href.replace(/\/$/, "")}/`;
}

/**
 * The URI of the file in which an object lies; that of its plain path while there is none.
 *
 * Other programs open the file by it, so it is looked for. A listing has just done the same: what the
 * system remembers costs as much again as to write the URI, some millionths of a second.
 */
export function uriOf(layout: Layout, key: ObjectKey): string {
  const there = layout.places(key).find((path) => isFile(path));
  return pathToFileURL(there ?? layout.newPlaces(key)[0] ?? layout.plain(key)).href;
}

/**
 * The key of an object by the URI of either place in which it may lie. Nothing is looked for, as the
 * object may be gone.
 *
 * A URI may escape more than `uriOf` does, as that of another program may. A raw "?" or "#" ends a
 * path, so what has one is no URI of a file.
 */
export function keyOfUri(layout: Layout, uri: string): ObjectKey | undefined {
  const location = locationOf(layout);
  if (!uri.startsWith(location) || /[?#]/.test(uri)) return undefined;
  const segments = uri.slice(location.length).split("/").map(decoded);
  if (segments.some((segment) => segment === undefined || segment.includes("/"))) return undefined;
  const path = segments.join("/");
  const annex = `${relative(layout.root, layout.annex)}/`;
  if (path.startsWith(annex)) return annexKey(path.slice(annex.length));
  return isObjectKey(path) && !isReserved(path) ? path : undefined;
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

function isFile(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
  } catch {
    return false;
  }
}
