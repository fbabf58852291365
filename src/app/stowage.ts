import type { Checksum, Crc64NvmeChecksum } from "../domain/checksum.js";
import type { StowageError } from "../domain/errors.js";
import type { Metadata } from "../domain/metadata.js";
import type { ObjectKey } from "../domain/object-key.js";
import type { Encryption, OpenObject } from "../ports/object-store.js";
import type { DownloadTarget, UploadSource } from "../ports/source.js";
import type { Store } from "../ports/store.js";
import type { SignedRequest } from "../ports/url-signer.js";

/**
 * Users' datasets and models, kept in one store.
 *
 * Every call names the user on whose behalf it is made, and reaches that user's objects alone. All
 * input is checked before anything is read or sent. A rejection is a `StowageError`, or the reason
 * of the signal that was aborted; where an abort could not be cleaned up after, it is the error
 * `aborted`, which says what may be left, with that reason as its cause.
 */
export interface Stowage extends AsyncDisposable {
  /** The store beneath, for what the use cases do not offer. Its requests are sent once, not again. */
  readonly store: Store;

  /**
   * Stores a dataset under `{datasetsPrefix}/user_{userId}/{YYYYMMDD_HHMMSS}_{name}`, in UTC.
   *
   * It appears whole or not at all, and never replaces anything: a taken key moves on to
   * `{YYYYMMDD_HHMMSS}-2_{name}`, and so on. From the multipart threshold on it goes up in parts.
   *
   * @throws `source-not-found`, `source-unreadable`, `source-changed`, `source-failed`,
   *   `invalid-argument`, `invalid-key`, `invalid-metadata`, `too-large`, and the store's own. Each
   *   error after the first request has its `outcome`.
   */
  uploadDataset(request: UploadRequest): Promise<Uploaded>;

  /** Stores a model under `{modelsPrefix}/user_{userId}/…`; in all else as `uploadDataset`. */
  uploadModel(request: UploadRequest): Promise<Uploaded>;

  /**
   * Brings an object to a file or a stream, and verifies its checksum on the way.
   *
   * A file appears under its name only when all of it has come and has proved right. A stream is
   * ended when all has come, and destroyed otherwise.
   *
   * @throws `not-found`, `access-denied` (not this user's), `already-exists` (the file is there),
   *   `target-unwritable`, `checksum-mismatch`, and the store's own.
   */
  download(request: DownloadRequest): Promise<Downloaded>;

  /**
   * Opens an object for reading, in pieces, from a store that may falter meanwhile: what broke off is
   * taken up again where it broke off, at the same version. A wrong checksum ends the body with
   * `checksum-mismatch`.
   *
   * @throws `not-found`, `access-denied`.
   */
  open(request: ObjectRequest): Promise<OpenObject>;

  /** Lists a user's datasets, or models, by ascending key: oldest first, to the second. */
  list(request: ListRequest): AsyncIterable<StoredSummary>;

  /** @throws `not-found`, `access-denied`. */
  info(request: ObjectRequest): Promise<StoredInfo>;

  /**
   * Removes an object. To remove one that is not there is no error.
   *
   * @throws `access-denied`.
   */
  remove(request: ObjectRequest): Promise<void>;

  /**
   * Goes on with an upload in parts whose process is gone. What the store has of it is proved against
   * the file, by size and checksum, before it is counted on; the rest is sent. Where the file has
   * changed since, it is uploaded anew, under a key of its own, and nothing stays of the old upload.
   *
   * @throws `unsupported` (no journal is set; a stream cannot be read again), `not-found` (it has
   *   ended), `conflict` (a living process runs it), `access-denied` (not this user's),
   *   `source-not-found` (the file is gone: what was sent of it is then removed), `journal-failed`,
   *   and what uploads throw.
   */
  resumeUpload(request: ResumeRequest): Promise<Uploaded>;

  /**
   * Lists the uploads in parts that are on record here, the oldest first: those being made, and those
   * whose process is gone.
   *
   * @throws `unsupported` (no journal is set), `journal-failed`.
   */
  unfinishedUploads(request?: UnfinishedRequest): AsyncIterable<UnfinishedUpload>;

  /**
   * Lists what is left of uploads in parts that nobody goes on with: those below `datasetsPrefix` and
   * `modelsPrefix` alone whose keys are of the form that uploads make. Those that are on record and
   * run are left out, as is what is younger than `olderThan`.
   *
   * A store that lists the uploads of one key alone, as MinIO does, is asked for the keys on record:
   * uploads that were not written down there, or by another machine, are not found.
   *
   * @throws `unsupported` (such a store, and no journal is set), `journal-failed`, and the store's own.
   */
  listStaleUploads(request?: StaleRequest): AsyncIterable<StaleUpload>;

