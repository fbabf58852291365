import { crc32 } from "node:zlib";
import { crc32Checksum } from "../../domain/checksum.js";
import { StowageError } from "../../domain/errors.js";
import { planUpload, streamPartBytes, type UploadPlan } from "../../domain/upload-plan.js";
import type { Source } from "../../ports/source.js";
import { abortable, untilAborted } from "../abortable.js";
import type { Rooms } from "./part-memory.js";
import { slicesOf } from "./slices.js";
import type { Prepared, Uploader } from "./uploader.js";

/** What whoever uploads says of a stream, of which nothing is known but by reading it. */
export interface Told {
  /** Bytes, exactly. */
  readonly size?: number | undefined;
  /** Bytes that there may be: the parts are made so large that as many fit. */
  readonly sizeHint?: number | undefined;
}

/**
 * Decides how a source is sent: whole where it is small, which is then in memory, else in parts.
 *
 * @param rooms where what is read stands. Whoever gives them gives them up.
 * @throws `too-large` before anything is read; the signal's reason; what reading throws.
 */
export async function prepare(
  uploader: Uploader,
  source: Source,
  rooms: Rooms,
  signal: AbortSignal | undefined,
  told: Told = {},
): Promise<Prepared> {
  const { store, wishes } = uploader;
  const size = source.size ?? told.size;
  const plan = planUpload(size, store.facts.limits, { ...wishes, sizeHint: told.sizeHint });
  if (plan.kind === "parts") return inParts(uploader, source, rooms, plan.size, plan.partBytes);
  if (plan.kind === "stream") return fromStream(source, rooms, plan, signal);

  let bytes: Uint8Array = new Uint8Array();
  let readBytes = 0;
  const sizes = endingAt(source, plan.size === 0 ? [] : [plan.size]);
  for await (const piece of abortable(source.pieces(sizes, rooms.make), signal)) {
    if (readBytes === 0) bytes = piece;
    readBytes += piece.length;
  }
  expectSize(readBytes, plan.size);
  await source.verify();
  return whole(bytes);
}

/**
 * A source of known size, in parts that are all of one size but the last. They are held where as many
 * as are in flight at once fit into the memory budget; larger ones are sent from the file.
 */
export function inParts(
  { concurrency }: Uploader,
  source: Source,
  rooms: Rooms,
  size: number,
  partBytes: number,
): Extract<Prepared, { kind: "parts" }> {
  const partCount = Math.ceil(size / partBytes);
  const sizes = Array.from({ length: partCount }, (_, index) =>
    index === partCount - 1 ? size - index * partBytes : partBytes,
  );
  const isHeld = rooms.fits(partBytes * Math.min(concurrency, partCount));
  const slice = isHeld ? undefined : source.slice?.bind(source);
  return {
    kind: "parts",
    pieces:
      slice === undefined
        ? source.pieces(endingAt(source, sizes), rooms.make)
        : slicesOf(slice, sizes, rooms),
    rooms,
    totalBytes: size,
    partBytes,
    ceilingBytes: size,
  };
}

/**
 * Expects a source to have given as many bytes as it has, or was told to have.
 *
 * @throws `source-changed`.
 */
export function expectSize(readBytes: number, size: number): void {
  if (readBytes === size) return;
  const gave = readBytes > size ? "goes on behind them" : `gave ${readBytes}`;
  throw new StowageError(
    "source-changed",
    `Cannot upload the source: it was to have ${size} bytes, and ${gave}`,
    { operation: "upload" },
  );
}

/** A file is looked at again at the end; a stream shows by one byte more that it is too long. */
function endingAt(source: Source, sizes: readonly number[]): readonly number[] {
  return source.size === undefined ? [...sizes, 1] : sizes;
}

type StreamPlan = Extract<UploadPlan, { kind: "stream" }>;

/** Reads as far as the threshold: a stream that ends before it is sent whole. */
async function fromStream(
  source: Source,
  rooms: Rooms,
  plan: StreamPlan,
  signal: AbortSignal | undefined,
): Promise<Prepared> {
  const { thresholdBytes, ceilingBytes } = plan;
  const make = rooms.together(headSizes(plan));
  const rest = source.pieces(streamSizes(plan), make)[Symbol.asyncIterator]();
  const ahead: Uint8Array[] = [];
  let readBytes = 0;
  while (readBytes < thresholdBytes) {
    const { value, done } = await untilAborted(rest.next(), signal);
    if (done === true) {
      // They stand behind each other.
      const first = ahead[0] ?? new Uint8Array();
      return whole(new Uint8Array(first.buffer, first.byteOffset, readBytes));
    }
    ahead.push(value);
    readBytes += value.length;
  }
  const pieces = joined(ahead, rest);
  const sizes = { totalBytes: undefined, partBytes: undefined, ceilingBytes };
  return { kind: "parts", pieces, rooms, ...sizes };
}

/** The sizes of the parts that are read before it is known whether there are parts. */
function headSizes(plan: StreamPlan): readonly number[] {
  const sizes: number[] = [];
  for (let bytes = 0; bytes < plan.thresholdBytes; bytes += sizes.at(-1) ?? 0) {
    sizes.push(streamPartBytes(plan, sizes.length + 1));
  }
  return sizes;
}

/** The sizes of all parts, and one byte more: a stream that is too long shows itself by it. */
function* streamSizes(plan: StreamPlan): Generator<number> {
  for (let part = 1; part <= plan.maxParts; part++) yield streamPartBytes(plan, part);
  yield 1;
}

function whole(bytes: Uint8Array): Prepared {
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
