import type { Profile } from "./profiles.js";

/**
 * Whether the bytes of an object are hashed (SHA-256) for the signature of the request that brings
 * them. Bodies of XML are always signed.
 *
 * - `auto`: not over TLS where the server verifies the checksum, which is sent then; else they are.
 * - `always`: they are.
 * - `never`: they are not. Over plain HTTP a byte that is changed on the way is then found by the
 *   checksum only, and only if the server verifies it.
 */
export type PayloadSigning = "auto" | "always" | "never";

/** @param secure whether the request goes over TLS. */
export type SignsPayload = (secure: boolean, crc32: string | undefined) => boolean;

/** TLS keeps the bytes, and the checksum tells of the rest: a SHA-256 more costs twice the CPU. */
export function payloadRule(
  signing: PayloadSigning | undefined,
  { verifiesBytes }: Profile,
): SignsPayload {
  switch (signing) {
    case "always":
      return () => true;
    case "never":
      return () => false;
    default:
      return (secure, crc32) => !(secure && verifiesBytes && crc32 !== undefined);
  }
}

/** In the place of the hash of bytes that are not signed. */
export const UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD";
