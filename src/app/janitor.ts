import { quote, StowageError } from "../domain/errors.js";
import type { ObjectKey } from "../domain/object-key.js";
import { type OwnerId, ownerId, ownerPrefix } from "../domain/owner.js";
import type { UploadSession } from "../ports/journal.js";
import type { Upload, UploadSummary } from "../ports/multipart-store.js";
import type { Roots } from "./references.js";
import {
  type Belonging,
  belongingOf,
  dropped,
  dropSession,
  expectJournal,
  sessionsOf,
} from "./sessions.js";
import type { RemovedUpload, RemoveStaleRequest, StaleRequest, StaleUpload } from "./stowage.js";
import type { Uploads } from "./uploads.js";

/** Milliseconds: 24 hours. */
const DEFAULT_AGE_MS = 86_400_000;
/** Uploads that a store lists are held against the journal so many at a time. */
const BATCH = 1_000;

/** What is looked for. */
interface Search {
  readonly owner: OwnerId | undefined;
  /** Each lies below a root. */
  readonly prefixes: readonly string[];
  /** Milliseconds since 1970. */
  readonly before: number;
  readonly signal: AbortSignal | undefined;
}

/** A stale upload, with its session where it has one. */
interface Found extends StaleUpload {
  readonly session?: UploadSession | undefined;
}

export async function* listStale(
  uploads: Uploads,
  roots: Roots,
  request: StaleRequest,
): AsyncGenerator<StaleUpload> {
  for await (const { session, ...stale } of findStale(uploads, roots, request)) yield stale;
}

export async function removeStale(
  uploads: Uploads,
  roots: Roots,
  request: RemoveStaleRequest,
): Promise<readonly RemovedUpload[]> {
  const { dryRun = false, signal } = request;
  if (typeof dryRun !== "boolean") {
    throw invalid(`Cannot use dryRun ${quote(dryRun)}: it is neither true nor false`);
  }
  const results: RemovedUpload[] = [];
  for await (const { session, ...stale } of findStale(uploads, roots, request)) {
    const removed = dryRun ? { removed: false } : await remove(uploads, stale, session, signal);
    results.push({ ...stale, ...removed });
  }
  return results;
}

async function remove(
  uploads: Uploads,
  { key, uploadId }: StaleUpload,
  session: UploadSession | undefined,
  signal: AbortSignal | undefined,
): Promise<Pick<RemovedUpload, "removed" | "error">> {
  try {
    if (session !== undefined) await removeSession(uploads, session, signal);
    else if (uploadId !== undefined) await dropped(uploads, { key, uploadId }, signal);
    return { removed: true };
  } catch (error) {
    if (error instanceof StowageError) return { removed: false, error };
    throw error;
  }
}

/** Takes it over first, so that nobody resumes what is removed. */
async function removeSession(
  uploads: Uploads,
  { id }: UploadSession,
  signal: AbortSignal | undefined,
): Promise<void> {
  const journal = expectJournal(uploads, "remove an upload on record");
  const record = await journal.take(id);
  try {
    await dropSession(uploads, journal, record.session, signal);
    await record.end();
  } finally {
    await record.leave().catch(() => undefined);
  }
}

async function* findStale(
  uploads: Uploads,
  roots: Roots,
  request: StaleRequest,
): AsyncGenerator<Found> {
  const search = searchOf(uploads, roots, request);
  const named = new Set<string>();
  const keys = new Set<ObjectKey>();
  for await (const { session, belonging } of recorded(uploads, roots)) {
    if (session.uploadId !== undefined) named.add(session.uploadId);
    if (isWithin(search, session.key, belonging)) keys.add(session.key);
    const isStale = !session.running && session.beganAt.getTime() <= search.before;
    if (!isStale || !isWithin(search, session.key, belonging)) continue;
    const { key, uploadId, beganAt: startedAt } = session;
    const storedBytes =
      uploadId === undefined ? 0 : ((await bytesOf(uploads, { key, uploadId }, search)) ?? 0);
    const told = { key, uploadId, startedAt, storedBytes, knownBy: "journal" as const };
    yield { ...told, userId: belonging.owner, kind: belonging.kind, session };
  }
  for await (const batch of batches(listed(uploads, search, keys))) {
    // Read after the store's list: what was listed has been on record since before.
    const running = new Set<string>();
    for await (const { session } of recorded(uploads, roots)) {
      if (session.uploadId !== undefined) named.add(session.uploadId);
      if (session.running) running.add(session.key);
    }
    for (const { key, uploadId, startedAt } of batch) {
      const belonging = belongingOf(roots, key);
      if (belonging === undefined || !isWithin(search, key, belonging)) continue;
      // An upload that has just been begun may not be on record by its id yet.
      if (named.has(uploadId) || running.has(key) || uploads.running.count(key) > 0) continue;
      if (startedAt.getTime() > search.before) continue;
      const storedBytes = await bytesOf(uploads, { key, uploadId }, search);
      if (storedBytes === undefined) continue;
      const told = { key, uploadId, startedAt, storedBytes, knownBy: "store" as const };
      yield { ...told, userId: belonging.owner, kind: belonging.kind };
    }
  }
}

