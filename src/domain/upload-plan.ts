import { StowageError } from "./errors.js";

/** Bytes. From this size on a file goes up in parts. */
export const MULTIPART_THRESHOLD_BYTES = 5_242_880;
/** Bytes of a part, while 10,000 of them are enough. */
export const MULTIPART_PART_BYTES = 5_242_880;
/** Bytes of the largest part that is held in memory for a stream of unknown length. */
export const STREAM_PART_CAP_BYTES = 67_108_864;
/** Parts after which those of a stream of unknown length double. */
const PARTS_PER_STEP = 1_000;

const MIB = 1_048_576;

/** What a store can hold. All in bytes, but for `maxParts`. */
export interface StoreLimits {
  /** Of one object, however it is written. */
  readonly maxObjectBytes: number;
  /** Of an object written by `put`. */
  readonly maxPutBytes: number;
  /** Of each part but the last. */
  readonly minPartBytes: number;
  readonly maxPartBytes: number;
  readonly maxParts: number;
}

/** The limits of Amazon S3: 10,000 parts of 5 MiB to 5 GiB, 48.8 TiB in all, 5 GiB in one `put`. */
export const S3_LIMITS: StoreLimits = {
  maxObjectBytes: 10_000 * 5 * 1024 * MIB,
  maxPutBytes: 5 * 1024 * MIB,
  minPartBytes: 5 * MIB,
  maxPartBytes: 5 * 1024 * MIB,
  maxParts: 10_000,
};

/** What the caller would like, within the store's limits. All in bytes. */
export interface UploadWishes {
  /** Default: `MULTIPART_THRESHOLD_BYTES`. */
  readonly thresholdBytes?: number | undefined;
  /** Default: `MULTIPART_PART_BYTES`. */
  readonly partBytes?: number | undefined;
  /** Default: `STREAM_PART_CAP_BYTES`. */
  readonly streamPartCapBytes?: number | undefined;
  /** Bytes that a stream of unknown length may have: its parts are made so large that as many fit. */
  readonly sizeHint?: number | undefined;
}

/** How an upload is sent. */
export type UploadPlan =
  /** In one request. */
  | { readonly kind: "single"; readonly size: number }
  /** In parts of `partBytes`, the last of `lastPartBytes`. */
  | {
      readonly kind: "parts";
      readonly size: number;
      readonly partBytes: number;
      readonly partCount: number;
      readonly lastPartBytes: number;
    }
  /**
   * As a stream whose length is not known: in one request if it ends before `thresholdBytes`, else
   * in parts of `streamPartBytes(plan, partNumber)`, `ceilingBytes` at most in all.
   */
  | {
      readonly kind: "stream";
      readonly thresholdBytes: number;
      readonly firstPartBytes: number;
      readonly partCapBytes: number;
      readonly maxParts: number;
      readonly ceilingBytes: number;
    };

/**
 * Decides how `size` bytes are sent, or a stream of unknown length (`undefined`).
 *
 * A known size below the threshold goes in one request. From there on it goes in parts that are all
 * equal but the last; they are larger than wished when the store's number of parts is not enough.
 * So are those of a stream for which a hint says so: as many bytes fit, and more.
 *
 * @throws `too-large` when the store cannot hold so much.
 */
export function planUpload(
  size: number | undefined,
  limits: StoreLimits,
  wishes: UploadWishes = {},
): UploadPlan {
  const threshold = Math.min(
    wishes.thresholdBytes ?? MULTIPART_THRESHOLD_BYTES,
    limits.maxPutBytes + 1,
  );
  const wished = clamp(
    wishes.partBytes ?? MULTIPART_PART_BYTES,
    limits.minPartBytes,
    limits.maxPartBytes,
  );
  if (size === undefined) return planStream(threshold, wished, limits, wishes);
  if (!Number.isSafeInteger(size) || size < 0) {
    throw new StowageError("invalid-argument", `Cannot plan an upload of ${size} bytes`);
  }
  if (size > limits.maxObjectBytes) throw tooLarge(size, limits.maxObjectBytes);
  if (size === 0 || size < threshold) return { kind: "single", size };

  const partBytes = partBytesFor(size, wished, limits);
  const partCount = Math.ceil(size / partBytes);
  const lastPartBytes = size - (partCount - 1) * partBytes;
  return { kind: "parts", size, partBytes, partCount, lastPartBytes };
}

/** The size of parts, as wished or larger, in which so many bytes fit. */
function partBytesFor(size: number, wished: number, limits: StoreLimits): number {
  const needed = Math.ceil(size / limits.maxParts);
  const rounded = Math.ceil(needed / MIB) * MIB;
  const partBytes = Math.max(wished, rounded <= limits.maxPartBytes ? rounded : needed);
  if (partBytes > limits.maxPartBytes) throw tooLarge(size, limits.maxParts * limits.maxPartBytes);
  return partBytes;
}

type StreamPlan = Extract<UploadPlan, { kind: "stream" }>;

function planStream(
  thresholdBytes: number,
  wished: number,
  limits: StoreLimits,
  wishes: UploadWishes,
): StreamPlan {
  const { sizeHint = 0 } = wishes;
  if (sizeHint > limits.maxObjectBytes) throw tooLarge(sizeHint, limits.maxObjectBytes);
  const fits = ceilingOf(wished, limits, wishes).ceilingBytes >= sizeHint;
  const firstPartBytes = fits ? wished : partBytesFor(sizeHint, wished, limits);
  return { kind: "stream", thresholdBytes, ...ceilingOf(firstPartBytes, limits, wishes) };
}

/** How parts that begin at a size grow, and what fits in them all. */
function ceilingOf(
  firstPartBytes: number,
  limits: StoreLimits,
  wishes: UploadWishes,
): Omit<StreamPlan, "kind" | "thresholdBytes"> {
  const cap = Math.min(wishes.streamPartCapBytes ?? STREAM_PART_CAP_BYTES, limits.maxPartBytes);
  const { maxParts } = limits;
  const plan = { firstPartBytes, partCapBytes: Math.max(cap, firstPartBytes), maxParts };
  let ceilingBytes = 0;
  for (let part = 1; part <= maxParts; part += PARTS_PER_STEP) {
    const parts = Math.min(PARTS_PER_STEP, maxParts - part + 1);
    ceilingBytes += parts * streamPartBytes(plan, part);
  }
  return { ...plan, ceilingBytes: Math.min(ceilingBytes, limits.maxObjectBytes) };
}

/**
 * Bytes of a part of a stream of unknown length, numbered from 1: they double after each 1,000
 * parts, up to the cap, so that small streams take little memory and long ones do not run out of
 * parts.
 */
export function streamPartBytes(
  plan: Pick<StreamPlan, "firstPartBytes" | "partCapBytes">,
  partNumber: number,
): number {
  const step = Math.floor((partNumber - 1) / PARTS_PER_STEP);
  return Math.min(plan.firstPartBytes * 2 ** step, plan.partCapBytes);
}

function tooLarge(size: number, most: number): StowageError {
  return new StowageError(
    "too-large",
    `Cannot upload ${size} bytes: the store holds at most ${most} in one object`,
  );
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
