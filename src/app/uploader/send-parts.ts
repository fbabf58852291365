import { type Checksum, combineCrc32, crc32Checksum, crc32Number } from "../../domain/checksum.js";
import { quote, StowageError } from "../../domain/errors.js";
import type { RecordedPart, SessionRecord } from "../../ports/journal.js";
import type { Part, Upload } from "../../ports/multipart-store.js";
import type { Source } from "../../ports/source.js";
import { abortable, withGrace } from "../abortable.js";
import { expectHashed } from "../source-hash.js";
import { dropLost } from "./lost-uploads.js";
import {
  abortion,
  cleanupLimit,
  drop,
  findOut,
  isDoubtful,
  landed,
  resolvable,
  withdraw,
} from "./outcome.js";
import { expectSize } from "./prepare.js";
import { bodyOf, crcOf, type Piece, roomOf, sizeOf } from "./slices.js";
import {
  ABORT_GRACE_MS,
  type Earlier,
  type ObjectUpload,
  type Prepared,
  type Sent,
  type Uploader,
} from "./uploader.js";

type InParts = Extract<Prepared, { kind: "parts" }>;

/** A part that has been stored, with the CRC-32 of its bytes. */
type StoredPart = Part & { readonly checksum: Checksum };

/** What an upload in parts goes by, once it has begun. */
interface Begun {
  readonly session: Upload;
  readonly record: SessionRecord | undefined;
  /** Parts that were stored before, as the store lists them and as they were written down. */
  readonly listed: ReadonlyMap<number, Part>;
  readonly recorded: ReadonlyMap<number, RecordedPart>;
}

/** Stores a source in parts, several in flight at once; those that were stored before are proved. */
export async function sendParts(
  uploader: Uploader,
  source: Source,
  prepared: InParts,
  upload: ObjectUpload,
  earlier?: Earlier,
): Promise<Sent> {
  const { store } = uploader;
  const { encryption, when, signal } = upload;
  signal?.throwIfAborted();
  expectConditions(uploader, upload);
  const begun = await begin(uploader, upload, prepared, earlier);
  const { session, record } = begun;
  let completing = false;
  try {
    signal?.throwIfAborted();
    await record?.started(session.uploadId);
    const parts = await sendAll(uploader, begun, prepared, upload);
    await source.verify();
    const size = parts.reduce((sum, part) => sum + part.size, 0);
    const checksum = crc32Checksum(
      parts.reduce((crc, part) => combineCrc32(crc, crc32Number(part.checksum), part.size), 0),
    );
    expectHashed(upload.hashed, checksum);
    signal?.throwIfAborted();
    completing = true;
    const etag = await withGrace(signal, ABORT_GRACE_MS, (later) =>
      store.completeUpload(session, parts, { when, encryption, checksum, signal: later }),
    ).then(
      (result) => result.etag,
      (error: unknown) => {
        const doubtful = error instanceof StowageError && isDoubtful(error);
        if (signal?.aborted === true || !doubtful) throw error;
        return landed(uploader, upload, size, error);
      },
    );
    signal?.throwIfAborted();
    await closeRecord(record, true);
    return { size, etag, checksum, parts: parts.length };
  } catch (error) {
    const told = await cleanUp(uploader, session, upload, completing, error);
    const { outcome, cleanup } = told instanceof StowageError ? told : {};
    await closeRecord(record, outcome !== "unknown" && cleanup !== "pending");
    throw resolvable(uploader, upload, told, session);
  }
}

/**
 * Forgets an upload that is no more, or leaves it on record. Where that fails, it stays, and is found
 * to have ended by whoever takes it up: it does not undo what was stored.
 */
async function closeRecord(record: SessionRecord | undefined, ended: boolean): Promise<void> {
  await (ended ? record?.end() : record?.leave())?.catch(() => undefined);
}

