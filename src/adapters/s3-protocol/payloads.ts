import { getFips } from "node:crypto";
import { doesVerify, type Profile } from "./profiles.js";

/**
 * Whether the bytes of an object are hashed (SHA-256) for the signature of the request that brings
 * them. Bodies of XML are always signed.
 *
 * - `auto`: not over TLS where the server verifies the checksum, which is sent then; else they are.
 * - `always`: they are.
 * - `never`: they are not. A byte that is changed on the way is then found by the checksum, or by
 *   `Content-MD5` where the server does not verify that.
 */
export type PayloadSigning = "auto" | "always" | "never";

/** @param secure whether the request goes over TLS. */
export type SignsPayload = (secure: boolean, crc32: string | undefined) => boolean;

/** TLS keeps the bytes, and the checksum tells of the rest: a SHA-256 more costs twice the CPU. */
export function payloadRule(signing: PayloadSigning | undefined, profile: Profile): SignsPayload {
  const left = doesVerify(profile, "crc32");
  switch (signing) {
    case "always":
      return () => true;
    case "never":
      return () => false;
    default:
      return (secure, crc32) => !(secure && left && crc32 !== undefined);
  }
}

/**
 * Whether bytes go with `Content-MD5`, as nothing else proves them: one proof that the server verifies
 * is enough. Under FIPS there is no MD5, and what is left is the signature of the payload.
 */
export function needsMd5(
  signing: PayloadSigning | undefined,
  profile: Profile,
  crc32: string | undefined,
): boolean {
  const byChecksum = crc32 !== undefined && doesVerify(profile, "crc32");
  // What goes without a checksum that counts is signed, but where nothing ever is.
  const byHash = signing !== "never" && doesVerify(profile, "payload-hash");
  return !byChecksum && !byHash && doesVerify(profile, "content-md5") && getFips() !== 1;
}

/** In the place of the hash of bytes that are not signed. */
export const UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD";
