import { crc32 } from "node:zlib";
import { crc32Checksum } from "../../domain/checksum.js";
import { planUpload, streamPartBytes } from "../../domain/upload-plan.js";
import type { Source } from "../../ports/source.js";
import { abortable, untilAborted } from "../abortable.js";
import type { Prepared, Uploader } from "./uploader.js";

/**
 * Decides how a source is sent: whole where it is small, which is then in memory, else in parts.
 *
 * @throws `too-large` before anything is read; the signal's reason; what reading throws.
 */
export async function prepare(
  uploader: Uploader,
  source: Source,
  signal: AbortSignal | undefined,
): Promise<Prepared> {
  const plan = planUpload(source.size, uploader.store.facts.limits, uploader.wishes);
  if (plan.kind === "single") {
    const all: Uint8Array[] = [];
    const pieces = source.pieces(plan.size === 0 ? [] : [plan.size]);
    for await (const piece of abortable(pieces, signal)) all.push(piece);
    await source.verify();
    return whole(all);
  }
  if (plan.kind === "parts") {
    const sizes = Array.from({ length: plan.partCount }, (_, index) =>
      index === plan.partCount - 1 ? plan.lastPartBytes : plan.partBytes,
    );
    return {
      kind: "parts",
      pieces: source.pieces(sizes),
      totalBytes: plan.size,
      ceilingBytes: plan.size,
    };
  }

  const rest = source.pieces(streamSizes(plan))[Symbol.asyncIterator]();
  const ahead: Uint8Array[] = [];
  for (let read = 0; read < plan.thresholdBytes; ) {
    const { value, done } = await untilAborted(rest.next(), signal);
    if (done === true) return whole(ahead);
    ahead.push(value);
    read += value.length;
  }
  return {
    kind: "parts",
    pieces: joined(ahead, rest),
    totalBytes: undefined,
    ceilingBytes: plan.ceilingBytes,
  };
}

type StreamPlan = Parameters<typeof streamPartBytes>[0];

/** The sizes of all parts, and one byte more: a stream that is too long shows itself by it. */
function* streamSizes(plan: StreamPlan): Generator<number> {
  for (let part = 1; part <= plan.maxParts; part++) yield streamPartBytes(plan, part);
  yield 1;
}

function whole(pieces: readonly Uint8Array[]): Prepared {
  const [only, ...others] = pieces;
  const bytes = only !== undefined && others.length === 0 ? only : Buffer.concat(pieces);
  return { kind: "whole", bytes, checksum: crc32Checksum(crc32(bytes)) };
}

async function* joined(
  ahead: Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    for (let piece = ahead.shift(); piece !== undefined; piece = ahead.shift()) yield piece;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
      yield next.value;
    }
  } finally {
    await rest.return?.();
  }
}
