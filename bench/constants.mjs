export const MIB = 1_048_576;

/** Of every client, wherever it can be told. */
export const PART_BYTES = 8 * MIB;
export const CONCURRENCY = 4;

/** Of 2,000 objects, at once. */
export const SMALL_BYTES = 4_096;
export const SMALL_AT_ONCE = 32;

export const REGION = "us-east-1";
