import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { type Checksum, crc32Checksum } from "../domain/checksum.js";
import { StowageError } from "../domain/errors.js";
import type { OpenSource, UploadSource } from "../ports/source.js";
import { abortable } from "./abortable.js";

/** What the bytes of a source were when they were read for it. */
export interface SourceHash {
  /** Hexadecimal. */
  readonly sha256: string;
  readonly checksum: Checksum;
}

/** Bytes that are read at once, and held. */
const PIECE_BYTES = 1_048_576;

/**
 * Reads a source for what its bytes are. It is opened once more for that, so that what is sent can be
 * held against what was read here.
 *
 * @throws `source-changed`; the reason of the signal; what opening and reading throw.
 */
export async function hashSource(
  openSource: OpenSource,
  from: UploadSource,
  signal: AbortSignal | undefined,
): Promise<SourceHash> {
  await using source = await openSource(from, { signal });
  if (source.size === undefined) throw changed("what stands in its place has no end that is known");
  const room = Buffer.allocUnsafeSlow(Math.min(PIECE_BYTES, source.size));
  const hash = createHash("sha256");
  let crc = 0;
  for await (const piece of abortable(
    source.pieces(evenly(), async () => room),
    signal,
  )) {
    hash.update(piece);
    crc = crc32(piece, crc);
  }
  await source.verify();
  return { sha256: hash.digest("hex"), checksum: crc32Checksum(crc) };
}

function* evenly(): Generator<number> {
  for (;;) yield PIECE_BYTES;
}

/** @throws `source-changed` where what is sent is not what was read before. */
export function expectHashed(before: Checksum | undefined, sent: Checksum): void {
  if (before === undefined || before.value === sent.value) return;
  throw changed("its bytes are not those of the SHA-256 that is recorded");
}

function changed(why: string): StowageError {
  return new StowageError(
    "source-changed",
    `Cannot upload the source: ${why}; upload it again once nothing writes to it`,
    { operation: "upload" },
  );
}
