import type { Checksum, Crc64NvmeChecksum } from "../domain/checksum.js";
import type { Metadata } from "../domain/metadata.js";
import type { ObjectKey } from "../domain/object-key.js";
import type { ByteRange } from "../domain/range.js";
import type { StoreLimits } from "../domain/upload-plan.js";

/**
 * A flat set of named byte strings, each replaced or removed whole.
 *
 * Each sentence in a list here is a promise: every store keeps it, and a case of the contract that
 * quotes the sentence holds it to that.
 *
 * - A reader finds the old object or the new one, never a mixture and never a part.
 * - A write that is refused leaves what was there before.
 * - Once a write resolves, every later get, head and list sees it.
 * - Of two writes to one key at once, one wins whole.
 * - A call whose signal is aborted rejects with the signal's own reason.
 * - An error tells its code, operation, store and key.
 * - A store without the bucket says `bucket-not-found`, never `not-found`.
 * - A store that cannot honour an option refuses it with `unsupported` before any I/O.
 * - Every key that passes the key policy names an object of its own, and is listed as it was given.
 * - Every key has a URI of its own, which begins with the store's location.
 *
 * It has no folders, no appending and no writing in place. Sizes and offsets are in bytes. A store
 * sends each request once: whoever calls it decides about sending it again. Beside `StowageError`,
 * two things are passed on untouched: `signal.reason`, and whatever a `for await` over a body throws
 * into it.
 */
export interface ObjectStore {
  /** What the store is, what it can hold and what it honours. */
  readonly facts: StoreFacts;

  /** The name of an object for people and other programs, such as `s3://bucket/key`. */
  uri(key: ObjectKey): string;

  /**
   * The key of a URI that `uri` has given, also in another process and for an object that is gone.
   *
   * - A URI leads back to its key, and a URI of another store to none.
   */
  keyOf(uri: string): ObjectKey | undefined;

  /**
   * Stores bytes under a key in one atomic request.
   *
   * - What was put is what is got: bytes, content type and metadata, byte for byte.
   * - An object of no bytes is an object.
   * - A put replaces bytes, content type and metadata together; nothing of the old object stays.
   * - A put without a content type stores `application/octet-stream`.
   * - A content type that is not printable ASCII is refused with `invalid-argument` before any I/O.
   * - A put returns the size and the ETag that head and list go on to give.
   * - A put with `when.absent` on a taken key is refused with `already-exists`.
   * - Of many puts at once with `when.absent`, exactly one succeeds.
   * - A put with `when.etag` replaces that version only, else it is refused with `precondition-failed`.
   * - A put with `when.etag` on a key without an object is refused with `precondition-failed`.
   * - A put whose bytes do not have the checksum given is refused with `checksum-mismatch`.
   * - The checksum given is kept, and told by head and get.
   * - A put that asks for encryption resolves only when the store has confirmed it.
   * - A key and another that begins with it and a `/` are two objects, and neither write harms the other.
   * - Metadata values of any Unicode come back unchanged.
   * - Metadata that breaks a rule is refused with `invalid-metadata` before any I/O.
   *
   * @throws `already-exists`, `precondition-failed`, `conflict`, `checksum-mismatch`,
   *   `not-encrypted`, `invalid-metadata`, `invalid-argument`, `too-large`, `unsupported`. Each error
   *   has its `outcome`.
   */
  put(key: ObjectKey, bytes: Uint8Array, options?: PutOptions): Promise<WriteResult>;

  /**
   * Opens an object, once the store has said that it exists.
   *
   * The caller reads `body` to its end, or disposes of the result: `await using` sees to that.
   *
   * - A get of a key without an object is refused with `not-found`.
   * - A range gives its bytes alone, `end` excluded and what lies past the object's end left out.
   * - A suffix gives the last bytes, or all when there are fewer.
   * - A range that begins at or past the end is refused with `range-not-satisfiable`.
   * - An object of no bytes may be read from 0.
   * - A range that is malformed is refused with `invalid-argument` before any I/O.
   * - The info of a ranged get is that of the whole object.
   * - A get with `when.etag` reads that version only, else it is refused with `precondition-failed`.
   * - An object that is replaced while it is read gives its old bytes to the end, or the read fails.
   * - A body that is left early lets go of what it held.
   *
   * @throws `not-found`, `range-not-satisfiable`, `precondition-failed`, `invalid-argument`.
   */
  get(key: ObjectKey, options?: GetOptions): Promise<OpenObject>;

