import { crc32 } from "node:zlib";
import { type Checksum, crc32Number } from "../../domain/checksum.js";
import type { PartBody } from "../../ports/multipart-store.js";
import { readSlice, type Slice } from "../../ports/slice.js";
import { expectChecksum, expectCrc } from "./conditions.js";
import { type Call, checked } from "./errors.js";

/**
 * Bytes that are summed up, and written, at once: so other parts are written meanwhile, and the bytes are
 * fetched into the processor once.
 */
const PIECE_BYTES = 1_048_576;

/** A part that has been sent, with what is to be known of it. */
export interface SentPart {
  readonly partNumber: number;
  /** In bytes. */
  readonly size: number;
  /**
   * Gives its bytes to be written, in order, and resolves to the CRC-32 of them all. A piece is good
   * until it has been written.
   *
   * @throws `checksum-mismatch`; what reading a slice throws.
   */
  readonly writeTo: (write: (piece: Uint8Array) => Promise<void>) => Promise<number>;
}

/** @throws `checksum-mismatch` for bytes at hand, which are looked at before any is written. */
export function partToStore(
  call: Call,
  partNumber: number,
  body: PartBody,
  checksum: Checksum | undefined,
): SentPart {
  if ("open" in body) return partOfSlice(call, partNumber, body, checksum);
  expectChecksum(call, body, checksum);
  const writeTo: SentPart["writeTo"] = async (write) => {
    let crc = 0;
    for (let done = 0; done < body.length; done += PIECE_BYTES) {
      const piece = body.subarray(done, done + PIECE_BYTES);
      crc = crc32(piece, crc);
      await write(piece);
    }
    return crc;
  };
  return { partNumber, size: body.length, writeTo };
}

/** A slice is written as it is read, and its checksum known at the end. */
function partOfSlice(
  call: Call,
  partNumber: number,
  slice: Slice,
  checksum: Checksum | undefined,
): SentPart {
  if (checksum !== undefined) checked(call, () => crc32Number(checksum));
  const { size } = slice;
  const writeTo: SentPart["writeTo"] = async (write) => {
    let crc = 0;
    const memory = Buffer.allocUnsafeSlow(Math.min(PIECE_BYTES, size));
    await readSlice(slice, memory, (piece) => {
      crc = crc32(piece, crc);
      return write(piece);
    });
    if (checksum !== undefined) expectCrc(call, crc, checksum);
    return crc;
  };
  return { partNumber, size, writeTo };
}
