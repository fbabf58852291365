import { quote, StowageError } from "../domain/errors.js";
import { type OwnerId, ownerId } from "../domain/owner.js";
import { parseUploadKey } from "../domain/upload-key.js";
import type { Journal, UploadSession } from "../ports/journal.js";
import type { Upload } from "../ports/multipart-store.js";
import type { Roots } from "./references.js";
import type { Kind, UnfinishedRequest, UnfinishedUpload } from "./stowage.js";
import { CLOCK_SKEW_MS, isEmpty } from "./uploader/lost-uploads.js";
import { cleanupLimit, drop } from "./uploader/outcome.js";
import type { Uploads } from "./uploads.js";

/** Whose an object is, by its key. */
export interface Belonging {
  readonly kind: Kind;
  readonly owner: OwnerId;
  readonly filename: string;
}

/** Whose a key is, if it is one that uploads make below one of the roots. */
export function belongingOf(roots: Roots, key: string): Belonging | undefined {
  const parts = parseUploadKey(key);
  if (parts === undefined) return undefined;
  const { root, owner, filename } = parts;
  if (root === roots.dataset) return { kind: "dataset", owner, filename };
  return root === roots.model ? { kind: "model", owner, filename } : undefined;
}

/** @throws `unsupported`. */
export function expectJournal({ journal }: Uploads, what: string): Journal {
  if (journal !== undefined) return journal;
  throw new StowageError(
    "unsupported",
    `Cannot ${what}: no journal is set, so no upload is on record`,
    { operation: "upload", remedy: "Set journal (STOWAGE_JOURNAL) to a folder." },
  );
}

/** The sessions of this store that belong to its users, or to one of them. */
export async function* sessionsOf(
  { store }: Uploads,
  journal: Journal,
  roots: Roots,
  owner?: OwnerId,
): AsyncGenerator<{ readonly session: UploadSession; readonly belonging: Belonging }> {
  for await (const session of journal.sessions(store.facts.location)) {
    const belonging = belongingOf(roots, session.key);
    if (belonging === undefined) continue;
    if (owner === undefined || belonging.owner === owner) yield { session, belonging };
  }
}

export async function* unfinishedUploads(
  uploads: Uploads,
  roots: Roots,
  { userId }: UnfinishedRequest,
): AsyncGenerator<UnfinishedUpload> {
  const owner = userId === undefined ? undefined : ownerId(userId);
  const journal = expectJournal(uploads, "list unfinished uploads");
  for await (const { session, belonging } of sessionsOf(uploads, journal, roots, owner)) {
    const { id, key, source, parts, beganAt, running } = session;
    const { kind, filename } = belonging;
    const doneBytes = parts.reduce((sum, part) => sum + part.size, 0);
    const file = { path: source?.path, size: source?.size };
    const told = { kind, key, filename, ...file, doneBytes, startedAt: beganAt, running };
    yield { id, userId: belonging.owner, ...told };
  }
}

/**
 * Drops all that a session may have left on the store: its upload, and those whose ids its process
 * never learnt.
 *
 * @throws `unavailable`, with `cleanup: "pending"`, when the store has not forgotten it in time.
 */
export async function dropSession(
  uploads: Uploads,
  journal: Journal,
  session: UploadSession,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { key, uploadId } = session;
  if (uploadId !== undefined) await dropped(uploads, { key, uploadId }, signal);
  await dropUnanswered(uploads, journal, session, signal);
}

/**
 * Drops the uploads of a session's key whose ids its process never learnt, since it died before the
 * answer was on record. They are known by their time, by having no part, and by not being on record
 * otherwise.
 *
 * @throws `conflict` while another upload of the very key begins, from which they cannot be told.
 */
export async function dropUnanswered(
  uploads: Uploads,
  journal: Journal,
  { id, key, uploadId, beganAt, location }: UploadSession,
  signal: AbortSignal | undefined,
): Promise<void> {
  const since = beganAt.getTime() - CLOCK_SKEW_MS;
  const found: Upload[] = [];
  const limit = limitOf(uploads, signal);
  for await (const upload of uploads.store.listUploads({ key }, { signal: limit })) {
    if (upload.startedAt.getTime() < since || upload.uploadId === uploadId) continue;
    if (await isEmpty(uploads, upload, limit)) found.push(upload);
  }
  if (found.length === 0) return;
  // Read after the store's list: what was listed has been on record since before.
  const others: UploadSession[] = [];
  for await (const other of journal.sessions(location)) {
    if (other.key === key && other.id !== id) others.push(other);
  }
  const begins = others.some((other) => other.running && other.uploadId === undefined);
  if (begins || uploads.running.count(key) > 0) {
    throw new StowageError(
      "conflict",
      `Cannot tell what is left of ${quote(key)}: another upload of it begins at this moment`,
      { operation: "upload", key },
    );
  }
  const named = new Set(others.map((other) => other.uploadId));
  for (const upload of found) {
    if (!named.has(upload.uploadId)) await dropped(uploads, upload, signal);
  }
}

/** @throws `unavailable`, with `cleanup: "pending"`; the reason of the signal. */
export async function dropped(
  uploads: Uploads,
  upload: Upload,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (await drop(uploads, upload, limitOf(uploads, signal))) return;
  signal?.throwIfAborted();
  const { kind: store, bucket } = uploads.store.facts;
  throw new StowageError(
    "unavailable",
    "Cannot remove what is left of the upload: the store has not forgotten its parts in time",
    { operation: "abortUpload", store, bucket, key: upload.key, cleanup: "pending" },
  );
}

/** Ends what looks and clears away, which has a limit of its own. */
export function limitOf(uploads: Uploads, signal: AbortSignal | undefined): AbortSignal {
  const limit = cleanupLimit(uploads);
  return signal === undefined ? limit : AbortSignal.any([signal, limit]);
}
