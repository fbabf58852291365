import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { isObjectKey, type ObjectKey, segmentFault } from "../../domain/object-key.js";
import { compareUtf8 } from "../../domain/utf8.js";
import type { ListEntry, ListOptions } from "../../ports/object-store.js";
import { isNothing } from "./errors.js";
import { isSpeltSo, statsOf } from "./find.js";
import { isRealFolder } from "./folders.js";
import { ANNEX_FILE, annexFolders, annexSegment, mayGoOn, OWN_FOLDER } from "./names.js";
import type { Site } from "./site.js";
import { etagOf, modifiedAt } from "./versions.js";

/** Files looked at at once. The system's threads are four, and others want some. */
const STATS_AT_ONCE = 32;

/** A folder of keys: a plain one, one of the annex, or both. */
interface Folder {
  /** What its keys begin with: "" or a text that ends in "/". */
  readonly prefix: string;
  readonly plain?: string | undefined;
  readonly annex?: string | undefined;
}

/** What may be an object, or hold some: found by name, not looked at yet. */
type Candidate =
  | { readonly kind: "object"; readonly name: string; readonly paths: readonly string[] }
  | { readonly kind: "folder"; readonly name: string; readonly folder: Folder };

/**
 * Lists objects in the order of their keys. A folder is read when its keys are due, and not at all
 * when none of them is wanted.
 */
export async function* list(site: Site, options: ListOptions): AsyncGenerator<ListEntry> {
  const { prefix = "", delimiter, startAfter = "", pageSize = 1000, signal } = options;
  const start = await folderOf(site, prefix.slice(0, prefix.lastIndexOf("/") + 1));
  const wanted: Wanted = { prefix, startAfter };
  let page: Candidate[] = [];
  for await (const candidate of walk(start, wanted, delimiter !== undefined)) {
    page.push(candidate);
    if (page.length < pageSize) continue;
    yield* look(page, signal);
    page = [];
  }
  yield* look(page, signal);
}

interface Wanted {
  readonly prefix: string;
  readonly startAfter: string;
}

/** Goes through folders depth first, with one list of names per level in memory. */
async function* walk(start: Folder, wanted: Wanted, flat: boolean): AsyncGenerator<Candidate> {
  const levels = [await childrenOf(start, wanted)];
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const candidate = level.pop();
    if (candidate === undefined) levels.pop();
    else if (candidate.kind === "object" || flat) {
      if (compareUtf8(candidate.name, wanted.startAfter) > 0) yield candidate;
    } else levels.push(await childrenOf(candidate.folder, wanted));
  }
}

/** Looks at candidates: what was deleted since they were found, or is no file, is left out. */
async function* look(
  page: readonly Candidate[],
  signal: AbortSignal | undefined,
): AsyncGenerator<ListEntry> {
  for (let at = 0; at < page.length; at += STATS_AT_ONCE) {
    signal?.throwIfAborted();
    const some = page.slice(at, at + STATS_AT_ONCE);
    const entries = await Promise.all(some.map((candidate) => entryOf(candidate)));
    for (const entry of entries) {
      signal?.throwIfAborted();
      if (entry !== undefined) yield entry;
    }
  }
}

async function entryOf(candidate: Candidate): Promise<ListEntry | undefined> {
  if (candidate.kind === "folder") {
    const { folder } = candidate;
    return (await holdsObjects(folder)) ? { kind: "prefix", prefix: folder.prefix } : undefined;
  }
  for (const path of candidate.paths) {
    const stats = await statsOf(path);
    if (!stats?.isFile()) continue;
    return {
      kind: "object",
      key: candidate.name as ObjectKey,
      size: Number(stats.size),
      etag: etagOf(stats),
      lastModified: modifiedAt(stats),
    };
  }
  return undefined;
}

async function holdsObjects(folder: Folder): Promise<boolean> {
  const everything = { prefix: folder.prefix, startAfter: "" };
  for await (const candidate of walk(folder, everything, false)) {
    if ((await entryOf(candidate)) !== undefined) return true;
  }
  return false;
}

