import { crc32 } from "node:zlib";
import { type Checksum, combineCrc32, crc32Checksum, crc32Number } from "../domain/checksum.js";
import { quote, StowageError } from "../domain/errors.js";
import { RESERVED_METADATA } from "../domain/metadata.js";
import { ownerId } from "../domain/owner.js";
import { planUpload } from "../domain/upload-plan.js";
import type { Journal, RecordedPart, SessionRecord, UploadSession } from "../ports/journal.js";
import type { Part, Upload } from "../ports/multipart-store.js";
import type { ObjectInfo } from "../ports/object-store.js";
import type { Source, SourceIdentity } from "../ports/source.js";
import type { Roots } from "./references.js";
import {
  type Belonging,
  dropSession,
  dropUnanswered,
  expectJournal,
  limitOf,
  sessionsOf,
} from "./sessions.js";
import { hashSource } from "./source-hash.js";
import type { ResumeRequest, Uploaded } from "./stowage.js";
import { recordedSha256 } from "./upload-attributes.js";
import { findOut, landed } from "./uploader/outcome.js";
import { partMemory, Rooms } from "./uploader/part-memory.js";
import { inParts, prepare } from "./uploader/prepare.js";
import { uploadObject } from "./uploader/upload-object.js";
import type { ObjectUpload, Sent } from "./uploader/uploader.js";
import { objectOf, type Uploads, upload, uploadedAs } from "./uploads.js";

/** A session that is being resumed. */
interface Resumption {
  readonly uploads: Uploads;
  readonly journal: Journal;
  readonly root: string;
  readonly belonging: Belonging;
  readonly record: SessionRecord;
  /** The file as it was when its upload began. */
  readonly identity: SourceIdentity;
  readonly request: ResumeRequest;
}

/**
 * Goes on with an upload on record. Whenever this is killed in turn, what is on record and on the
 * store is again something to go on with.
 */
export async function resume(
  uploads: Uploads,
  roots: Roots,
  request: ResumeRequest,
): Promise<Uploaded> {
  const { id, userId } = Object(request.session) as Partial<ResumeRequest["session"]>;
  if (typeof id !== "string" || userId === undefined) {
    throw new StowageError(
      "invalid-argument",
      `Cannot resume ${quote(request.session)}: give an upload that unfinishedUploads told of`,
      { operation: "upload" },
    );
  }
  const owner = ownerId(userId);
  const journal = expectJournal(uploads, "resume an upload");
  request.signal?.throwIfAborted();
  const { session, belonging } = await found(uploads, journal, roots, id);
  if (belonging.owner !== owner) {
    throw refusal("access-denied", id, `it does not belong to user ${quote(owner)}`);
  }
  if (session.source === undefined) {
    throw refusal("unsupported", id, "its source was a stream, which cannot be read again");
  }
  const record = await journal.take(id);
  try {
    const { source: identity = session.source, encryption } = record.session;
    const as = { ...uploads, encryption };
    const common = { uploads: as, journal, root: roots[belonging.kind], belonging };
    return await goOn({ ...common, record, identity, request });
  } finally {
    // What has ended is let go of already; what cannot be let go of is, when this process ends.
    await record.leave().catch(() => undefined);
  }
}

async function found(uploads: Uploads, journal: Journal, roots: Roots, id: string) {
  for await (const one of sessionsOf(uploads, journal, roots)) {
    if (one.session.id === id) return one;
  }
  throw refusal("not-found", id, "it has ended, or is on record elsewhere");
}

function refusal(
  code: "access-denied" | "unsupported" | "not-found",
  id: string,
  why: string,
): StowageError {
  return new StowageError(code, `Cannot resume the upload ${quote(id)}: ${why}`, {
    operation: "upload",
  });
}

