import type { Checksum } from "../domain/checksum.js";
import type { Disposition } from "../domain/disposition.js";
import type { ObjectKey } from "../domain/object-key.js";
import type { Upload } from "./multipart-store.js";
import type { ObjectAttributes } from "./object-store.js";

/**
 * URLs by which others, browsers above all, read or write one object for a while, without credentials.
 *
 * A port of its own, which a store has or has not: see `Store.signer`. The lists of promises are read
 * as those of `ObjectStore`.
 *
 * - Nothing is sent to sign.
 * - A signed URL is good for its own method and key alone.
 * - A URL without its signature is denied.
 * - A signed URL that was changed is denied.
 * - A signed URL that has expired is denied.
 * - An expiry outside 1 to 604,800 seconds is refused with `invalid-argument` before any I/O.
 * - Every key can be signed.
 *
 * Whoever has such a URL may use it, any number of times, until it expires: for that long it is a
 * secret, and stands in no error. With temporary credentials it expires no later than they do.
 */
export interface UrlSigner {
  /** What of its options the store holds clients to. The others are refused with `unsupported`. */
  readonly honours: SignerHonours;

  /**
   * A URL to read an object by.
   *
   * - A signed GET gives the bytes and the content type of its object, as a get does.
   * - A signed GET tells the content type, the disposition and the file name that were signed with it.
   * - No content type and no file name can add to the headers of a signed GET.
   *
   * @throws `invalid-argument`.
   */
  signGet(key: ObjectKey, options?: SignGetOptions): Promise<SignedRequest>;

  /**
   * A URL to put an object by, of just this size, content type and metadata.
   *
   * - A signed PUT stores what a put does: bytes, content type and metadata.
   * - A signed PUT with other headers than were signed is denied.
   * - A signed PUT of more or fewer bytes than were signed is denied.
   * - A signed PUT whose bytes do not have the checksum that was signed is refused, and stores nothing.
   * - A signed PUT with `when.absent` on a taken key is refused, and replaces nothing.
   * - A signed PUT that asks for encryption stores an encrypted object.
   *
   * The server answers 200 with the object's `ETag`; 412 where `when.absent` is not met.
   *
   * @throws `invalid-argument`, `invalid-metadata`, `too-large`, `unsupported`.
   */
  signPut(key: ObjectKey, options: SignPutOptions): Promise<SignedRequest>;

  /**
   * A form that a browser puts an object by, of any size within a range.
   *
   * - A signed form stores its file with the content type and metadata that were signed.
   * - A signed form refuses a file of fewer bytes than its least, or more than its most.
   * - A signed form with another field than was signed is denied.
   * - A form for a key that a server would put the file's name into is refused with `invalid-key`.
   *
   * A server puts the file's name where a key holds `${filename}`. A form knows no conditions: whoever
   * has it may replace the object until it expires. The server answers 204.
   *
   * @throws `invalid-argument`, `invalid-key`, `invalid-metadata`, `too-large`, `unsupported`.
   */
  signPost(key: ObjectKey, options: SignPostOptions): Promise<SignedForm>;

  /**
   * A URL to send one part of an upload by. The server answers 200 with the part's `ETag`.
   *
   * - A signed part is stored as the part of its number.
   * - A signed part of more or fewer bytes than were signed is denied.
   *
   * @param partNumber 1 to `facts.limits.maxParts`.
   * @throws `invalid-argument`, `too-large`, `unsupported`.
   */
  signPart(upload: Upload, partNumber: number, options: SignPartOptions): Promise<SignedRequest>;
}

/** Which options of a signer a store holds clients to. */
export interface SignerHonours {
  /** Whether the store verifies the checksum of what a client sends it. */
  readonly checksums: boolean;
}

export interface SignOptions {
  /** 1 to 604,800: 7 days, the limit of Signature Version 4. Default: 900, 15 minutes. */
  readonly expiresInSeconds?: number | undefined;
  /**
   * When it begins to be good; its time runs from there. The same instant makes the same URL, which a
   * browser's cache then knows again. Default: now.
   */
  readonly startsAt?: Date | undefined;
}

export interface SignGetOptions extends SignOptions {
  /** MIME type to tell instead of the object's own. */
  readonly contentType?: string | undefined;
  /** What a browser is to do with it. Default: nothing is told; with a file name, `attachment`. */
  readonly disposition?: Disposition | undefined;
  /** Name for a browser to save it under, of any Unicode. */
  readonly filename?: string | undefined;
}

export interface SignPutOptions extends SignOptions, ObjectAttributes {
  /** Bytes. */
  readonly size: number;
  /** Of the bytes, for the store to verify and keep. Default: none. */
  readonly checksum?: Checksum | undefined;
  /** Default: replace what is there. */
  readonly when?: { readonly absent: true } | undefined;
}

export interface SignPostOptions extends SignOptions, ObjectAttributes {
  /** Bytes. Default: 0. */
  readonly minBytes?: number | undefined;
  /** Bytes. */
  readonly maxBytes: number;
}

export interface SignPartOptions extends SignOptions {
  /** Bytes. */
  readonly size: number;
  /** Of the part's bytes, for the store to verify. Default: none. */
  readonly checksum?: Checksum | undefined;
}

/** A request that anybody may send, as it stands here. */
export interface SignedRequest {
  readonly method: "GET" | "PUT";
  readonly url: string;
  /**
   * Those to send beside the ones that clients send by themselves, of which `Host` and, for a PUT,
   * `Content-Length` are signed too.
   */
  readonly headers: Readonly<Record<string, string>>;
  readonly expiresAt: Date;
}

/** A form that anybody may send: by POST, as `multipart/form-data`. */
export interface SignedForm {
  readonly url: string;
  /** Before `file`, which comes last and holds the bytes. */
  readonly fields: Readonly<Record<string, string>>;
  readonly expiresAt: Date;
}
