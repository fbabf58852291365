import { StowageError } from "../../domain/errors.js";
import { abortion, cleanupLimit, findOut, isDoubtful, withdraw } from "./outcome.js";
import type { ObjectUpload, Prepared, Sent, Uploader } from "./uploader.js";

/** Stores bytes at hand in one request. */
export async function sendWhole(
  uploader: Uploader,
  prepared: Extract<Prepared, { kind: "whole" }>,
  upload: ObjectUpload,
): Promise<Sent> {
  const { bytes, checksum } = prepared;
  const { key, contentType, metadata, encryption, when, signal } = upload;
  const sent = (etag: string): Sent => {
    upload.onProgress(bytes.length, bytes.length);
    return { size: bytes.length, etag, checksum, parts: 0 };
  };
  try {
    const options = { contentType, metadata, encryption, when, checksum, signal };
    const { etag } = await uploader.store.put(key, bytes, options);
    return sent(etag);
  } catch (error) {
    if (signal?.aborted === true) {
      // The request may have arrived whole before it was cut off.
      const outcome = await withdraw(uploader, upload, cleanupLimit(uploader));
      throw abortion(upload, { cleanup: "done", outcome });
    }
    if (!(error instanceof StowageError && isDoubtful(error))) throw error;
    const found = await findOut(uploader, upload);
    if (found.kind === "ours" && found.info.size === bytes.length) return sent(found.info.etag);
    // Somebody else's object stands there, and a write that is create-only cannot replace it.
    if (found.kind === "other" && when?.absent === true) {
      throw error.with({ outcome: "not-applied" });
    }
    throw error;
  }
}
