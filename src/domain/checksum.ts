import { StowageError } from "./errors.js";

/** A CRC-32 of bytes, as S3 writes it: base64 of four bytes, the highest first. */
export interface Checksum {
  readonly algorithm: "CRC32";
  readonly value: string;
}

/** A CRC-64/NVME of bytes in the same way, of eight bytes: others leave it, and it is given nowhere. */
export interface Crc64NvmeChecksum {
  readonly algorithm: "CRC64NVME";
  readonly value: string;
}

/** Writes the number that `zlib.crc32` gives as a checksum. */
export function crc32Checksum(crc: number): Checksum {
  const bytes = [crc >>> 24, crc >>> 16, crc >>> 8, crc].map((byte) => byte & 0xff);
  return { algorithm: "CRC32", value: btoa(String.fromCharCode(...bytes)) };
}

/** The number behind a checksum. */
export function crc32Number(checksum: Checksum): number {
  const bytes = decoded(checksum.value);
  if (bytes?.length !== 4) {
    throw new StowageError(
      "invalid-argument",
      `Cannot use checksum ${JSON.stringify(checksum.value)}: a CRC32 is base64 of four bytes`,
    );
  }
  return [...bytes].reduce((crc, byte) => ((crc << 8) | byte.charCodeAt(0)) >>> 0, 0);
}

function decoded(base64: string): string | undefined {
  try {
    return atob(base64);
  } catch {
    return undefined;
  }
}

/**
 * The CRC-32 of two runs of bytes joined, from the CRC-32 of each and the second's length in bytes.
 * Parts may so be summed in any order, and joined at the end. As zlib's `crc32_combine`.
 */
export function combineCrc32(first: number, second: number, secondLength: number): number {
  let crc = first >>> 0;
  let power = X_TO_8;
  for (let bytes = secondLength; bytes > 0; bytes = Math.floor(bytes / 2)) {
    if (bytes % 2 === 1) crc = multiply(power, crc);
    power = multiply(power, power);
  }
  return (crc ^ second) >>> 0;
}

/** The polynomial of CRC-32, bits reversed. */
const POLYNOMIAL = 0xedb88320;
/** x^8 modulo the polynomial: what one zero byte multiplies by. */
const X_TO_8 = 0x00800000;

/** The product of two polynomials over GF(2), modulo the polynomial; bit 31 is x^0. */
function multiply(a: number, b: number): number {
  let product = 0;
  let factor = b;
  for (let bit = 31; bit >= 0; bit--) {
    if ((a >>> bit) & 1) product ^= factor;
    factor = factor & 1 ? (factor >>> 1) ^ POLYNOMIAL : factor >>> 1;
  }
  return product >>> 0;
}
