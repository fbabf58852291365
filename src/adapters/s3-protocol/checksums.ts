import { crc32 } from "node:zlib";
import {
  type Checksum,
  type Crc64NvmeChecksum,
  combineCrc32,
  crc32Checksum,
  crc32Number,
} from "../../domain/checksum.js";
import type { StowageError } from "../../domain/errors.js";
import type { Part, PartBody } from "../../ports/multipart-store.js";
import type { Context } from "./context.js";
import type { Call } from "./errors.js";
import { doesVerify } from "./profiles.js";
import { verified } from "./slices.js";
import type { FoundObject } from "./wire.js";

/**
 * A checksum as headers carry it.
 *
 * @throws `invalid-argument` for a checksum that is none.
 */
export function crc32Of(checksum: Checksum | undefined): string | undefined {
  if (checksum === undefined) return undefined;
  crc32Number(checksum);
  return checksum.value;
}

/** A checksum as told; `undefined` for that of parts (`…-3`), which is not that of the bytes. */
export function toldChecksum(header: string | undefined): Checksum | undefined {
  return header !== undefined && /^[A-Za-z0-9+/]{6}==$/.test(header)
    ? { algorithm: "CRC32", value: header }
    : undefined;
}

/** The checksum of an object as told: the CRC-32, else the CRC-64/NVME, which is always of the whole. */
export function toldObjectChecksum({
  crc32,
  crc64nvme,
}: FoundObject): Checksum | Crc64NvmeChecksum | undefined {
  const checksum = toldChecksum(crc32);
  if (checksum !== undefined || crc64nvme === undefined) return checksum;
  return /^[A-Za-z0-9+/]{11}=$/.test(crc64nvme)
    ? { algorithm: "CRC64NVME", value: crc64nvme }
    : undefined;
}

/**
 * Expects bytes to have the checksum given, for a server that cannot be left to find out: it looks
 * at another proof, which is made of these bytes and tells nothing of those that were meant, or what
 * was there before would not survive its refusal.
 *
 * @throws `checksum-mismatch`.
 */
export function expectChecksum(
  context: Context,
  call: Call,
  bytes: Uint8Array,
  given: Checksum | undefined,
): void {
  if (given === undefined || isLeftToServer(context, call)) return;
  expectSame(context, call, crc32(bytes), given);
}

/** As `expectChecksum`: of a slice as it is read, which is then the slice to be sent. */
export function expectChecksumOfPart(
  context: Context,
  call: Call,
  body: PartBody,
  given: Checksum | undefined,
): PartBody {
  if (!("open" in body)) {
    expectChecksum(context, call, body, given);
    return body;
  }
  if (given === undefined || isLeftToServer(context, call)) return body;
  return verified(body, crc32Number(given), (crc) => mismatch(context, call, crc, given));
}

/** A part, and what is written only where nothing is, takes nothing away when it is refused. */
function isLeftToServer({ profile }: Context, { operation, when }: Call): boolean {
  if (!doesVerify(profile, "crc32")) return false;
  return profile.honours.replacesWhole || operation === "uploadPart" || when?.absent === true;
}

/** As `expectChecksum`, of the parts joined: where each part's own checksum is known. */
export function expectChecksumOfParts(
  context: Context,
  call: Call,
  parts: readonly Part[],
  given: Checksum | undefined,
): void {
  if (given === undefined || isLeftToServer(context, call)) return;
  let crc = 0;
  for (const { checksum, size } of parts) {
    if (checksum === undefined) return;
    crc = combineCrc32(crc, crc32Number(checksum), size);
  }
  expectSame(context, call, crc, given);
}

function expectSame(context: Context, call: Call, crc: number, given: Checksum): void {
  if (crc !== crc32Number(given)) throw mismatch(context, call, crc, given);
}

function mismatch(context: Context, call: Call, crc: number, given: Checksum): StowageError {
  const { value } = crc32Checksum(crc);
  const why = `the CRC32 of the bytes is "${value}", not "${given.value}" as told`;
  return context.refusal(call, "checksum-mismatch", why);
}