  /**
   * Removes what `listStaleUploads` lists. What cannot be removed stands in its result; the others go
   * on. An upload that another machine still makes is known by its age alone: give an `olderThan`
   * that none outlasts.
   *
   * @throws as `listStaleUploads`; the reason of the signal.
   */
  removeStaleUploads(request?: RemoveStaleRequest): Promise<readonly RemovedUpload[]>;

  /**
   * Signs a URL by which anybody may read one object until it expires. A browser saves it as a file.
   *
   * Nothing is sent: whether the object is there shows when the URL is used. The URL is a secret.
   *
   * @throws `access-denied`, `invalid-argument`, `unsupported` (a directory and memory have no URLs).
   */
  signDownload(request: SignDownloadRequest): Promise<SignedDownload>;

  /**
   * Signs a URL by which anybody may store one object for a user until it expires: under a key as
   * `uploadDataset` makes it, of just this size and content type, and create-only. Once it has been
   * used, `list`, `info` and `download` know the object as any other.
   *
   * Nothing is sent. Of two uploads of one name in one second the second is answered 412.
   *
   * @throws `invalid-argument`, `invalid-key`, `invalid-metadata`, `too-large` (above 5 GiB),
   *   `unsupported`.
   */
  signUpload(request: SignUploadRequest): Promise<SignedUpload>;
}

/** Datasets and models differ by the prefix of their keys alone. */
export type Kind = "dataset" | "model";

