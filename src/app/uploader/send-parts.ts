import { crc32 } from "node:zlib";
import { combineCrc32, crc32Checksum } from "../../domain/checksum.js";
import { quote, StowageError } from "../../domain/errors.js";
import type { Part, Upload } from "../../ports/multipart-store.js";
import type { Source } from "../../ports/source.js";
import { abortable, withGrace } from "../abortable.js";
import { abortion, cleanupLimit, drop, findOut, isDoubtful, landed, withdraw } from "./outcome.js";
import {
  ABORT_GRACE_MS,
  type ObjectUpload,
  type Prepared,
  type Sent,
  type Uploader,
} from "./uploader.js";

type InParts = Extract<Prepared, { kind: "parts" }>;

/** A part that has been stored, with the CRC-32 of its bytes. */
interface StoredPart {
  readonly part: Part;
  readonly crc: number;
}

/** Bytes of parts held at once, where the parts are so large that fewer than wished are in flight. */
const HELD_BYTES = 268_435_456;

/** Stores a source in parts, several in flight at once. */
export async function sendParts(
  uploader: Uploader,
  source: Source,
  prepared: InParts,
  upload: ObjectUpload,
): Promise<Sent> {
  const { store } = uploader;
  const { key, encryption, when, signal } = upload;
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
  const session = await begin(uploader, upload);
  let completing = false;
  try {
    signal?.throwIfAborted();
    const stored = await sendAll(uploader, session, prepared, upload);
    await source.verify();
    const parts = stored.map(({ part }) => part);
    const size = parts.reduce((sum, part) => sum + part.size, 0);
    const crc = stored.reduce((sum, next) => combineCrc32(sum, next.crc, next.part.size), 0);
    const checksum = crc32Checksum(crc);
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
    return { size, etag, checksum, parts: parts.length };
  } catch (error) {
    throw await cleanUp(uploader, session, upload, completing, error);
  }
}

/**
 * Begins an upload. Nothing stands under the key yet, whatever goes wrong; but of an upload whose
 * answer was lost nobody knows the id, and its (empty) session may stay.
 */
async function begin(uploader: Uploader, upload: ObjectUpload): Promise<Upload> {
  const { key, contentType, metadata, encryption, signal } = upload;
  const attributes = { contentType, metadata, encryption, checksummed: true };
  try {
    return await withGrace(signal, ABORT_GRACE_MS, (later) =>
      uploader.store.createUpload(key, { ...attributes, signal: later }),
    );
  } catch (error) {
    const settled = error instanceof StowageError && error.outcome === "not-applied";
    const cleanup = settled ? "done" : "pending";
    if (signal?.aborted === true) {
      throw abortion(upload, { cleanup, outcome: "not-applied" });
    }
    if (!(error instanceof StowageError)) throw error;
    throw error.with({ outcome: "not-applied", cleanup: error.cleanup ?? cleanup });
  }
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
    for await (const bytes of abortable(prepared.pieces, signal)) {
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
    const left = completing ? await withdraw(uploader, upload, limit) : "absent";
    // With its parts gone, an upload that has left no object cannot be completed any more.
    const absent = gone ? "not-applied" : "unknown";
    const outcome = {
      removed: "not-applied",
      absent,
      stays: "applied",
      silent: "unknown",
    } as const;
    return abortion(upload, { cleanup, outcome: completing ? outcome[left] : "not-applied" });
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
