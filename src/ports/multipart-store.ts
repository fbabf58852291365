import type { Checksum } from "../domain/checksum.js";
import type { ObjectKey } from "../domain/object-key.js";
import type {
  CallOptions,
  Encryption,
  ObjectAttributes,
  When,
  WriteResult,
} from "./object-store.js";
import type { Slice } from "./slice.js";

/**
 * Objects sent in parts: nothing is to be seen of them before the last step, and all of it after.
 *
 * Ids are plain data, good for writing down and for use by another process. The lists of promises
 * are read as those of `ObjectStore`.
 */
export interface MultipartStore {
  /**
   * Begins an upload. What is kept with the object is said here, and fixed.
   *
   * - An upload that is not complete shows nothing under its key.
   * - Two uploads of one key have ids of their own, and their parts are never mixed.
   *
   * Encryption is asked for here; not every server tells at once whether it does so. `completeUpload`,
   * told of it again, holds the server to it.
   *
   * @throws `invalid-metadata`, `invalid-argument`, `not-encrypted`, `unsupported`.
   */
  createUpload(key: ObjectKey, options?: CreateUploadOptions): Promise<Upload>;

  /**
   * Sends one part, in any order, any number at once.
   *
   * - A part sent again replaces the one of its number.
   * - A part whose bytes do not have the checksum given is refused with `checksum-mismatch`.
   * - A store that tells the checksums of parts does so of each, given or not, at once and in the list.
   * - A part number outside 1 to the store's most is refused with `invalid-argument` before any I/O.
   * - A part of an unknown upload is refused with `upload-not-found`.
   * - A part sent from a slice is the same as one of the slice's bytes at hand.
   * - What reading a slice throws is thrown on, and nothing of the part is stored.
   *
   * A slice is read in small pieces, from its beginning each time, and more than once where a request
   * is signed: a store that is elsewhere never holds it whole.
   *
   * @param partNumber 1 to `facts.limits.maxParts`.
   * @throws `upload-not-found`, `checksum-mismatch`, `invalid-argument`.
   */
  uploadPart(
    upload: Upload,
    partNumber: number,
    body: PartBody,
    options?: UploadPartOptions,
  ): Promise<Part>;

  /**
   * Joins parts, in the order of their numbers, to the object.
   *
   * - A completed upload has the bytes of its parts in order, its content type and its metadata.
   * - A complete with `when.absent` on a taken key is refused with `already-exists`.
   * - A complete with `when.etag` replaces that version only, else it is refused with `precondition-failed`.
   * - Of many completes at once with `when.absent`, exactly one succeeds.
   * - A complete that is refused leaves no object behind, and its upload can still be aborted.
   * - A complete without a part, with an unknown one, a wrong ETag or parts out of order is refused with `invalid-part`.
   * - A part but the last that is smaller than the store's least is refused with `invalid-part`.
   * - A complete of an unknown or aborted upload is refused with `upload-not-found`.
   * - A second complete of an upload is answered as the first, or refused with `upload-not-found`.
   * - A complete whose bytes do not have the checksum given is refused with `checksum-mismatch`.
   * - The checksum given to a complete is kept, and told by head and get.
   * - A complete told of the encryption asked for resolves only when the store has confirmed it.
   *
   * @param parts in ascending order of their numbers, which may leave gaps.
   * @throws `already-exists`, `precondition-failed`, `conflict`, `invalid-part`, `upload-not-found`,
   *   `checksum-mismatch`, `not-encrypted`, `unsupported`. Each error has its `outcome`.
   */
  completeUpload(
    upload: Upload,
    parts: readonly Part[],
    options?: CompleteUploadOptions,
  ): Promise<WriteResult>;

  /**
   * Drops an upload and its parts.
   *
   * - After an abort, nothing is listed of the upload and no object appears.
   * - To abort an unknown upload is no error, so an abort may be repeated.
   *
   * A part in flight meanwhile may still be stored: whoever aborts has awaited its parts first.
   */
  abortUpload(upload: Upload, options?: CallOptions): Promise<void>;

  /**
   * Lists what a store has of an upload, in ascending order of part numbers.
   *
   * - A list of parts tells number, size and ETag of each part, over any number of pages.
   * - A list of the parts of an unknown upload is refused with `upload-not-found`.
   *
   * @throws `upload-not-found`.
   */
  listParts(upload: Upload, options?: CallOptions): AsyncIterable<Part>;

  /**
   * Lists uploads in progress.
   *
   * - An upload in progress is listed under its key, until it is completed or aborted.
   * - A store that lists uploads of one key alone refuses a prefix with `unsupported`.
   * - A list of uploads by prefix gives those whose keys begin with it.
   *
   * @throws `unsupported`.
   */
  listUploads(of: UploadFilter, options?: CallOptions): AsyncIterable<UploadSummary>;
}

/** An upload in progress, by name. */
export interface Upload {
  readonly key: ObjectKey;
  /** The store's own id: opaque. */
  readonly uploadId: string;
}

/** What a part is sent from: bytes at hand, or a slice of bytes that stand elsewhere. */
export type PartBody = Uint8Array | Slice;

/** A part that the store has. */
export interface Part {
  readonly partNumber: number;
  readonly size: number;
  readonly etag: string;
  /** Where the store keeps it. A store may ask for it again on complete. */
  readonly checksum?: Checksum | undefined;
}

export interface UploadSummary extends Upload {
  readonly startedAt: Date;
}

/** Uploads of one key, or of all keys that begin with a text (`""` for every key). */
export type UploadFilter =
  | { readonly key: ObjectKey; readonly prefix?: undefined }
  | { readonly prefix: string; readonly key?: undefined };

export interface CreateUploadOptions extends CallOptions, ObjectAttributes {
  /**
   * Whether `completeUpload` will be given the checksum of the whole object, and each part its own,
   * unless the store tells that: S3 wants to know from the start. Default: `false`.
   */
  readonly checksummed?: boolean | undefined;
}

export interface UploadPartOptions extends CallOptions {
  /** Of the part's bytes, for the store to verify. Default: none. */
  readonly checksum?: Checksum | undefined;
}

export interface CompleteUploadOptions extends CallOptions {
  /** Default: replace what is there. */
  readonly when?: When | undefined;
  /** What `createUpload` was asked for. Default: nothing to hold the server to. */
  readonly encryption?: Encryption | undefined;
  /** Of the whole object, for the store to verify and keep. Default: none. */
  readonly checksum?: Checksum | undefined;
}
