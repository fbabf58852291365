import { open } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { letGo } from "./body.js";
import type { StoredPart } from "./uploads.js";

/** Bytes read at once. */
const BUFFER_BYTES = 4_194_304;

/**
 * Reads a part from the disk, a piece at a time, and resolves to the CRC-32 of what is there. A piece
 * is good until the next is read.
 */
export async function readPart(
  { path, at, size }: Pick<StoredPart, "path" | "at" | "size">,
  take: (piece: Uint8Array) => Promise<void>,
): Promise<number> {
  const buffer = Buffer.allocUnsafeSlow(Math.min(BUFFER_BYTES, size));
  const handle = await open(path, "r");
  try {
    let crc = 0;
    for (let read = 0; read < size; ) {
      const most = Math.min(buffer.length, size - read);
      const { bytesRead } = await handle.read(buffer, 0, most, at + read);
      if (bytesRead === 0) break;
      const piece = buffer.subarray(0, bytesRead);
      crc = crc32(piece, crc);
      await take(piece);
      read += bytesRead;
    }
    return crc;
  } finally {
    await letGo(handle);
  }
}

/** Whether the bytes of a part are those that were sent. */
export async function proves(part: Omit<StoredPart, "etag" | "partNumber">): Promise<boolean> {
  return (await readPart(part, async () => undefined)) === part.crc;
}
