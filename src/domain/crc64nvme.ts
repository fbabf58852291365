import type { Crc64NvmeChecksum } from "./checksum.js";

/** The polynomial of CRC-64/NVME, bits reversed: its higher and its lower half. */
const POLYNOMIAL_HIGH = 0x9a6c9329;
const POLYNOMIAL_LOW = 0xac4bc9b5;

/** Bytes that one step takes, each by a table of 256: that of the last byte stands last. */
const STEP = 8;
const LAST = 256 * (STEP - 1);
const { high: HIGH, low: LOW } = tables();

/**
 * A CRC-64/NVME of bytes that come piece by piece: what Amazon S3 and its clients keep of an object
 * where nothing else is asked for. `zlib` has none, and numbers hold 53 bits: two halves stand for it.
 */
export class Crc64Nvme {
  #high = -1;
  #low = -1;

  add(bytes: Uint8Array): void {
    let high = this.#high;
    let low = this.#low;
    let at = 0;
    for (const end = bytes.length - (bytes.length % STEP); at < end; at += STEP) {
      const a = byteOf(low, bytes[at]);
      const b = 256 + byteOf(low >>> 8, bytes[at + 1]);
      const c = 512 + byteOf(low >>> 16, bytes[at + 2]);
      const d = 768 + byteOf(low >>> 24, bytes[at + 3]);
      const e = 1024 + byteOf(high, bytes[at + 4]);
      const f = 1280 + byteOf(high >>> 8, bytes[at + 5]);
      const g = 1536 + byteOf(high >>> 16, bytes[at + 6]);
      const h = 1792 + byteOf(high >>> 24, bytes[at + 7]);
      high = of(HIGH, a) ^ of(HIGH, b) ^ of(HIGH, c) ^ of(HIGH, d);
      high ^= of(HIGH, e) ^ of(HIGH, f) ^ of(HIGH, g) ^ of(HIGH, h);
      low = of(LOW, a) ^ of(LOW, b) ^ of(LOW, c) ^ of(LOW, d);
      low ^= of(LOW, e) ^ of(LOW, f) ^ of(LOW, g) ^ of(LOW, h);
    }
    for (; at < bytes.length; at++) {
      const index = LAST + byteOf(low, bytes[at]);
      low = ((low >>> 8) | (high << 24)) ^ of(LOW, index);
      high = (high >>> 8) ^ of(HIGH, index);
    }
    this.#high = high;
    this.#low = low;
  }

  /** Of the bytes that have come so far. */
  get checksum(): Crc64NvmeChecksum {
    const bytes = [~this.#high, ~this.#low].flatMap((half) =>
      [24, 16, 8, 0].map((shift) => (half >>> shift) & 0xff),
    );
    return { algorithm: "CRC64NVME", value: btoa(String.fromCharCode(...bytes)) };
  }
}

function byteOf(register: number, byte: number | undefined): number {
  return (register ^ (byte as number)) & 0xff;
}

function of(table: Int32Array, index: number): number {
  return table[index] as number;
}

/** What each byte of a step comes to at its end: table by table, the first byte's first. */
function tables(): { readonly high: Int32Array; readonly low: Int32Array } {
  const high = new Int32Array(256 * STEP);
  const low = new Int32Array(256 * STEP);
  for (let byte = 0; byte < 256; byte++) {
    let [h, l] = [0, byte];
    for (let bit = 1; bit <= 8 * STEP; bit++) {
      const isOdd = (l & 1) === 1;
      l = (l >>> 1) | (h << 31);
      h >>>= 1;
      if (isOdd) {
        h ^= POLYNOMIAL_HIGH;
        l ^= POLYNOMIAL_LOW;
      }
      if (bit % 8 > 0) continue;
      const index = 256 * (STEP - bit / 8) + byte;
      high[index] = h;
      low[index] = l;
    }
  }
  return { high, low };
}