export interface UploadRequest {
  /** An integer from 0, or 1 to 128 of `A-Z a-z 0-9 - _ .`, beginning with a letter or a digit. */
  readonly userId: number | bigint | string;
  /** A path, a `file:` URL, bytes, a `Blob`, or a stream. */
  readonly source: UploadSource;
  /** File name, kept in the key. Default: the file's own; a source without one needs a name. */
  readonly name?: string | undefined;
  /** MIME type. Default: by the name's extension, else `application/octet-stream`. */
  readonly contentType?: string | undefined;
  /**
   * Bytes that a stream has, for one whose length is known, such as a request's `Content-Length`: one
   * byte more or less is `source-changed`, and nothing is stored. Default: found by reading.
   */
  readonly size?: number | undefined;
  /**
   * Bytes that a stream of unknown length may have. Without it 10,000 parts of 5 MiB to 64 MiB hold
   * 448 GiB; with it they are made so large that as many bytes fit, up to the store's limit.
   */
  readonly sizeHint?: number | undefined;
  /**
   * Whether the SHA-256 of the source is recorded with the object, for downloads to be held against
   * and for others to see. It is read once more for that, before anything is sent; a stream, which
   * cannot be, is an `invalid-argument`. Default: `false`.
   */
  readonly sha256?: boolean | undefined;
  /** Text kept with the object, beside `uploaded_at` and `original_filename`. 2,048 bytes in all. */
  readonly metadata?: Metadata | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called whenever bytes have been stored. What it throws is dropped. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** How far an upload or a download has come. */
export interface Progress {
  readonly key: ObjectKey;
  readonly doneBytes: number;
  /** `undefined` for a stream of unknown length. */
  readonly totalBytes: number | undefined;
}

/** An object that has been stored. */
export interface Uploaded {
  /** `s3://bucket/key`, or `file:///…` in a directory. */
  readonly uri: string;
  readonly key: ObjectKey;
  readonly etag: string;
  readonly size: number;
  /** Of the whole object, computed as the bytes left; the store has verified it where it can. */
  readonly checksum: Checksum;
  /** Of the whole object, hexadecimal, where it was to be recorded. */
  readonly sha256?: string | undefined;
  readonly contentType: string;
  readonly metadata: Metadata;
  /** At rest, as the store has confirmed it. `none` where none was asked for. */
  readonly encryption: Encryption["algorithm"] | "none";
  /** Parts it was sent in; 0 for one request. */
  readonly parts: number;
}

/** One object of one user. */
export interface ObjectRequest {
  readonly userId: number | bigint | string;
  /** The key or the URI that the upload returned. */
  readonly object: string;
  readonly signal?: AbortSignal | undefined;
}

export interface DownloadRequest extends ObjectRequest {
  /** A path, a `file:` URL, or a stream, which is ended. */
  readonly to: DownloadTarget;
  /** Replace a file of that name. Default: `false`. */
  readonly overwrite?: boolean | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

export interface Downloaded {
  readonly key: ObjectKey;
  readonly size: number;
  /** Of the bytes that came. */
  readonly checksum: Checksum;
  /** The same, hexadecimal, where it was recorded with the object. */
  readonly sha256?: string | undefined;
  /** Whether there was a checksum to hold the bytes against: the store's, or a SHA-256 on record. */
  readonly verified: boolean;
}

export interface SignDownloadRequest extends Omit<ObjectRequest, "signal"> {
  /** 1 to 604,800. Default: 900, 15 minutes. */
  readonly expiresInSeconds?: number | undefined;
  /** Name for a browser to save it under. Default: the one it was uploaded under. */
  readonly filename?: string | undefined;
}

export interface SignedDownload extends SignedRequest {
  readonly key: ObjectKey;
}

export interface SignUploadRequest
  extends Pick<UploadRequest, "userId" | "contentType" | "metadata"> {
  /** Default: `dataset`. */
  readonly kind?: Kind | undefined;
  /** File name, kept in the key. */
  readonly name: string;
  /** Bytes, 5 GiB at most. No other number can be sent. */
  readonly size: number;
  /** Of the bytes, for the store to verify and keep. Default: none. */
  readonly checksum?: Checksum | undefined;
  /** 1 to 604,800. Default: 900, 15 minutes. */
  readonly expiresInSeconds?: number | undefined;
}

/** To be sent as it stands: by this method, with these headers, and the bytes. */
export interface SignedUpload extends SignedRequest {
  readonly uri: string;
  readonly key: ObjectKey;
  readonly contentType: string;
  readonly metadata: Metadata;
}

export interface ListRequest {
  readonly userId: number | bigint | string;
  /** Default: `dataset`. */
  readonly kind?: Kind | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What a listing tells. */
export interface StoredSummary {
  readonly uri: string;
  readonly key: ObjectKey;
  readonly etag: string;
  readonly size: number;
  readonly lastModified: Date;
  /** The name it was uploaded under. */
  readonly filename: string;
}

export interface StoredInfo extends StoredSummary {
  readonly contentType: string;
  readonly metadata: Metadata;
  /** Of the whole object, where the store keeps one. */
  readonly checksum?: Checksum | Crc64NvmeChecksum | undefined;
  /** Of the whole object, hexadecimal, where it was recorded on upload. */
  readonly sha256?: string | undefined;
  /** At rest, as the store says. */
  readonly encryption?: Encryption["algorithm"] | undefined;
}

/** An upload to go on with, as `unfinishedUploads` tells of it: its `id` and its `userId` will do. */
export interface ResumeRequest extends Pick<UploadRequest, "signal" | "onProgress"> {
  readonly session: {
    readonly id: string;
    readonly userId: number | bigint | string;
  };
}

export interface UnfinishedRequest {
  /** Default: those of all users. */
  readonly userId?: number | bigint | string | undefined;
}

/** An upload in parts that is on record. */
export interface UnfinishedUpload {
  /** Names it among those on record. */
  readonly id: string;
  readonly userId: string;
  readonly kind: Kind;
  readonly key: ObjectKey;
  /** The name that it is uploaded under. */
  readonly filename: string;
  /** Of the file, absolute. Missing for what cannot be read again, and so not be gone on with. */
  readonly path?: string | undefined;
  /** Bytes of the file. */
  readonly size?: number | undefined;
  /** Bytes on record as stored. The store may have more. */
  readonly doneBytes: number;
  readonly startedAt: Date;
  /** Whether a living process makes it. */
  readonly running: boolean;
}

export interface StaleRequest extends UnfinishedRequest {
  /** Milliseconds since they began, at least. Default: 86,400,000 (24 h). */
  readonly olderThan?: number | undefined;
  /** Only keys that begin with this text. Default: every key of datasets and models. */
  readonly prefix?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface RemoveStaleRequest extends StaleRequest {
  /** Remove nothing, and tell what would be. Default: `false`. */
  readonly dryRun?: boolean | undefined;
}

/** What is left of an upload in parts. */
export interface StaleUpload {
  readonly key: ObjectKey;
  readonly userId: string;
  readonly kind: Kind;
  /** Missing where the process died before it knew it. */
  readonly uploadId?: string | undefined;
  readonly startedAt: Date;
  /** Bytes that the store holds of it. */
  readonly storedBytes: number;
  /** Whether it is on record, or only the store tells of it. */
  readonly knownBy: "journal" | "store";
}

export interface RemovedUpload extends StaleUpload {
  readonly removed: boolean;
  /** Why not. Missing in a dry run. */
  readonly error?: StowageError | undefined;
}