async function goOn(resumption: Resumption): Promise<Uploaded> {
  const { uploads, journal, record, identity, request } = resumption;
  const object = objectOfSession(resumption);
  const standing = await findOut(uploads, object, limitOf(uploads, request.signal));
  request.signal?.throwIfAborted();
  if (standing.kind === "ours" && standing.info.size === identity.size) {
    return completed(resumption, object, standing.info);
  }
  await using source = await opened(resumption);
  const isFree = standing.kind === "absent" || standing.kind === "silent";
  const isAlike = isFree && isSame(source.identity, identity);
  const hash = isAlike ? await hashAgain(resumption) : undefined;
  if (!isAlike || hash?.isOther === true) {
    await dropEarlier(resumption);
    return await startOver(resumption, source, restarting(record, journal));
  }
  try {
    const sent = await sendRest(resumption, { ...object, hashed: hash?.checksum }, source);
    await ended(record);
    return uploadedAs(uploads, object, sent);
  } catch (error) {
    const taken = error instanceof StowageError && error.code === "already-exists";
    const over = taken && error.outcome === "not-applied" && error.cleanup !== "pending";
    if (!over) throw error;
    // The engine has dropped the upload, and ended its session.
    return startOver(resumption, source, journal);
  }
}

/** The upload as it is on record. It is begun anew, where it has to be, under its own key. */
function objectOfSession({ uploads, record, identity, request }: Resumption): ObjectUpload {
  const { key, beganAt: at, contentType, metadata, writeToken } = record.session;
  const about = { at, contentType, metadata, writeToken, identity, hashed: undefined };
  return objectOf({ ...uploads, journal: restarting(record) }, key, about, request);
}

/** A journal in which the next upload takes the place of a session. */
function restarting(record: SessionRecord, then?: Journal): Journal {
  let ours = true;
  const begin: Journal["begin"] = async (start) => {
    if (!ours && then !== undefined) return then.begin(start);
    ours = false;
    await record.restart(start);
    return record;
  };
  const unused = (): never => {
    throw new Error("nothing but begin is called of a session's own journal");
  };
  return { begin, sessions: unused, take: unused };
}

/** @throws `source-not-found`, when nothing is left of the upload; what opening throws. */
async function opened(resumption: Resumption): Promise<Source> {
  const { uploads, record, identity, request } = resumption;
  try {
    return await uploads.openSource(identity.path, { signal: request.signal });
  } catch (error) {
    if (!(error instanceof StowageError && error.code === "source-not-found")) throw error;
    await dropEarlier(resumption);
    await record.end();
    throw error.with({ outcome: "not-applied", cleanup: "done" });
  }
}

/**
 * Reads the file again where its SHA-256 is on record: by size and time alone, a file that was written
 * over could get the hash of the one before.
 */
async function hashAgain({ uploads, record, identity, request }: Resumption) {
  const recorded = recordedSha256(record.session.metadata);
  if (recorded === undefined) return undefined;
  const { sha256, checksum } = await hashSource(uploads.openSource, identity.path, request.signal);
  return { checksum, isOther: sha256 !== recorded };
}

function isSame(now: SourceIdentity | undefined, before: SourceIdentity): boolean {
  return now?.size === before.size && now.mtimeNs === before.mtimeNs;
}

function dropEarlier({ uploads, journal, record, request }: Resumption): Promise<void> {
  return dropSession(uploads, journal, record.session, request.signal);
}

/** Sends what the store does not have, or all where it has forgotten the upload. */
async function sendRest(
  { uploads, journal, record, identity, request }: Resumption,
  object: ObjectUpload,
  source: Source,
): Promise<Sent> {
  const { session } = record;
  using rooms = new Rooms(partMemory, uploads.memoryBudgetBytes, request.signal);
  const { uploadId, partBytes } = session;
  if (uploadId !== undefined && partBytes !== undefined) {
    const upload: Upload = { key: session.key, uploadId };
    const listed = await partsOf(uploads, upload, request.signal);
    if (listed !== undefined) {
      const prepared = inParts(uploads, source, rooms, identity.size, partBytes);
      using _ = uploads.running.one(object.key);
      return await uploadObject(uploads, source, prepared, object, { upload, record, listed });
    }
  }
  await dropUnanswered(uploads, journal, session, request.signal);
  const prepared = await prepare(uploads, source, rooms, request.signal);
  using _ = uploads.running.one(object.key);
  return await uploadObject(uploads, source, prepared, object);
}

