import { StowageError } from "../../domain/errors.js";
import { withGrace } from "../abortable.js";
import { expectHashed } from "../source-hash.js";
import { abortion, cleanupLimit, isDoubtful, landed, resolvable, withdraw } from "./outcome.js";
import {
  ABORT_GRACE_MS,
  type ObjectUpload,
  type Prepared,
  type Sent,
  type Uploader,
} from "./uploader.js";

/** Stores bytes at hand in one request. */
export async function sendWhole(
  uploader: Uploader,
  prepared: Extract<Prepared, { kind: "whole" }>,
  upload: ObjectUpload,
): Promise<Sent> {
  const { bytes, checksum } = prepared;
  const { key, contentType, metadata, encryption, when, signal } = upload;
  const options = { contentType, metadata, encryption, when, checksum };
  signal?.throwIfAborted();
  expectHashed(upload.hashed, checksum);
  let doubted = false;
  const onDoubt = (): void => {
    doubted = true;
  };
  let etag: string;
  try {
    const stored = await withGrace(signal, ABORT_GRACE_MS, (later) =>
      uploader.store.put(key, bytes, { ...options, onDoubt, signal: later }),
    );
    etag = stored.etag;
  } catch (error) {
    const settled = error instanceof StowageError && error.outcome === "not-applied";
    if (signal?.aborted === true && settled) throw signal.reason;
    if (signal?.aborted === true) throw await takenBack(uploader, upload, doubted);
    if (!(error instanceof StowageError && isDoubtful(error))) throw error;
    etag = await landed(uploader, upload, bytes.length, error).catch((told: unknown) => {
      throw resolvable(uploader, upload, told);
    });
  }
  if (signal?.aborted === true) throw await takenBack(uploader, upload, doubted);
  upload.onProgress(bytes.length, bytes.length);
  return { size: bytes.length, etag, checksum, parts: 0 };
}

/**
 * What an aborted put rejects with. It may have been carried out, and is then withdrawn; one that was
 * cut off without an answer and is nowhere to be seen may still arrive, and so may the first sending
 * of one that was sent again.
 */
async function takenBack(
  uploader: Uploader,
  upload: ObjectUpload,
  doubted: boolean,
): Promise<unknown> {
  const left = await withdraw(uploader, upload, cleanupLimit(uploader));
  const outcome = {
    removed: doubted ? "unknown" : "not-applied",
    absent: "unknown",
    // A write that is create-only is refused where another's object stands, however late it comes.
    others: upload.when?.absent === true ? "not-applied" : "unknown",
    stays: "applied",
    silent: "unknown",
  } as const;
  const told = abortion(upload, { cleanup: "done", outcome: outcome[left] });
  return resolvable(uploader, upload, told);
}
