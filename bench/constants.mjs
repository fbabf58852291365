export const MIB = 1_048_576;

/** Of every client, wherever it can be told. */
export const PART_BYTES = 8 * MIB;
export const CONCURRENCY = 4;

/** Of 2,000 objects, at once. */
export const SMALL_BYTES = 4_096;
export const SMALL_AT_ONCE = 32;

export const REGION = "us-east-1";

/** As deep as Stowage's own: to a server that keeps folders, a key at the root of a bucket is another case. */
export function smallKey(index) {
  return `datasets/user_12345/20251125_000000_small-${index}.bin`;
}