/** `undefined` when the store does not know the upload any more. */
async function partsOf(
  { store }: Uploads,
  upload: Upload,
  signal: AbortSignal | undefined,
): Promise<readonly Part[] | undefined> {
  try {
    const parts: Part[] = [];
    for await (const part of store.listParts(upload, { signal })) parts.push(part);
    return parts;
  } catch (error) {
    if (error instanceof StowageError && error.code === "upload-not-found") return undefined;
    throw error;
  }
}

/**
 * Uploads the file as it is now, under a key of its own. The session stands for the new upload as
 * soon as one is begun in parts; one that goes whole leaves nothing behind that would need it.
 */
async function startOver(
  { uploads, root, belonging, record, identity, request }: Resumption,
  source: Source,
  journal: Journal,
): Promise<Uploaded> {
  const { contentType, metadata } = record.session;
  const { facts } = uploads.store;
  if (planUpload(source.size, facts.limits, uploads.wishes).kind === "single") await record.end();
  const own = Object.entries(metadata).filter(([name]) => !RESERVED_METADATA.includes(name));
  return upload({ ...uploads, journal }, root, {
    userId: belonging.owner,
    source: identity.path,
    name: belonging.filename,
    contentType,
    metadata: Object.fromEntries(own),
    sha256: recordedSha256(metadata) !== undefined,
    signal: request.signal,
    onProgress: request.onProgress,
  });
}

/** The upload was completed, and its process died before it could say so. */
async function completed(
  { uploads, record, request }: Resumption,
  object: ObjectUpload,
  info: ObjectInfo,
): Promise<Uploaded> {
  const { session } = record;
  const doubt = new StowageError("not-found", `Cannot find ${quote(object.key)} any more`, {
    operation: "upload",
    key: object.key,
  });
  const etag = await landed(uploads, object, info.size, doubt).catch(async (error: unknown) => {
    if (error !== doubt) await ended(record);
    throw error;
  });
  const kept = info.checksum?.algorithm === "CRC32" ? info.checksum : undefined;
  const checksum =
    kept ??
    checksumOfParts(session.parts, info.size) ??
    (await checksumOfObject(uploads, info, request.signal));
  await ended(record);
  const parts = partCountOf(session, info.size);
  return uploadedAs(uploads, object, { size: info.size, etag, checksum, parts });
}

/** That a session stays on record does not undo what was stored: the next to resume it finds that. */
async function ended(record: SessionRecord): Promise<void> {
  await record.end().catch(() => undefined);
}

function partCountOf({ partBytes, uploadId }: UploadSession, size: number): number {
  return uploadId === undefined || partBytes === undefined ? 0 : Math.ceil(size / partBytes);
}

/** `undefined` when not all of them are on record. */
function checksumOfParts(parts: readonly RecordedPart[], size: number): Checksum | undefined {
  const sorted = parts.toSorted((a, b) => a.partNumber - b.partNumber);
  if (sorted.reduce((sum, part) => sum + part.size, 0) !== size) return undefined;
  const crc = sorted.reduce(
    (sum, part) => combineCrc32(sum, crc32Number(part.checksum), part.size),
    0,
  );
  return crc32Checksum(crc);
}

async function checksumOfObject(
  { store }: Uploads,
  { key, etag }: ObjectInfo,
  signal: AbortSignal | undefined,
): Promise<Checksum> {
  await using object = await store.get(key, { when: { etag }, signal });
  let crc = 0;
  for await (const bytes of object.body) crc = crc32(bytes, crc);
  return crc32Checksum(crc);
}
