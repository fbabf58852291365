import { crc32 } from "node:zlib";
import { crc32Checksum } from "../../domain/checksum.js";
import { StowageError } from "../../domain/errors.js";
import type { PartBody } from "../../ports/multipart-store.js";
import { readSlice, type Slice, watchedSlice } from "../../ports/slice.js";
import type { Source } from "../../ports/source.js";
import type { Rooms } from "./part-memory.js";

/**
 * Bytes of memory for a part that is sent from the file: the half of it for a pass over the part here,
 * the other for those of the store.
 */
const ROOM_BYTES = 1_048_576;

/** A part that is sent from the file, and the room in which it is read here. */
export interface SlicePiece {
  readonly slice: Slice;
  readonly room: Uint8Array;
}

/** A part as the source gives it: its bytes, or where they are. */
export type Piece = Uint8Array | SlicePiece;

/** Bytes of the part. */
export function sizeOf(piece: Piece): number {
  return "room" in piece ? piece.slice.size : piece.length;
}

/** The memory that the part takes. */
export function roomOf(piece: Piece): Uint8Array {
  return "room" in piece ? piece.room : piece;
}

/** The parts of a source as slices, each as soon as there is room for it. */
export async function* slicesOf(
  slice: NonNullable<Source["slice"]>,
  sizes: readonly number[],
  rooms: Rooms,
): AsyncGenerator<SlicePiece> {
  let at = 0;
  for (const size of sizes) {
    const room = await rooms.make(Math.min(ROOM_BYTES, size));
    yield { slice: slice(at, at + size), room };
    at += size;
  }
}

/** The CRC-32 of a part: of a slice, by a pass over it. */
export async function crcOf(piece: Piece, signal: AbortSignal): Promise<number> {
  if (!("room" in piece)) return crc32(piece);
  const { slice, room } = piece;
  const memory = room.subarray(0, Math.ceil(room.length / 2));
  let crc = 0;
  const add = (bytes: Uint8Array): void => {
    crc = crc32(bytes, crc);
  };
  signal.throwIfAborted();
  await readSlice(slice, memory, add, signal);
  return crc;
}

/**
 * What a part is sent from. Each pass over a slice sees to it that the bytes are those of this CRC-32,
 * before it gives the last of them: so no store gets a part of other bytes, whether it verifies them or
 * not.
 *
 * @param expected `undefined` where no pass was made before.
 */
export function bodyOf(piece: Piece, expected: number | undefined): PartBody {
  if (!("room" in piece)) return piece;
  const { slice } = piece;
  if (expected === undefined) return slice;
  return watchedSlice(slice, () => {
    let crc = 0;
    return (bytes, isLast) => {
      crc = crc32(bytes, crc);
      if (isLast && crc !== expected) throw changed(crc, expected);
    };
  });
}

function changed(crc: number, expected: number): StowageError {
  const [now, before] = [crc32Checksum(crc).value, crc32Checksum(expected).value];
  return new StowageError(
    "source-changed",
    `Cannot upload the source: the CRC32 of a part of it is "${now}", and was "${before}" when it was read before`,
    { operation: "upload", outcome: "not-applied" },
  );
}
