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
  const unsettled = error.outcome === "unknown" || error.outcome === "applied";
  return unsettled || REFUSALS_OF_A_SECOND_SENDING.has(error.code);
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
 * Looks whether a doubtful write has stored this upload's object after all: whole, and encrypted as
 * asked. Resolves to its ETag.
 *
 * @throws the error of the write, with what is now known of its outcome; `not-encrypted`.
 */
export async function landed(
  uploader: Uploader,
  upload: ObjectUpload,
  size: number,
  error: StowageError,
): Promise<string> {
  const { encryption, when, key } = upload;
  const found = await findOut(uploader, upload);
  if (found.kind === "ours" && found.info.size === size) {
    if (encryption === undefined || found.info.encryption === encryption.algorithm) {
      return found.info.etag;
    }
    const left = await withdraw(uploader, upload, cleanupLimit(uploader));
    throw new StowageError(
      "not-encrypted",
      `Cannot keep ${quote(key)}: the store does not confirm the encryption asked for (${encryption.algorithm})`,
      {
        ...error.facts(),
        retryable: false,
        outcome: left === "stays" || left === "silent" ? "applied" : "not-applied",
        remedy: "Use a server that encrypts, or set STOWAGE_ENCRYPTION=none.",
      },
      { cause: error },
    );
  }
  // Somebody else's object stands there, and a write that is create-only cannot replace it.
  const refused = found.kind === "other" && when?.absent === true;
  throw refused ? error.with({ outcome: "not-applied" }) : error;
}

/** What became of an object that is no longer wanted; `silent` where that is not certain. */
export type Withdrawn = "removed" | "absent" | "others" | "stays" | "silent";

/** Removes the upload's own object, should it stand there. Never rejects. */
export async function withdraw(
  uploader: Uploader,
  upload: ObjectUpload,
  limit: AbortSignal,
): Promise<Withdrawn> {
  const found = await findOut(uploader, upload, limit);
  if (found.kind === "other") return "others";
  if (found.kind !== "ours") return found.kind;
  const conditional = uploader.store.facts.honours.conditions.delete;
  const when = conditional ? { etag: found.info.etag } : undefined;
  try {
    await uploader.store.delete(upload.key, { when, signal: limit });
    return "removed";
  } catch (error) {
    // A delete whose answer was lost may have been refused because of its own first sending.
    const after = await findOut(uploader, upload, limit);
    if (after.kind !== "ours") return after.kind === "silent" ? "silent" : "removed";
    // Nor does one stay for sure that may yet be carried out.
    const refused = error instanceof StowageError && error.outcome === "not-applied";
    return refused ? "stays" : "silent";
  }
}

/** Milliseconds in which a request that was cut off may yet be carried out. */
export const LATE_MS = 60_000;

/**
 * Gives an error of unknown outcome the way to find out later.
 *
 * @param session of an upload in parts: once the store has forgotten it, no object can come of it.
 */
export function resolvable(
  uploader: Uploader,
  upload: ObjectUpload,
  error: unknown,
  session?: Upload,
): unknown {
  if (!(error instanceof StowageError) || error.outcome !== "unknown") return error;
  const since = uploader.clock.now().getTime();
  return error.with({}, async () => {
    const limit = cleanupLimit(uploader);
    const late = uploader.clock.now().getTime() - since >= LATE_MS;
    const over = session === undefined ? late : await drop(uploader, session, limit);
    const found = await findOut(uploader, upload, limit);
    // What an abort has begun to remove may yet be removed.
    if (found.kind === "ours") return error.code === "aborted" && !late ? "unknown" : "applied";
    // A write that is create-only is refused where another's object stands, however late it comes.
    const refused = found.kind === "other" && upload.when?.absent === true;
    return refused || (found.kind === "absent" && over) ? "not-applied" : "unknown";
  });
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
