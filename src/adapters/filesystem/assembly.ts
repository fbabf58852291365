import { open } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { combineCrc32 } from "../../domain/checksum.js";
import { quote } from "../../domain/errors.js";
import type { StoreLimits } from "../../domain/upload-plan.js";
import type { Part } from "../../ports/multipart-store.js";
import type { Draft } from "./drafts.js";
import { type Call, errnoOf, refusal } from "./errors.js";
import { type StoredPart, unknownUpload } from "./uploads.js";

/** Bytes copied at once. */
const BUFFER_BYTES = 4_194_304;

/**
 * The parts that a complete names, as they are stored.
 *
 * @throws `invalid-part`, `too-large`.
 */
export function partsToJoin(
  call: Call,
  stored: readonly StoredPart[],
  named: readonly Part[],
  limits: StoreLimits,
): readonly StoredPart[] {
  const byNumber = new Map(stored.map((part) => [part.partNumber, part]));
  const refuse = (why: string): never => {
    throw refusal(call, "invalid-part", why);
  };
  if (named.length === 0) refuse("no part is named; name at least one");
  const joining = named.map(({ partNumber, etag }, at) => {
    const part = byNumber.get(partNumber);
    const before = named[at - 1]?.partNumber ?? 0;
    if (partNumber <= before) refuse(`part ${partNumber} follows part ${before}; sort the parts`);
    if (part?.etag !== etag) return refuse(`there is no part ${partNumber} of ETag ${quote(etag)}`);
    if (at < named.length - 1 && part.size < limits.minPartBytes) {
      refuse(
        `part ${partNumber} has ${part.size} bytes; all but the last have at least ${limits.minPartBytes}`,
      );
    }
    return part;
  });
  const size = joining.reduce((sum, part) => sum + part.size, 0);
  if (size > limits.maxObjectBytes) {
    throw refusal(
      call,
      "too-large",
      `it has ${size} bytes, and at most ${limits.maxObjectBytes} fit`,
    );
  }
  return joining;
}

/**
 * Copies parts into the draft, and resolves to the CRC-32 of the whole. Each part is expected to
 * have the bytes that were sent.
 *
 * @throws `upload-not-found`, `invalid-part`.
 */
export async function joinParts(
  call: Call,
  uploadId: string,
  parts: readonly StoredPart[],
  draft: Draft,
  signal: AbortSignal | undefined,
): Promise<number> {
  const largest = parts.reduce((most, part) => Math.max(most, part.size), 0);
  const buffer = Buffer.allocUnsafeSlow(Math.min(BUFFER_BYTES, largest));
  let whole = 0;
  for (const part of parts) {
    const crc = await copyPart(part, buffer, draft, signal).catch((error: unknown) => {
      // Completed or aborted by somebody else meanwhile.
      throw errnoOf(error) === "ENOENT" ? unknownUpload(call, uploadId) : error;
    });
    if (crc !== part.crc) {
      throw refusal(
        call,
        "invalid-part",
        `part ${part.partNumber} no longer holds the bytes that were sent; send it again`,
      );
    }
    whole = combineCrc32(whole, crc, part.size);
  }
  return whole;
}

async function copyPart(
  { path, size }: StoredPart,
  buffer: Buffer,
  draft: Draft,
  signal: AbortSignal | undefined,
): Promise<number> {
  const handle = await open(path, "r");
  try {
    let crc = 0;
    for (let at = 0; at < size; ) {
      const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, size - at), at);
      if (bytesRead === 0) break;
      const bytes = buffer.subarray(0, bytesRead);
      crc = crc32(bytes, crc);
      await draft.write(bytes, signal);
      at += bytesRead;
    }
    return crc;
  } finally {
    await handle.close();
  }
}