  /**
   * Describes an object without reading it.
   *
   * - A head tells size, ETag, content type, metadata and the time of the last write.
   * - A head of a key without an object is refused with `not-found`.
   *
   * @throws `not-found`.
   */
  head(key: ObjectKey, options?: CallOptions): Promise<ObjectInfo>;

  /**
   * Removes an object.
   *
   * - A deleted object is gone for get, head and list.
   * - To delete a key without an object is no error, so a delete may be repeated.
   * - A delete takes its own key alone, not those that begin with it.
   * - A delete with `when.etag` removes that version only, else it is refused with `precondition-failed`.
   *
   * @throws `precondition-failed`, `unsupported`.
   */
  delete(key: ObjectKey, options?: DeleteOptions): Promise<void>;

  /**
   * Removes any number of objects, in as few requests as the store allows.
   *
   * - A deleteMany gives a result for each key, in the order of the keys.
   * - A deleteMany takes more keys than the store takes in one request.
   * - A deleteMany of no keys resolves to no results.
   *
   * What the store refuses for one key stands in that key's result; the others go on.
   */
  deleteMany(keys: readonly ObjectKey[], options?: CallOptions): Promise<readonly DeleteResult[]>;

  /**
   * Copies an object within the store, with its content type and metadata.
   *
   * - A copy has the bytes, content type and metadata of its source.
   * - A copy replaces the object at its target.
   * - A copy of a key without an object is refused with `not-found`.
   * - A copy with `when.absent` onto a taken key is refused with `already-exists`.
   * - A copy with `when.etag` replaces that version of its target only, else it is refused with `precondition-failed`.
   * - A copy onto itself changes no byte and no metadata.
   *
   * @throws `not-found`, `already-exists`, `precondition-failed`, `unsupported`.
   */
  copy(from: ObjectKey, to: ObjectKey, options?: CopyOptions): Promise<WriteResult>;

  /**
   * Lists objects, a page at a time as they are taken.
   *
   * - A list is in ascending order of the UTF-8 bytes of the keys.
   * - A list gives each object once, with its size, ETag and time, over any number of pages.
   * - A prefix selects the keys that begin with it, at a `/` or not.
   * - With a delimiter, keys that have it after the prefix are given once, as their common prefix.
   * - A list that starts after a key leaves out that key and all before it.
   * - Nothing that matches is an empty list, not an error.
   * - An upload in progress is not listed.
   * - A list that is left early lets go of what it held.
   *
   * An object written or deleted meanwhile may or may not appear. Objects whose names break the key
   * policy cannot be addressed here, and are left out.
   */
  list(options?: ListOptions): AsyncIterable<ListEntry>;
}

/** What a store is, as data: the engine and the contract go by it, and nobody asks which server. */
export interface StoreFacts {
  /** `s3`, `minio`, `filesystem`, `memory`, or the name of your own. */
  readonly kind: string;
  /** The URI under which the store's keys stand, ending in `/`: `s3://my-bucket/`. */
  readonly location: string;
  readonly bucket?: string | undefined;
  readonly limits: StoreLimits;
  /** What of the port's options is honoured. The others are refused with `unsupported`. */
  readonly honours: StoreHonours;
  /**
   * Whether the store sums up the bytes of each part as it takes them, and tells their CRC-32. To
   * compute it before, in the same process, would prove nothing more. Default: `false`.
   */
  readonly tellsPartChecksums?: boolean | undefined;
}

/** Which options a store honours. */
export interface StoreHonours {
  readonly conditions: {
    readonly put: boolean;
    readonly complete: boolean;
    readonly copy: boolean;
    readonly delete: boolean;
  };
  /** The kinds of encryption that may be asked for. */
  readonly encryption: readonly Encryption["algorithm"][];
  /** Whether uploads can be listed by a prefix, or of one key alone. */
  readonly listUploads: "prefix" | "key";
  /**
   * Whether `a` and `a/b` can both be listed. MinIO, which keeps objects as folders, gives both to a
   * get, but leaves `a/b` out of its lists while `a` is there.
   */
  readonly keyBesideItsPrefix: boolean;
  /**
   * Whether what is replaced stays whole until the new object is there. LocalStack writes over the
   * old bytes: a reader may find them mixed during a complete, and a put that is refused for its
   * checksum loses them.
   */
  readonly replacesWhole: boolean;
}

