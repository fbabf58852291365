import { type Checksum, crc32Checksum } from "../../domain/checksum.js";

/** Bytes that are the same in each run. Another seed gives others, from the first byte on. */
export function sampleBytes(size: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(size);
  let state = Math.imul(seed, 2_654_435_761) >>> 0;
  for (let i = 0; i < size; i++) {
    bytes[i] = state >>> 24;
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  }
  return bytes;
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

const CRC_TABLE: Uint32Array = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc >>> 0;
});

/** The CRC-32 of bytes, by arithmetic of the kit's own: a store's is checked against it. */
export function checksumOf(bytes: Uint8Array): Checksum {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (CRC_TABLE[(crc ^ byte) & 0xff] ?? 0);
  return crc32Checksum(~crc >>> 0);
}