/** @throws `unsupported`, before any I/O, where another's object could be replaced. */
function expectConditions({ store }: Uploader, { key, when }: ObjectUpload): void {
  if (when === undefined || store.facts.honours.conditions.complete) return;
  throw new StowageError(
    "unsupported",
    `Cannot upload ${quote(key)} in parts: the store does not promise to complete an upload only where no object stands, so another's could be lost`,
    {
      operation: "upload",
      store: store.facts.kind,
      bucket: store.facts.bucket,
      key,
      outcome: "not-applied",
      remedy:
        "Raise multipartThresholdBytes (STOWAGE_MULTIPART_THRESHOLD_BYTES) above the file's size to send it in one request, or use a server that honours If-None-Match on CompleteMultipartUpload.",
    },
  );
}

/**
 * Begins an upload, or takes up an earlier one. Nothing stands under the key yet, whatever goes wrong;
 * but of an upload whose answer was lost nobody knows the id: it is looked for.
 */
async function begin(
  uploader: Uploader,
  upload: ObjectUpload,
  prepared: InParts,
  earlier: Earlier | undefined,
): Promise<Begun> {
  if (earlier !== undefined) {
    const { upload: session, record } = earlier;
    const { parts } = record.session;
    return { session, record, listed: byNumber(earlier.listed), recorded: byNumber(parts) };
  }
  const { key, contentType, metadata, encryption, signal } = upload;
  const record = await upload.record?.(prepared.partBytes);
  const attributes = { contentType, metadata, encryption, checksummed: true };
  const since = uploader.clock.now();
  let lost = 0;
  let open = 0;
  const onDoubt = ({ status }: { readonly status: number | undefined }): void => {
    lost += 1;
    if (status === undefined) open += 1;
  };
  try {
    const session = await withGrace(signal, ABORT_GRACE_MS, (later) =>
      uploader.store.createUpload(key, { ...attributes, signal: later, onDoubt }),
    );
    const but = session.uploadId;
    if (lost > 0) await dropLost(uploader, key, { since, lost, open, but });
    return { session, record, listed: byNumber([]), recorded: byNumber([]) };
  } catch (error) {
    const settled = error instanceof StowageError && error.outcome === "not-applied";
    // One that an abort has cut off was not counted, and may have arrived.
    if (signal?.aborted === true && error === signal.reason) {
      lost += 1;
      open += 1;
    }
    const gone = settled || (await dropLost(uploader, key, { since, lost, open }));
    await closeRecord(record, gone);
    const cleanup = gone ? "done" : "pending";
    if (signal?.aborted === true) {
      throw abortion(upload, { cleanup, outcome: "not-applied" });
    }
    if (!(error instanceof StowageError)) throw error;
    throw error.with({ outcome: "not-applied", cleanup: error.cleanup ?? cleanup });
  }
}

function byNumber<P extends Pick<Part, "partNumber">>(parts: readonly P[]): Map<number, P> {
  return new Map(parts.map((part) => [part.partNumber, part]));
}

/** Sends the pieces as they are read. Settles only when no part is in flight any more. */
async function sendAll(
  uploader: Uploader,
  begun: Begun,
  prepared: InParts,
  upload: ObjectUpload,
): Promise<StoredPart[]> {
  const { totalBytes, rooms } = prepared;
  const failed = new AbortController();
  const signal =
    upload.signal === undefined ? failed.signal : AbortSignal.any([upload.signal, failed.signal]);
  const stored: StoredPart[] = [];
  const inFlight = new Set<Promise<void>>();
  let doneBytes = 0;
  let readBytes = 0;
  let partNumber = 0;

  const send = async (number: number, piece: Piece): Promise<void> => {
    try {
      const sent = await sendPart(uploader, begun, number, piece, signal);
      rooms.giveBack(roomOf(piece));
      stored[number - 1] = sent;
      doneBytes += sent.size;
      upload.onProgress(doneBytes, totalBytes);
    } catch (error) {
      // The first failure is the one told: those that follow find the signal aborted already.
      failed.abort(error);
    }
  };

  try {
    for await (const piece of abortable(prepared.pieces, signal)) {
      signal.throwIfAborted();
      readBytes += sizeOf(piece);
      checkCeiling(readBytes, prepared, upload);
      if (totalBytes !== undefined && readBytes > totalBytes) break;
      partNumber += 1;
      const sending: Promise<void> = send(partNumber, piece).finally(() => {
        inFlight.delete(sending);
      });
      inFlight.add(sending);
      while (inFlight.size >= uploader.concurrency) await Promise.race(inFlight);
    }
    if (totalBytes !== undefined) expectSize(readBytes, totalBytes);
  } catch (error) {
    failed.abort(error);
  }
  await Promise.all(inFlight);
  signal.throwIfAborted();
  return stored;
}

