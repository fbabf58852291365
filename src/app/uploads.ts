import type { Checksum } from "../domain/checksum.js";
import { quote, StowageError } from "../domain/errors.js";
import type { Metadata } from "../domain/metadata.js";
import type { ObjectKey } from "../domain/object-key.js";
import { ownerId } from "../domain/owner.js";
import { checkFilename, uploadKey } from "../domain/upload-key.js";
import type { Journal } from "../ports/journal.js";
import type { Encryption } from "../ports/object-store.js";
import type { OpenSource, Source, SourceIdentity } from "../ports/source.js";
import { hashSource, type SourceHash } from "./source-hash.js";
import type { Progress, Uploaded, UploadRequest } from "./stowage.js";
import { attributesFor, checkWords, recordedSha256 } from "./upload-attributes.js";
import { partMemory, Rooms } from "./uploader/part-memory.js";
import { prepare } from "./uploader/prepare.js";
import { uploadObject } from "./uploader/upload-object.js";
import type { ObjectUpload, Prepared, Sent, Uploader } from "./uploader/uploader.js";

/** What uploads are made with. */
export interface Uploads extends Uploader {
  readonly openSource: OpenSource;
  readonly encryption: Encryption | undefined;
  /** Bytes that all uploads of the process may hold. */
  readonly memoryBudgetBytes: number;
  readonly journal: Journal | undefined;
}

/** Keys tried for one upload: as many files of one name in one second are a mistake elsewhere. */
const MOST_KEYS = 1_000;

/**
 * Stores a user's file under a key of its own below `root`.
 *
 * The order matters: all input is checked, then the source opened, then the first request sent.
 */
export async function upload(
  uploads: Uploads,
  root: string,
  request: UploadRequest,
): Promise<Uploaded> {
  const { signal } = request;
  const owner = ownerId(request.userId);
  if (request.name !== undefined) checkFilename(request.name);
  checkWords(request);
  checkBytes("size", request.size);
  checkBytes("sizeHint", request.sizeHint);
  checkSha256(request.sha256);
  signal?.throwIfAborted();

  const at = uploads.clock.now();
  using rooms = new Rooms(partMemory, uploads.memoryBudgetBytes, signal);
  await using source = await uploads.openSource(request.source, { signal });
  checkSize(source, request.size);
  const filename = request.name ?? source.filename;
  if (filename === undefined) {
    throw new StowageError(
      "invalid-argument",
      "Cannot upload a source that has no file name: give one as name",
      { operation: "upload" },
    );
  }
  const key = (attempt: number) => uploadKey({ root, owner, at, filename, attempt });
  // The number of the last try takes room too.
  key(MOST_KEYS);
  const { sha256 } = request;
  const attributes = attributesFor(
    uploads.clock,
    at,
    filename,
    request,
    sha256 ? NO_SHA256 : undefined,
  );
  const { contentType, writeToken } = attributes;
  const hash = sha256 ? await hashOf(uploads, source, request) : undefined;
  const metadata = { ...attributes.metadata, ...(hash && { sha256: hash.sha256 }) };

  const { identity } = source;
  const hashed = hash?.checksum;
  const about = { at, contentType, metadata, writeToken, identity, hashed };
  const object = (attempt: number) => objectOf(uploads, key(attempt), about, request);
  const { sent, stored } = await underFreeKey(uploads, source, rooms, request, object);
  return uploadedAs(uploads, stored, sent);
}

/** What one object is, and how whoever uploads it is told of it. */
export interface About {
  readonly at: Date;
  readonly contentType: string;
  readonly metadata: Metadata;
  readonly writeToken: string;
  readonly identity: SourceIdentity | undefined;
  /** Of the source's bytes, where they were read before. */
  readonly hashed: Checksum | undefined;
}

/** One try at storing an object, under a key that is not to be taken. */
export function objectOf(
  uploads: Uploads,
  key: ObjectKey,
  { at: beganAt, contentType, metadata, writeToken, identity, hashed }: About,
  { signal, onProgress }: Pick<UploadRequest, "signal" | "onProgress">,
): ObjectUpload {
  const { encryption, journal } = uploads;
  const { location } = uploads.store.facts;
  const kept = { contentType, metadata, writeToken, encryption };
  const start = { location, key, beganAt, ...kept, source: identity };
  return {
    key,
    ...kept,
    when: { absent: true },
    hashed,
    signal,
    onProgress: (doneBytes, totalBytes) => tell(onProgress, { key, doneBytes, totalBytes }),
    record: journal && ((partBytes) => journal.begin({ ...start, partBytes })),
  };
}

