import { type Checksum, crc32Checksum } from "../../domain/checksum.js";
import type { ObjectKey } from "../../domain/object-key.js";
import type { ContractContext } from "./case.js";

/** Looked up once: in the contexts that jest runs tests in, a global costs as much as a call. */
const imul = Math.imul;

/** Bytes that are the same in each run. Another seed gives others, from the first byte on. */
export function sampleBytes(size: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(size);
  let state = imul(seed, 2_654_435_761) >>> 0;
  for (let i = 0; i < size; i++) {
    bytes[i] = state >>> 24;
    state = (imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  }
  return bytes;
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Objects that are more than a server lists, or removes, in one request. */
const MANY = 1_001;
/** Writes at once while they are made. */
const AT_ONCE = 16;

/** Puts so many small objects that they take more than one page, and gives their keys in order. */
export async function fillMany({ store, key }: ContractContext): Promise<readonly ObjectKey[]> {
  const keys = Array.from({ length: MANY }, (_, at) => key(`many/n${String(at).padStart(4, "0")}`));
  const left = [...keys].reverse();
  const writer = async (): Promise<void> => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      await store.put(next, utf8("bytes"));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, writer));
  return keys;
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