/** The candidates of a folder that may be wanted, the last first: they are taken from the end. */
async function childrenOf(folder: Folder, wanted: Wanted): Promise<Candidate[]> {
  const found = new Map<string, { file?: string; plain?: string; annex?: string }>();
  const at = (segment: string) => {
    const child = found.get(segment) ?? {};
    found.set(segment, child);
    return child;
  };
  for (const entry of await entriesOf(folder.plain)) {
    if (folder.prefix === "" && entry.name === OWN_FOLDER) continue;
    if (entry.isFile()) at(entry.name).file = join(entry.parentPath, entry.name);
    // Never through a symbolic link, which is neither.
    if (entry.isDirectory()) at(entry.name).plain = join(entry.parentPath, entry.name);
  }
  for (const { segment, path } of await annexSegmentsOf(folder.annex)) at(segment).annex = path;

  const candidates: Candidate[] = [];
  for (const [segment, { file, plain, annex }] of found) {
    if (segmentFault(segment) !== undefined) continue;
    const name = folder.prefix + segment;
    const paths = [file, annex && join(annex, ANNEX_FILE)].filter((path) => path !== undefined);
    const inside = `${name}/`;
    if (paths.length > 0 && isWantedKey(name, wanted)) {
      candidates.push({ kind: "object", name, paths });
    }
    if ((plain ?? annex) !== undefined && isWantedFolder(inside, wanted)) {
      candidates.push({ kind: "folder", name: inside, folder: { prefix: inside, plain, annex } });
    }
  }
  return inDescendingOrder(candidates);
}

function isWantedKey(key: string, { prefix, startAfter }: Wanted): boolean {
  return key.startsWith(prefix) && compareUtf8(key, startAfter) > 0 && isObjectKey(key);
}

/** Whether keys in a folder may have the prefix, and come after what is to be left out. */
function isWantedFolder(inside: string, { prefix, startAfter }: Wanted): boolean {
  const after = startAfter.startsWith(inside) || compareUtf8(inside, startAfter) > 0;
  return after && (inside.startsWith(prefix) || prefix.startsWith(inside));
}

/** By UTF-8 bytes. A folder's name ends in "/", as its keys go on. */
function inDescendingOrder(candidates: Candidate[]): Candidate[] {
  // Only a surrogate pair makes the order of code units, which is the faster to find, another.
  const pairs = candidates.some(({ name }) => /[\ud800-\udfff]/.test(name));
  return candidates.sort((a, b) =>
    pairs ? compareUtf8(b.name, a.name) : a.name < b.name ? 1 : a.name > b.name ? -1 : 0,
  );
}

/** The folder of the keys that begin with a text that is "" or ends in "/". */
async function folderOf(site: Site, prefix: string): Promise<Folder> {
  const { layout } = site;
  if (prefix === "") return { prefix, plain: layout.root, annex: layout.annex };
  const segments = prefix.slice(0, -1).split("/");
  if (segments.some((segment) => segmentFault(segment) !== undefined)) return { prefix };
  const plain = layout.plain(prefix.slice(0, -1));
  const annex = join(layout.annex, ...segments.flatMap(annexFolders));
  const isPlain =
    segments[0] !== OWN_FOLDER && (await isRealFolder(plain)) && (await isSpeltSo(site, plain));
  return { prefix, plain: isPlain ? plain : undefined, annex };
}

async function entriesOf(folder: string | undefined): Promise<readonly Dirent[]> {
  if (folder === undefined) return [];
  return readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (isNothing(error)) return [];
    throw error;
  });
}

/** The segments below a folder of the annex, with their folders, put together from their pieces. */
async function annexSegmentsOf(
  folder: string | undefined,
): Promise<readonly { readonly segment: string; readonly path: string }[]> {
  const found: { segment: string; path: string }[] = [];
  const gather = async (mark: "_" | "+", before: string, path: string): Promise<void> => {
    for (const entry of await entriesOf(path)) {
      if (!entry.isDirectory() || !entry.name.startsWith(mark)) continue;
      const piece = entry.name.slice(1);
      const segment = annexSegment(before + piece);
      const inside = join(path, entry.name);
      if (segment !== undefined) found.push({ segment, path: inside });
      if (mayGoOn(piece)) await gather("+", before + piece, inside);
    }
  };
  if (folder !== undefined) await gather("_", "", folder);
  return found;
}