/**
 * Sends one part, unless it is proved that the store has it: by the checksum that the store lists, or,
 * where it lists none, by the ETag that it gave for bytes of this checksum.
 *
 * A store that sums up what it takes is not given the sum before: in one process that proves nothing.
 */
async function sendPart(
  { store }: Uploader,
  { session, record, listed, recorded }: Begun,
  partNumber: number,
  piece: Piece,
  signal: AbortSignal,
): Promise<StoredPart> {
  const stored = listed.get(partNumber);
  const isTold = store.facts.tellsPartChecksums === true && stored === undefined;
  const crc = isTold ? undefined : await crcOf(piece, signal);
  const given = crc === undefined ? undefined : crc32Checksum(crc);
  if (given !== undefined && stored?.size === sizeOf(piece)) {
    const written = recorded.get(partNumber);
    const noted = written?.etag === stored.etag ? written.checksum : undefined;
    const proof = stored.checksum ?? noted;
    if (proof?.value === given.value) return { ...stored, checksum: given };
  }
  const body = bodyOf(piece, crc);
  const part = await store.uploadPart(session, partNumber, body, { checksum: given, signal });
  const checksum = given ?? part.checksum ?? crc32Checksum(await crcOf(piece, signal));
  await record?.stored({ partNumber, size: part.size, etag: part.etag, checksum });
  return { ...part, checksum };
}

/** A stream whose length was not known has gone on past the last part. */
function checkCeiling(
  readBytes: number,
  { ceilingBytes, totalBytes }: InParts,
  upload: ObjectUpload,
): void {
  if (readBytes <= ceilingBytes || totalBytes !== undefined) return;
  throw new StowageError(
    "too-large",
    `Cannot upload a stream of more than ${ceilingBytes} bytes: its parts have run out`,
    {
      operation: "upload",
      key: upload.key,
      remedy: "Tell its size, or a sizeHint, or upload it from a file, whose size is known.",
    },
  );
}

/**
 * Drops the upload, and makes sure that the store has forgotten it. Gives the error to throw: the
 * first cause, with the truth about what was left behind.
 */
async function cleanUp(
  uploader: Uploader,
  session: Upload,
  upload: ObjectUpload,
  completing: boolean,
  cause: unknown,
): Promise<unknown> {
  const limit = cleanupLimit(uploader);
  const gone = await drop(uploader, session, limit);
  const cleanup = gone ? "done" : "pending";
  if (upload.signal?.aborted === true) {
    // A complete that was cut off may have gone through all the same.
    const left = completing ? await withdraw(uploader, upload, limit) : "absent";
    // With its parts gone, an upload that has left no object cannot be completed any more.
    const absent = gone ? "not-applied" : "unknown";
    const outcome = {
      removed: "not-applied",
      absent,
      others: upload.when?.absent === true ? "not-applied" : "unknown",
      stays: "applied",
      silent: "unknown",
    } as const;
    return abortion(upload, { cleanup, outcome: completing ? outcome[left] : "not-applied" });
  }
  if (!(cause instanceof StowageError)) return cause;
  if (!completing) return cause.with({ cleanup, outcome: "not-applied" });
  if (!isDoubtful(cause)) return cause.with({ cleanup });
  const found = await findOut(uploader, upload, limit);
  const certain = found.kind === "silent" && cause.outcome === "applied";
  if (found.kind === "ours" || certain) return cause.with({ cleanup, outcome: "applied" });
  const settled = gone && (found.kind === "absent" || upload.when?.absent === true);
  return cause.with({
    cleanup,
    outcome: settled && found.kind !== "silent" ? "not-applied" : "unknown",
  });
}
