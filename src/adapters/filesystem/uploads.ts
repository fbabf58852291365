import { randomBytes } from "node:crypto";
import type { BigIntStats } from "node:fs";
import { readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { crc32Checksum } from "../../domain/checksum.js";
import { quote, StowageError } from "../../domain/errors.js";
import type { ObjectKey } from "../../domain/object-key.js";
import { isObjectKey } from "../../domain/object-key.js";
import { compareUtf8 } from "../../domain/utf8.js";
import type { Part, Upload, UploadFilter, UploadSummary } from "../../ports/multipart-store.js";
import { Draft, draftPath } from "./drafts.js";
import { type Call, errnoOf, isNothing, refusal } from "./errors.js";
import { statsOf } from "./find.js";
import { writeWhole } from "./folders.js";
import { storeInPlace } from "./in-place.js";
import type { SentPart } from "./parts.js";
import { recordedParts, type TimedPart } from "./records.js";
import { type Attributes, isAttributes, parseJson } from "./sidecars.js";
import type { Site } from "./site.js";
import { etagOf } from "./versions.js";

/** The file of an upload that tells what it is. */
const RECORD = "upload.json";

/** The file of a part that has one of its own: its number, and the CRC-32 of its bytes. */
const PART_NAME = /^(\d{5})-([0-9a-f]{8})$/;

const STATS_AT_ONCE = 32;

/** An upload in progress, as its folder tells of it. */
export interface OpenUpload extends UploadSummary {
  readonly folder: string;
  readonly attributes: Attributes;
}

export interface StoredPart extends Part {
  readonly path: string;
  /** Its offset in the file, in bytes. */
  readonly at: number;
  readonly crc: number;
}

export async function beginUpload(
  site: Site,
  key: ObjectKey,
  attributes: Attributes,
): Promise<Upload> {
  const uploadId = randomBytes(16).toString("hex");
  const record = { key, startedAt: new Date().toISOString(), ...attributes };
  const draft = draftPath(site);
  await site.folders.make(site.layout.uploads);
  await site.folders.make(draft);
  const folder = site.layout.upload(uploadId);
  try {
    await writeWhole(join(draft, RECORD), `${JSON.stringify(record)}\n`);
    await site.folders.sync(draft);
    // At once, so that whoever finds the folder finds the record in it.
    await rename(draft, folder);
    await site.folders.sync(site.layout.uploads);
  } catch (error) {
    for (const left of [draft, folder]) {
      await rm(left, { recursive: true, force: true }).catch(() => undefined);
    }
    throw error;
  }
  return { key, uploadId };
}

/** @throws `upload-not-found`. */
export async function findUpload(
  site: Site,
  call: Call,
  { key, uploadId }: Upload,
): Promise<OpenUpload> {
  // An id that is none of the store's own is never made a path of.
  const upload = isUploadId(uploadId) ? await readUpload(site, uploadId) : undefined;
  if (upload?.key === key) return upload;
  throw unknownUpload(call, uploadId);
}

export function unknownUpload(call: Call, uploadId: string): Error {
  return refusal(
    call,
    "upload-not-found",
    `upload ${quote(uploadId)} was never begun, or is completed or aborted`,
  );
}

/** The uploads of a key, or of all keys that begin with a text, in the order of their keys. */
export async function selectUploads(
  site: Site,
  of: UploadFilter,
  signal: AbortSignal | undefined,
): Promise<readonly UploadSummary[]> {
  const found: UploadSummary[] = [];
  for (const name of await namesIn(site.layout.uploads)) {
    signal?.throwIfAborted();
    const upload = isUploadId(name) ? await readUpload(site, name) : undefined;
    if (upload === undefined) continue;
    const { key, uploadId, startedAt } = upload;
    const wanted = of.key === undefined ? key.startsWith(of.prefix) : key === of.key;
    if (wanted) found.push({ key, uploadId, startedAt });
  }
  return found.sort(
    (a, b) => compareUtf8(a.key, b.key) || a.startedAt.getTime() - b.startedAt.getTime(),
  );
}

/** Takes an upload away at once, so that nobody finds half of it, and then removes its files. */
export async function removeUpload(site: Site, uploadId: string): Promise<void> {
  site.inPlace.forget(uploadId);
  const gone = draftPath(site);
  try {
    await rename(site.layout.upload(uploadId), gone);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return;
    throw error;
  }
  try {
    await site.folders.sync(site.layout.uploads);
  } finally {
    await rm(gone, { recursive: true, force: true });
  }
}

/** Stores a part, instead of one of its number: in its place, if it can be given one. */
export async function storePart(
  site: Site,
  call: Call,
  upload: Upload,
  part: SentPart,
  signal: AbortSignal | undefined,
): Promise<Part> {
  const { uploadId } = upload;
  // Claimed in the order of the calls, as the first part tells how long the others are to be.
  const place = site.inPlace.findOrBegin(uploadId).claim(part.partNumber, part.size);
  try {
    const { folder } = await findUpload(site, call, upload);
    const stored = place && (await storeInPlace(site, folder, place, part, signal));
    return stored ?? (await storeApart(site, folder, part, signal));
  } catch (error) {
    // Completed or aborted, by whomever, before or meanwhile.
    const gone = errnoOf(error) === "ENOENT" ? unknownUpload(call, uploadId) : error;
    if (gone instanceof StowageError && gone.code === "upload-not-found") {
      site.inPlace.forget(uploadId);
    }
    throw gone;
  } finally {
    place?.release();
  }
}

/** Stores a part in a file of its own. */
async function storeApart(
  site: Site,
  folder: string,
  { partNumber, writeTo }: SentPart,
  signal: AbortSignal | undefined,
): Promise<Part> {
  const draft = await Draft.begin(site);
  try {
    const crc = await writeTo((piece) => draft.write(piece, signal));
    const stats = await draft.finish();
    signal?.throwIfAborted();
    await rename(draft.path, join(folder, nameOfPart(partNumber, crc)));
    await site.folders.sync(folder);
    return partOf(partNumber, crc, stats);
  } finally {
    await draft.discard();
  }
}

/**
 * An upload, and its parts in the order of their numbers.
 *
 * @throws `upload-not-found`, also where an abort takes it away while its parts are read.
 */
export async function readWithParts(
  site: Site,
  call: Call,
  upload: Upload,
): Promise<{ readonly open: OpenUpload; readonly stored: readonly StoredPart[] }> {
  const open = await findUpload(site, call, upload);
  const stored = await storedParts(site, open);
  await findUpload(site, call, upload);
  return { open, stored };
}

async function storedParts(site: Site, { folder }: OpenUpload): Promise<readonly StoredPart[]> {
  const names = await namesIn(folder);
  const found = [
    ...(await recordedParts(site, folder, names)),
    ...(await partsApart(folder, names)),
  ];
  const newest = new Map<number, TimedPart>();
  for (const one of found) {
    // A part that was sent again is there twice: the later one counts.
    const before = newest.get(one.part.partNumber);
    if (before === undefined || before.timeNs <= one.timeNs) newest.set(one.part.partNumber, one);
  }
  const parts = [...newest.values()].map(({ part }) => part);
  return parts.sort((a, b) => a.partNumber - b.partNumber);
}

async function partsApart(folder: string, names: readonly string[]): Promise<readonly TimedPart[]> {
  const files = names.filter((name) => PART_NAME.test(name));
  const found: (TimedPart | undefined)[] = [];
  for (let at = 0; at < files.length; at += STATS_AT_ONCE) {
    const some = files.slice(at, at + STATS_AT_ONCE);
    found.push(...(await Promise.all(some.map((name) => partApart(folder, name)))));
  }
  return found.filter((part) => part !== undefined);
}

async function partApart(folder: string, name: string): Promise<TimedPart | undefined> {
  const [, number = "", crc = ""] = PART_NAME.exec(name) ?? [];
  const path = join(folder, name);
  const stats = await statsOf(path);
  if (!stats?.isFile()) return undefined;
  const value = Number.parseInt(crc, 16);
  const part = { ...partOf(Number(number), value, stats), path, at: 0, crc: value };
  return { part, timeNs: stats.mtimeNs };
}

function partOf(partNumber: number, crc: number, stats: BigIntStats): Part {
  const checksum = crc32Checksum(crc);
  return { partNumber, size: Number(stats.size), etag: etagOf(stats), checksum };
}

function nameOfPart(partNumber: number, crc: number): string {
  return `${String(partNumber).padStart(5, "0")}-${crc.toString(16).padStart(8, "0")}`;
}

export function isUploadId(id: unknown): boolean {
  return typeof id === "string" && /^[0-9a-f]{32}$/.test(id);
}

async function readUpload(site: Site, uploadId: string): Promise<OpenUpload | undefined> {
  const folder = site.layout.upload(uploadId);
  const text = await readFile(join(folder, RECORD), "utf8").catch((error: unknown) => {
    if (isNothing(error)) return undefined;
    throw error;
  });
  const record = text === undefined ? undefined : parseJson(text);
  if (!isRecord(record)) return undefined;
  const { key, startedAt, contentType, metadata } = record;
  const attributes = { contentType, metadata };
  return { key, uploadId, startedAt: new Date(startedAt), folder, attributes };
}

interface UploadRecord extends Attributes {
  readonly key: ObjectKey;
  readonly startedAt: string;
}

function isRecord(value: unknown): value is UploadRecord {
  if (!isAttributes(value) || !("key" in value && "startedAt" in value)) return false;
  const { key, startedAt } = value;
  return typeof key === "string" && isObjectKey(key) && typeof startedAt === "string";
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch((error: unknown) => {
    if (isNothing(error)) return [];
    throw error;
  });
}