/** @throws `invalid-argument`, before any I/O; `unsupported`. */
function searchOf(uploads: Uploads, roots: Roots, request: StaleRequest): Search {
  const { userId, prefix = "", olderThan = DEFAULT_AGE_MS, signal } = request;
  const owner = userId === undefined ? undefined : ownerId(userId);
  if (!(Number.isFinite(olderThan) && olderThan >= 0)) {
    throw invalid(`Cannot use olderThan ${quote(olderThan)}: give milliseconds, from 0`);
  }
  if (typeof prefix !== "string") {
    throw invalid(`Cannot use prefix ${quote(prefix)}: give the beginning of a key`);
  }
  const own = [roots.dataset, roots.model].map((root) =>
    owner === undefined ? `${root}/` : ownerPrefix(root, owner),
  );
  const prefixes = own.flatMap((whole) => {
    if (prefix.startsWith(whole)) return [prefix];
    return whole.startsWith(prefix) ? [whole] : [];
  });
  if (prefixes.length === 0) {
    throw invalid(
      `Cannot look below ${quote(prefix)}: uploads stand below ${own.map(quote).join(" and ")}`,
    );
  }
  if (uploads.store.facts.honours.listUploads === "key" && uploads.journal === undefined) {
    const { kind: store, bucket } = uploads.store.facts;
    throw new StowageError(
      "unsupported",
      "Cannot list stale uploads: this store lists those of one key alone, and no journal tells of keys",
      {
        operation: "listUploads",
        store,
        bucket,
        remedy: "Set journal (STOWAGE_JOURNAL) to a folder.",
      },
    );
  }
  signal?.throwIfAborted();
  return { owner, prefixes, before: uploads.clock.now().getTime() - olderThan, signal };
}

function invalid(message: string): StowageError {
  return new StowageError("invalid-argument", message);
}

function isWithin({ prefixes, owner }: Search, key: string, belonging: Belonging): boolean {
  if (owner !== undefined && belonging.owner !== owner) return false;
  return prefixes.some((prefix) => key.startsWith(prefix));
}

async function* recorded(uploads: Uploads, roots: Roots): ReturnType<typeof sessionsOf> {
  if (uploads.journal !== undefined) yield* sessionsOf(uploads, uploads.journal, roots);
}

/** What the store lists: below the prefixes, or, where it does not, of the keys on record. */
async function* listed(
  { store }: Uploads,
  { prefixes, signal }: Search,
  keys: Iterable<ObjectKey>,
): AsyncGenerator<UploadSummary> {
  if (store.facts.honours.listUploads === "prefix") {
    for (const prefix of prefixes) yield* store.listUploads({ prefix }, { signal });
    return;
  }
  for (const key of keys) yield* store.listUploads({ key }, { signal });
}

async function* batches<T>(items: AsyncIterable<T>): AsyncGenerator<readonly T[]> {
  let batch: T[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  yield batch;
}

/** `undefined` when the store does not know the upload any more. */
async function bytesOf(
  { store }: Uploads,
  upload: Upload,
  { signal }: Search,
): Promise<number | undefined> {
  let bytes = 0;
  try {
    for await (const { size } of store.listParts(upload, { signal })) bytes += size;
    return bytes;
  } catch (error) {
    if (error instanceof StowageError && error.code === "upload-not-found") return undefined;
    throw error;
  }
}
