import { hash } from "node:crypto";
import { crc32 } from "node:zlib";
import { type Checksum, crc32Checksum } from "../../../domain/checksum.js";
import type { Bench } from "../bench.js";
import type { FindingId, Seen } from "../findings.js";

/** Something to try, by itself: it makes all that it needs. */
export interface Trial {
  readonly ids: readonly FindingId[];
  /** Tells of each id. What it does not come to tell, since it rejects, goes by the error. */
  run(bench: Bench, tell: Tell): Promise<void>;
}

export type Tell = (id: FindingId, seen: Seen) => void;

export const ABSENT = { absent: true } as const;

export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** As the header `Content-MD5` has it. */
export function md5Of(bytes: Uint8Array): string {
  return hash("md5", bytes, "base64");
}

export function checksumOf(bytes: Uint8Array): Checksum {
  return crc32Checksum(crc32(bytes));
}
