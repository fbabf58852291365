import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Crc64Nvme } from "../../src/domain/crc64nvme.js";

function sumOf(...pieces: readonly Uint8Array[]): string {
  const crc = new Crc64Nvme();
  for (const piece of pieces) crc.add(piece);
  return Buffer.from(crc.checksum.value, "base64").toString("hex");
}

/** Bit by bit, as the parameters of the CRC say it. */
function bitByBit(bytes: Uint8Array): string {
  const most = 2n ** 64n - 1n;
  let crc = most;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = (crc >> 1n) ^ (crc & 1n ? 0x9a6c9329ac4bc9b5n : 0n);
  }
  return (crc ^ most).toString(16).padStart(16, "0");
}

describe("CRC-64/NVME", () => {
  it("has the check value of its parameters", () => {
    expect(sumOf(Buffer.from("123456789"))).toBe("ae8b14860a799888");
    expect(sumOf()).toBe("0000000000000000");
  });

  it("is written as S3 does: base64 of eight bytes", () => {
    const crc = new Crc64Nvme();
    crc.add(Buffer.from("123456789"));
    expect(crc.checksum).toEqual({ algorithm: "CRC64NVME", value: "rosUhgp5mIg=" });
  });

  it("is that of the bytes, however they come", () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 });
    fc.assert(
      fc.property(pieces, (all) => {
        const joined = Buffer.concat(all);
        expect(sumOf(...all)).toBe(bitByBit(joined));
        expect(sumOf(joined)).toBe(bitByBit(joined));
      }),
    );
  });
});