/** What is told of an object that was stored. */
export function uploadedAs(uploads: Uploads, object: ObjectUpload, sent: Sent): Uploaded {
  const { key, contentType, metadata, encryption } = object;
  const atRest = encryption?.algorithm ?? "none";
  const sha256 = recordedSha256(metadata);
  const uri = uploads.store.uri(key);
  return { uri, key, ...sent, sha256, contentType, metadata, encryption: atRest };
}

/**
 * Tries one key after the other until one is free. Bytes at hand are just sent again. A source in
 * parts looks for a free key first, which no other upload of this process is after, since its parts
 * are bound to the key; when another process takes it meanwhile, the source is opened again, and a
 * stream, which cannot be, is refused with `already-exists`.
 */
async function underFreeKey(
  uploads: Uploads,
  source: Source,
  rooms: Rooms,
  request: UploadRequest,
  object: (attempt: number) => ObjectUpload,
): Promise<{ sent: Sent; stored: ObjectUpload }> {
  const { signal } = request;
  let prepared: Prepared | undefined = await prepare(uploads, source, rooms, signal, request);
  for (let attempt = 1; attempt <= MOST_KEYS; attempt++) {
    const next = object(attempt);
    // Before it is looked for on the store: an answer may be out of date when it comes.
    if (uploads.running.count(next.key) > 0) continue;
    using _ = uploads.running.one(next.key);
    if (prepared?.kind !== "whole" && (await isTaken(uploads, next))) continue;
    try {
      if (prepared !== undefined) {
        return { sent: await uploadObject(uploads, source, prepared, next), stored: next };
      }
      await using again = await uploads.openSource(request.source, { signal });
      const readAgain = await prepare(uploads, again, rooms, signal, request);
      return { sent: await uploadObject(uploads, again, readAgain, next), stored: next };
    } catch (error) {
      const taken = error instanceof StowageError && error.code === "already-exists";
      if (!taken || error.outcome !== "not-applied") throw error;
      if (prepared?.kind === "whole") continue;
      if (source.size === undefined) throw error;
      prepared = undefined;
    }
  }
  throw new StowageError(
    "already-exists",
    `Cannot upload ${quote(object(1).key)}: it is taken, and so are the next ${MOST_KEYS - 1} numbers`,
    { operation: "upload", key: object(1).key, outcome: "not-applied" },
  );
}

/** A courtesy that saves sending parts in vain. Who may write need not be allowed to look. */
async function isTaken(uploads: Uploads, { key, signal }: ObjectUpload): Promise<boolean> {
  return uploads.store.head(key, { signal }).then(
    () => true,
    (error: unknown) => {
      if (error instanceof StowageError) return false;
      throw error;
    },
  );
}

/** To tell of progress must not undo what has been stored: what a listener throws is dropped. */
export function tell(
  listener: ((progress: Progress) => void) | undefined,
  progress: Progress,
): void {
  try {
    listener?.(progress);
  } catch {}
}

function checkBytes(name: "size" | "sizeHint", bytes: number | undefined): void {
  if (bytes === undefined || (Number.isSafeInteger(bytes) && bytes >= 0)) return;
  throw new StowageError(
    "invalid-argument",
    `Cannot use ${name} ${quote(bytes)}: give a whole number of bytes, or leave it out`,
    { operation: "upload" },
  );
}

function checkSha256(asked: unknown): void {
  if (asked === undefined || typeof asked === "boolean") return;
  throw new StowageError(
    "invalid-argument",
    `Cannot use sha256 ${quote(asked)}: give true to have it computed and recorded, or leave it out`,
    { operation: "upload" },
  );
}

/** In the place of a hash that is still to come, so that too much metadata is found before it. */
const NO_SHA256 = "0".repeat(64);

/** Reads the source once, before anything is sent. */
function hashOf(
  { openSource }: Uploads,
  source: Source,
  request: UploadRequest,
): Promise<SourceHash> {
  if (source.size === undefined) {
    throw new StowageError(
      "invalid-argument",
      "Cannot record the SHA-256 of a stream: it would have to be read twice, as the hash is kept from the start; upload it from a file or from bytes, or leave out sha256",
      { operation: "upload" },
    );
  }
  return hashSource(openSource, request.source, request.signal);
}

/** A source that has a size of its own has that, whatever is told of it. */
function checkSize(source: Source, told: number | undefined): void {
  if (told === undefined || source.size === undefined || source.size === told) return;
  throw new StowageError(
    "source-changed",
    `Cannot upload the source: it has ${source.size} bytes, not the ${told} told`,
    { operation: "upload" },
  );
}
