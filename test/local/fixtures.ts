import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { StowageError } from "../../src/domain/errors.js";
import type { Source } from "../../src/ports/source.js";

/** A folder of the test's own, which goes with the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "stowage-local-")));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Sizes without end. */
export function* every(size: number): Generator<number> {
  for (;;) yield size;
}

/** The lengths of the pieces that a source gives, and their bytes joined. */
export async function read(
  source: Source,
  sizes: Iterable<number>,
): Promise<{ lengths: number[]; bytes: Buffer }> {
  const pieces = await Array.fromAsync(source.pieces(sizes));
  return { lengths: pieces.map((piece) => piece.length), bytes: Buffer.concat(pieces) };
}

/** The error that a promise rejects with, which is to be Stowage's own. */
export async function refusalOf(promise: Promise<unknown>): Promise<StowageError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof StowageError) return error;
  throw new Error(`Expected a StowageError, got ${String(error)}`, { cause: error });
}

/** Bytes of which no two pieces are alike. */
export function someBytes(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at + 4 <= size; at += 4) bytes.writeUInt32LE(at, at);
  return bytes;
}

export const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms));
