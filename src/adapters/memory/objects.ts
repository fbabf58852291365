import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { type Checksum, crc32Checksum, crc32Number } from "../../domain/checksum.js";
import { checkContentType, DEFAULT_CONTENT_TYPE } from "../../domain/content-type.js";
import { quote } from "../../domain/errors.js";
import { checkMetadata, type Metadata } from "../../domain/metadata.js";
import type { ObjectKey } from "../../domain/object-key.js";
import type { Encryption, ObjectAttributes, ObjectInfo, When } from "../../ports/object-store.js";
import { type Call, checked, refusal } from "./errors.js";

/** One version of an object. Never changed: a write puts another in its place. */
export interface Version {
  readonly bytes: Uint8Array;
  readonly info: ObjectInfo;
}

/**
 * Where versions are kept: a `Map`, or what answers as one does, at once. That it does so is what
 * makes conditions hold within a process; two processes over one table are not kept apart.
 */
export interface ObjectTable {
  get(key: ObjectKey): Version | undefined;
  set(key: ObjectKey, version: Version): unknown;
  delete(key: ObjectKey): unknown;
  /** In any order. */
  keys(): Iterable<ObjectKey>;
}

/** What is kept with an object, checked and copied. */
export interface Attributes {
  readonly contentType: string;
  readonly metadata: Metadata;
}

export function attributesOf(call: Call, options: ObjectAttributes): Attributes {
  refuseEncryption(call, options.encryption);
  const { contentType = DEFAULT_CONTENT_TYPE, metadata = {} } = options;
  checked(call, () => checkContentType(contentType));
  checked(call, () => checkMetadata(metadata));
  return { contentType, metadata: { ...metadata } };
}

export function refuseEncryption(call: Call, encryption: Encryption | undefined): void {
  if (encryption === undefined) return;
  throw refusal(
    call,
    "unsupported",
    `Cannot encrypt with ${encryption.algorithm}: this store has no encryption at rest; leave it out`,
  );
}

/**
 * Expects the condition to hold for what is under the key.
 *
 * @throws `already-exists`, `precondition-failed`.
 */
export function expectCondition(
  call: Call,
  key: ObjectKey,
  there: Version | undefined,
  when: When | undefined,
): void {
  if (when?.absent && there !== undefined) {
    throw refusal(call, "already-exists", `Cannot write ${quote(key)}: the key is taken`);
  }
  if (when?.etag !== undefined && when.etag !== there?.info.etag) {
    const found = there === undefined ? "there is no object" : `it is ${quote(there.info.etag)}`;
    throw refusal(
      call,
      "precondition-failed",
      `Cannot go on with ${quote(key)}: its ETag is to be ${quote(when.etag)}, but ${found}`,
    );
  }
}

/**
 * Expects the bytes to have the checksum.
 *
 * @throws `checksum-mismatch`.
 */
export function expectChecksum(call: Call, bytes: Uint8Array, given: Checksum | undefined): void {
  if (given === undefined) return;
  const wanted = checked(call, () => crc32Number(given));
  const actual = crc32(bytes);
  if (actual === wanted) return;
  throw refusal(
    call,
    "checksum-mismatch",
    `Cannot store ${bytes.length} bytes: their CRC32 is ${quote(crc32Checksum(actual).value)}, not ${quote(given.value)} as told`,
  );
}

export function checksumOf(bytes: Uint8Array): Checksum {
  return crc32Checksum(crc32(bytes));
}

/** The ETag of bytes sent at once. Like that of S3 it goes by the bytes alone, so equal bytes share it. */
export function etagOf(bytes: Uint8Array): string {
  return createHash("md5").update(bytes).digest("hex");
}

/** The ETag of bytes sent in parts. Like that of S3 it is another than that of the same bytes sent at once. */
export function etagOfParts(etags: readonly string[]): string {
  const hash = createHash("md5");
  for (const etag of etags) hash.update(etag);
  return `${hash.digest("hex")}-${etags.length}`;
}
