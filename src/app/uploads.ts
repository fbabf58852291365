import { quote, StowageError } from "../domain/errors.js";
import { ownerId } from "../domain/owner.js";
import { checkFilename, uploadKey } from "../domain/upload-key.js";
import type { Encryption } from "../ports/object-store.js";
import type { OpenSource, Source, UploadSource } from "../ports/source.js";
import type { Progress, Uploaded, UploadRequest } from "./stowage.js";
import { attributesFor, checkWords } from "./upload-attributes.js";
import { prepare } from "./uploader/prepare.js";
import { uploadObject } from "./uploader/upload-object.js";
import type { ObjectUpload, Prepared, Sent, Uploader } from "./uploader/uploader.js";

/** What uploads are made with. */
export interface Uploads extends Uploader {
  readonly openSource: OpenSource;
  readonly encryption: Encryption | undefined;
}

/** Keys tried for one upload: as many files of one name in one second are a mistake elsewhere. */
const MOST_KEYS = 1_000;

/**
 * Stores a user's file under a key of its own below `root`.
 *
 * The order matters: all input is checked, then the source opened, then the first request sent.
 */
export async function upload(
  uploads: Uploads,
  root: string,
  request: UploadRequest,
): Promise<Uploaded> {
  const { signal } = request;
  const owner = ownerId(request.userId);
  if (request.name !== undefined) checkFilename(request.name);
  checkWords(request);
  signal?.throwIfAborted();

  const at = uploads.clock.now();
  await using source = await uploads.openSource(request.source, { signal });
  const filename = request.name ?? source.filename;
  if (filename === undefined) {
    throw new StowageError(
      "invalid-argument",
      "Cannot upload a source that has no file name: give one as name",
      { operation: "upload" },
    );
  }
  const key = (attempt: number) => uploadKey({ root, owner, at, filename, attempt });
  // The number of the last try takes room too.
  key(MOST_KEYS);
  const { contentType, metadata, writeToken } = attributesFor(uploads.clock, at, filename, request);

  const object = (attempt: number): ObjectUpload => ({
    key: key(attempt),
    contentType,
    metadata,
    writeToken,
    encryption: uploads.encryption,
    when: { absent: true },
    signal,
    onProgress: (doneBytes, totalBytes) =>
      tell(request.onProgress, { key: key(attempt), doneBytes, totalBytes }),
  });
  const { sent, key: taken } = await underFreeKey(uploads, source, request.source, object);
  return {
    uri: uploads.store.uri(taken),
    key: taken,
    ...sent,
    contentType,
    metadata,
    encryption: uploads.encryption?.algorithm ?? "none",
  };
}

/**
 * Tries one key after the other until one is free. Bytes at hand are just sent again. A source in
 * parts looks for a free key first, since its parts are bound to the key; when the key is taken
 * meanwhile, it is opened again, and a stream, which cannot be, is refused with `already-exists`.
 */
async function underFreeKey(
  uploads: Uploads,
  source: Source,
  origin: UploadSource,
  object: (attempt: number) => ObjectUpload,
): Promise<{ sent: Sent; key: Uploaded["key"] }> {
  const { signal } = object(1);
  let prepared: Prepared | undefined = await prepare(uploads, source, signal);
  for (let attempt = 1; attempt <= MOST_KEYS; attempt++) {
    const next = object(attempt);
    if (prepared?.kind !== "whole" && (await isTaken(uploads, next))) continue;
    try {
      if (prepared !== undefined) {
        return { sent: await uploadObject(uploads, source, prepared, next), key: next.key };
      }
      await using again = await uploads.openSource(origin, { signal });
      const readAgain = await prepare(uploads, again, signal);
      return { sent: await uploadObject(uploads, again, readAgain, next), key: next.key };
    } catch (error) {
      const taken = error instanceof StowageError && error.code === "already-exists";
      if (!taken || error.outcome !== "not-applied") throw error;
      if (prepared?.kind === "whole") continue;
      if (source.size === undefined) throw error;
      prepared = undefined;
    }
  }
  throw new StowageError(
    "already-exists",
    `Cannot upload ${quote(object(1).key)}: it is taken, and so are the next ${MOST_KEYS - 1} numbers`,
    { operation: "upload", key: object(1).key, outcome: "not-applied" },
  );
}

/** A courtesy that saves sending parts in vain. Who may write need not be allowed to look. */
async function isTaken(uploads: Uploads, { key, signal }: ObjectUpload): Promise<boolean> {
  return uploads.store.head(key, { signal }).then(
    () => true,
    (error: unknown) => {
      if (error instanceof StowageError) return false;
      throw error;
    },
  );
}

/** To tell of progress must not undo what has been stored: what a listener throws is dropped. */
export function tell(
  listener: ((progress: Progress) => void) | undefined,
  progress: Progress,
): void {
  try {
    listener?.(progress);
  } catch {}
}