/**
 * What must be true of the key for the call to go through: no object there, or one of this ETag.
 */
export type When =
  | { readonly absent: true; readonly etag?: undefined }
  | { readonly etag: string; readonly absent?: undefined };

/** Encryption at rest by the server: with its own key (SSE-S3), or one of a KMS (SSE-KMS). */
export type Encryption =
  | { readonly algorithm: "AES256" }
  | { readonly algorithm: "aws:kms"; readonly keyId?: string | undefined };

export interface CallOptions {
  /** Ends the call early; for `get`, the reading of the body too. */
  readonly signal?: AbortSignal | undefined;
}

/** What is kept with an object. */
export interface ObjectAttributes {
  /** MIME type. Default: `application/octet-stream`. */
  readonly contentType?: string | undefined;
  /** Default: none. 2,048 bytes in all: see `metadataBytes`. */
  readonly metadata?: Metadata | undefined;
  /** Default: whatever the store does unasked. */
  readonly encryption?: Encryption | undefined;
}

export interface PutOptions extends CallOptions, ObjectAttributes {
  /** Default: replace what is there. */
  readonly when?: When | undefined;
  /** Of the bytes, for the store to verify and keep. Default: none. */
  readonly checksum?: Checksum | undefined;
}

export interface GetOptions extends CallOptions {
  /** Default: the whole object. */
  readonly range?: ByteRange | undefined;
  /** Default: whichever version is there. */
  readonly when?: { readonly etag: string } | undefined;
}

export interface DeleteOptions extends CallOptions {
  /** Default: whichever version is there. */
  readonly when?: { readonly etag: string } | undefined;
}

export interface CopyOptions extends CallOptions {
  /** Of the target. Default: replace what is there. */
  readonly when?: When | undefined;
  /** Of the target: it is not taken over from the source. Default: whatever the store does unasked. */
  readonly encryption?: Encryption | undefined;
}

export interface ListOptions extends CallOptions {
  /** Only keys that begin with this text. Default: every key. */
  readonly prefix?: string | undefined;
  /** Fold keys that have this text after the prefix. Only `/` is taken. Default: no folding. */
  readonly delimiter?: "/" | undefined;
  /** Only entries after this key or common prefix. Give the last one seen to go on. */
  readonly startAfter?: string | undefined;
  /** Entries fetched in one request, 1 to 1,000. Default: 1,000. */
  readonly pageSize?: number | undefined;
}

/** What a store tells of an object that it has just written. */
export interface WriteResult {
  readonly size: number;
  /** Opaque, without quotes. The same as `head` and `list` go on to give. */
  readonly etag: string;
}

/** What a listing tells of an object. */
export interface ObjectSummary {
  readonly key: ObjectKey;
  readonly size: number;
  /** Changes whenever the bytes do. Opaque: good for `===` and for `when`, and nothing else. */
  readonly etag: string;
  /** Exact to the second. */
  readonly lastModified: Date;
}

export type ListEntry =
  | ({ readonly kind: "object" } & ObjectSummary)
  /** A common prefix, ending in the delimiter. */
  | { readonly kind: "prefix"; readonly prefix: string };

/** All there is to know of an object, short of its bytes. */
export interface ObjectInfo extends ObjectSummary {
  readonly contentType: string;
  readonly metadata: Metadata;
  /** Of the whole object, where the store keeps one: as it was given, or as others have left it. */
  readonly checksum?: Checksum | Crc64NvmeChecksum | undefined;
  /** How the object lies encrypted at rest, where the store says so. */
  readonly encryption?: Encryption["algorithm"] | undefined;
}

/** An object being read. */
export interface OpenObject extends AsyncDisposable {
  /** Of the whole object, whatever range is read. */
  readonly info: ObjectInfo;
  /** Iterable once. To leave the loop early lets go of the connection. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** What became of one key of a `deleteMany`: `error` is missing where the object is gone. */
export interface DeleteResult {
  readonly key: ObjectKey;
  readonly error?: Error | undefined;
}
