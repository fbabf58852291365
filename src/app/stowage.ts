import type { Checksum } from "../domain/checksum.js";
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
  /** Whether the store kept a checksum to hold the bytes against. */
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
  readonly checksum?: Checksum | undefined;
  /** At rest, as the store says. */
  readonly encryption?: Encryption["algorithm"] | undefined;
}
