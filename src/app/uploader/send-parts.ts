import { crc32 } from "node:zlib";
import { combineCrc32, crc32Checksum } from "../../domain/checksum.js";
import { quote, StowageError } from "../../domain/errors.js";
import type { Part, Upload } from "../../ports/multipart-store.js";
import type { Source } from "../../ports/source.js";
import { abortion, cleanupLimit, drop, findOut, isDoubtful, withdraw } from "./outcome.js";
import type { ObjectUpload, Prepared, Sent, Uploader } from "./uploader.js";

type InParts = Extract<Prepared, { kind: "parts" }>;

/** A part that has been stored, with the CRC-32 of its bytes. */
interface StoredPart {
  readonly part: Part;
  readonly crc: number;
}

/** Bytes of parts held at once, where the parts are so large that fewer than wished are in flight. */
const HELD_BYTES = 268_435_456;

/** Milliseconds that a create is given after an abort. */
const CREATE_GRACE_MS = 2_000;

/** Stores a source in parts, several in flight at once. */
export async function sendParts(
  uploader: Uploader,
  source: Source,
  prepared: InParts,
  upload: ObjectUpload,
): Promise<Sent> {
  const { store } = uploader;
  const { key, contentType, metadata, encryption, when, signal } = upload;
  signal?.throwIfAborted();
  if (when !== undefined && !store.facts.honours.conditions.complete) {
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
  const attributes = { contentType, metadata, encryption, checksummed: true };
  const session = await store.createUpload(key, { ...attributes, signal: afterGrace(signal) });
  let completing = false;
  try {
    signal?.throwIfAborted();
    const stored = await sendAll(uploader, session, prepared, upload);
    await source.verify();
    const parts = stored.map(({ part }) => part);
    const size = parts.reduce((sum, part) => sum + part.size, 0);
    const crc = stored.reduce((sum, next) => combineCrc32(sum, next.crc, next.part.size), 0);
    const checksum = crc32Checksum(crc);
    const sent = (etag: string): Sent => ({ size, etag, checksum, parts: parts.length });
    try {
      signal?.throwIfAborted();
      completing = true;
      const complete = { when, encryption, checksum, signal };
      const { etag } = await store.completeUpload(session, parts, complete);
      return sent(etag);
    } catch (error) {
      if (signal?.aborted === true) throw error;
      if (!(error instanceof StowageError && isDoubtful(error))) throw error;
      const found = await findOut(uploader, upload);
      if (found.kind === "ours" && found.info.size === size) return sent(found.info.etag);
      throw error;
    }
  } catch (error) {
    throw await cleanUp(uploader, session, upload, completing, error);
  }
}

/**
 * Follows a signal some time later: a create that is cut off may leave an upload whose id nobody
 * knows, so it is given the time to answer.
 */
function afterGrace(signal: AbortSignal | undefined): AbortSignal {
  const later = new AbortController();
  const follow = (): void => later.abort(signal?.reason);
  signal?.addEventListener(
    "abort",
    () => AbortSignal.timeout(CREATE_GRACE_MS).addEventListener("abort", follow),
    { once: true },
  );
  return later.signal;
}

/** Sends the pieces as they are read. Settles only when no part is in flight any more. */
async function sendAll(
  uploader: Uploader,
  session: Upload,
  prepared: InParts,
  upload: ObjectUpload,
): Promise<StoredPart[]> {
  const failed = new AbortController();
  const signal =
    upload.signal === undefined ? failed.signal : AbortSignal.any([upload.signal, failed.signal]);
  const stored: StoredPart[] = [];
  const inFlight = new Set<Promise<void>>();
  let heldBytes = 0;
  let doneBytes = 0;
  let readBytes = 0;
  let partNumber = 0;

  const send = async (number: number, bytes: Uint8Array): Promise<void> => {
    try {
      const crc = crc32(bytes);
      const checksum = crc32Checksum(crc);
      const part = await uploader.store.uploadPart(session, number, bytes, { checksum, signal });
      stored[number - 1] = { part: { ...part, checksum }, crc };
      doneBytes += bytes.length;
      upload.onProgress(doneBytes, prepared.totalBytes);
    } catch (error) {
      // The first failure is the one told: those that follow find the signal aborted already.
      failed.abort(error);
    }
  };

  try {
    for await (const bytes of prepared.pieces) {
      signal.throwIfAborted();
      readBytes += bytes.length;
      checkCeiling(readBytes, prepared.ceilingBytes, upload);
      partNumber += 1;
      heldBytes += bytes.length;
      const sending: Promise<void> = send(partNumber, bytes).finally(() => {
        heldBytes -= bytes.length;
        inFlight.delete(sending);
      });
      inFlight.add(sending);
      while (
        inFlight.size >= uploader.concurrency ||
        (inFlight.size > 0 && heldBytes + bytes.length > HELD_BYTES)
      ) {
        await Promise.race(inFlight);
      }
    }
    if (prepared.totalBytes !== undefined && readBytes !== prepared.totalBytes) {
      throw new StowageError(
        "source-changed",
        `Cannot upload ${quote(upload.key)}: the source was to have ${prepared.totalBytes} bytes and gave ${readBytes}`,
        { operation: "upload", key: upload.key },
      );
    }
  } catch (error) {
    failed.abort(error);
  }
  await Promise.all(inFlight);
  signal.throwIfAborted();
  return stored;
}

/** A stream whose length was not known has gone on past the last part. */
function checkCeiling(readBytes: number, ceilingBytes: number, upload: ObjectUpload): void {
  if (readBytes <= ceilingBytes) return;
  throw new StowageError(
    "too-large",
    `Cannot upload a stream of more than ${ceilingBytes} bytes: its parts have run out`,
    {
      operation: "upload",
      key: upload.key,
      remedy: "Upload it from a file, whose length is known, or set streamPartCapBytes higher.",
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
    const outcome = completing ? await withdraw(uploader, upload, limit) : "not-applied";
    return abortion(upload, { cleanup, outcome });
  }
  if (!(cause instanceof StowageError)) return cause;
  if (!completing) return cause.with({ cleanup, outcome: "not-applied" });
  if (!isDoubtful(cause)) return cause.with({ cleanup });
  const found = await findOut(uploader, upload, limit);
  if (found.kind === "ours") return cause.with({ cleanup, outcome: "applied" });
  const settled = gone && (found.kind === "absent" || upload.when?.absent === true);
  return cause.with({
    cleanup,
    outcome: settled && found.kind !== "silent" ? "not-applied" : "unknown",
  });
}
