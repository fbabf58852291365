import { crc32 } from "node:zlib";
import { type Checksum, crc32Checksum, crc32Number } from "../../domain/checksum.js";
import { checkContentType, DEFAULT_CONTENT_TYPE } from "../../domain/content-type.js";
import { quote } from "../../domain/errors.js";
import { checkMetadata } from "../../domain/metadata.js";
import type { Encryption, ObjectAttributes, When } from "../../ports/object-store.js";
import { type Call, checked, refusal } from "./errors.js";
import type { Found } from "./find.js";
import type { Attributes } from "./sidecars.js";
import { etagOf } from "./versions.js";

/**
 * What is to be kept with an object.
 *
 * @throws `invalid-argument`, `invalid-metadata`, `unsupported`.
 */
export function attributesOf(call: Call, options: ObjectAttributes): Attributes {
  refuseEncryption(call, options.encryption);
  const { contentType = DEFAULT_CONTENT_TYPE, metadata = {} } = options;
  checked(call, () => checkContentType(contentType));
  checked(call, () => checkMetadata(metadata));
  return { contentType, metadata: { ...metadata } };
}

/** @throws `unsupported`. */
export function refuseEncryption(call: Call, encryption: Encryption | undefined): void {
  if (encryption === undefined) return;
  throw refusal(
    call,
    "unsupported",
    `a directory does not encrypt with ${encryption.algorithm}; leave encryption out, and put the directory on an encrypted disk`,
  );
}

/**
 * Expects the condition to hold for what is under the key.
 *
 * @throws `already-exists`, `precondition-failed`.
 */
export function expectCondition(
  call: Call,
  there: Pick<Found, "stats"> | undefined,
  when: When | undefined,
): void {
  if (when?.absent && there !== undefined) {
    throw refusal(call, "already-exists", "the key is taken");
  }
  if (when?.etag === undefined) return;
  const etag = there && etagOf(there.stats);
  if (etag === when.etag) return;
  const found = etag === undefined ? "there is no object" : `it is ${quote(etag)}`;
  throw refusal(call, "precondition-failed", `its ETag is to be ${quote(when.etag)}, but ${found}`);
}

/**
 * Expects bytes at hand to have the checksum, if one is given.
 *
 * @throws `checksum-mismatch`.
 */
export function expectChecksum(call: Call, bytes: Uint8Array, given: Checksum | undefined): void {
  if (given !== undefined) expectCrc(call, crc32(bytes), given);
}

/** @throws `checksum-mismatch`. */
export function expectCrc(call: Call, crc: number, given: Checksum): void {
  if (checked(call, () => crc32Number(given)) === crc) return;
  const found = quote(crc32Checksum(crc).value);
  throw refusal(
    call,
    "checksum-mismatch",
    `the CRC32 of the bytes is ${found}, not ${quote(given.value)} as told`,
  );
}

/** @throws `too-large`. */
export function expectSize(call: Call, size: number, most: number): void {
  if (size <= most) return;
  throw refusal(call, "too-large", `it has ${size} bytes, and at most ${most} fit`);
}
