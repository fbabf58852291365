import type { OpenData } from "./body.js";
import { Draft } from "./drafts.js";
import { type Call, refusal } from "./errors.js";
import { statsOf } from "./find.js";
import type { Site } from "./site.js";
import { etagOf } from "./versions.js";

/** Bytes copied at once. */
const BUFFER_BYTES = 4_194_304;

/**
 * A draft with the bytes of a data file: shared with it where the disk can do that, else copied.
 *
 * To share goes by the path, at which another version may have come to lie since it was opened.
 */
export async function draftOfCopy(
  site: Site,
  call: Call,
  data: OpenData,
  signal: AbortSignal | undefined,
): Promise<Draft> {
  const clone = await Draft.cloneOf(data.path, Number(data.stats.size), site);
  if (clone !== undefined) {
    const now = await statsOf(data.path);
    if (now !== undefined && etagOf(now) === etagOf(data.stats)) return clone;
    await clone.discard();
  }
  const draft = await Draft.begin(site);
  try {
    await copyBytes(call, data, draft, signal);
    return draft;
  } catch (error) {
    await draft.discard();
    throw error;
  }
}

async function copyBytes(
  call: Call,
  { handle, stats }: OpenData,
  draft: Draft,
  signal: AbortSignal | undefined,
): Promise<void> {
  const size = Number(stats.size);
  const buffer = Buffer.allocUnsafeSlow(Math.min(BUFFER_BYTES, size));
  for (let at = 0; at < size; ) {
    signal?.throwIfAborted();
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, size - at), at);
    if (bytesRead === 0) break;
    await draft.write(buffer.subarray(0, bytesRead), signal);
    at += bytesRead;
  }
  const now = await handle.stat({ bigint: true });
  if (etagOf(now) === etagOf(stats)) return;
  throw refusal(call, "bad-answer", "another program wrote into the source's file meanwhile");
}
