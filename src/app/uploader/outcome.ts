import { type ErrorCode, type Outcome, quote, StowageError } from "../../domain/errors.js";
import type { Upload } from "../../ports/multipart-store.js";
import type { ObjectInfo } from "../../ports/object-store.js";
import type { ObjectUpload, Uploader } from "./uploader.js";

/** The metadata name of the write token. */
const WRITE_TOKEN = "write_token";
/** Amazon S3 asks to repeat an abort until no part is listed; a server that is away may come back. */
const ABORT_ROUNDS = 30;
/** Milliseconds: the longest wait between two rounds. */
const MAX_PAUSE_MS = 1_000;

/**
 * Whether an error leaves open what the store has: the write may have gone through, though its answer
 * was lost, or may have been refused because of its own first sending.
 */
export function isDoubtful(error: StowageError): boolean {
  return error.outcome === "unknown" || REFUSALS_OF_A_SECOND_SENDING.has(error.code);
}

const REFUSALS_OF_A_SECOND_SENDING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "already-exists",
  "precondition-failed",
  "upload-not-found",
]);

/** What stands under the key after a write that failed. */
export type Found =
  | { readonly kind: "ours"; readonly info: ObjectInfo }
  | { readonly kind: "absent" }
  | { readonly kind: "other" }
  /** The store does not say. */
  | { readonly kind: "silent" };

/** Looks what stands under the key: an object with this upload's token is its own. */
export async function findOut(
  uploader: Uploader,
  upload: ObjectUpload,
  limit: AbortSignal = cleanupLimit(uploader),
): Promise<Found> {
  try {
    const info = await uploader.store.head(upload.key, { signal: limit });
    return info.metadata[WRITE_TOKEN] === upload.writeToken
      ? { kind: "ours", info }
      : { kind: "other" };
  } catch (error) {
    const absent = error instanceof StowageError && error.code === "not-found";
    return { kind: absent ? "absent" : "silent" };
  }
}

/** Ends what runs after a failure: it has a limit of its own, since the caller's signal may be spent. */
export function cleanupLimit({ cleanupTimeoutMs }: Uploader): AbortSignal {
  return AbortSignal.timeout(cleanupTimeoutMs);
}

/**
 * Removes the upload's own object, should it stand there after an abort. Resolves to what is left:
 * `not-applied` once nothing is; never rejects.
 */
export async function withdraw(
  uploader: Uploader,
  upload: ObjectUpload,
  limit: AbortSignal,
): Promise<Outcome> {
  const found = await findOut(uploader, upload, limit);
  if (found.kind === "silent") return "unknown";
  if (found.kind !== "ours") return "not-applied";
  const conditional = uploader.store.facts.honours.conditions.delete;
  const when = conditional ? { etag: found.info.etag } : undefined;
  return uploader.store.delete(upload.key, { when, signal: limit }).then(
    () => "not-applied",
    () => "applied",
  );
}

/** What an aborted upload rejects with: the signal's reason, once nothing is left behind. */
export function abortion(
  upload: ObjectUpload,
  left: { readonly cleanup: "done" | "pending"; readonly outcome: Outcome },
): unknown {
  const reason: unknown = upload.signal?.reason;
  if (left.cleanup === "done" && left.outcome === "not-applied") return reason;
  const what = {
    "not-applied": "its parts could not be removed",
    applied: "it was stored all the same, and could not be removed",
    unknown: "whether it was stored could not be found out",
  }[left.outcome];
  return new StowageError(
    "aborted",
    `Cannot clean up after ${quote(upload.key)} was aborted: ${what}`,
    { operation: "upload", key: upload.key, ...left },
    { cause: reason },
  );
}

/**
 * Drops an upload, and makes sure that the store has forgotten it. Resolves to whether it has; never
 * rejects.
 */
export async function drop(
  { store, clock }: Uploader,
  session: Upload,
  limit: AbortSignal,
): Promise<boolean> {
  for (let round = 1; round <= ABORT_ROUNDS && !limit.aborted; round++) {
    try {
      if (round > 1) await clock.sleep(Math.min(MAX_PAUSE_MS, 50 * 2 ** round), limit);
      await store.abortUpload(session, { signal: limit });
      const left = store.listParts(session, { signal: limit })[Symbol.asyncIterator]();
      // A part that was in flight may have come after the abort: then it stands here.
      const { done } = await left.next();
      await left.return?.();
      if (done === true) return true;
    } catch (error) {
      if (error instanceof StowageError && error.code === "upload-not-found") return true;
    }
  }
  return false;
}
