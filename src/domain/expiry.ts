import { quote, StowageError } from "./errors.js";

/** Seconds that a signed URL is good for, unless it is told otherwise. */
export const DEFAULT_EXPIRY_SECONDS = 900;
/** Seconds: 7 days, the limit of Signature Version 4. */
export const MAX_EXPIRY_SECONDS = 604_800;

/** The time in which a signed URL is good. */
export interface Validity {
  readonly startsAt: Date;
  readonly expiresInSeconds: number;
  readonly expiresAt: Date;
}

/**
 * Checks the time in which a signed URL is to be good. It begins at a whole second.
 *
 * @throws `invalid-argument`.
 */
export function validityOf(startsAt: Date, expiresInSeconds: number): Validity {
  const isWhole = Number.isInteger(expiresInSeconds);
  if (!isWhole || expiresInSeconds < 1 || expiresInSeconds > MAX_EXPIRY_SECONDS) {
    const value = typeof expiresInSeconds === "number" ? expiresInSeconds : quote(expiresInSeconds);
    throw new StowageError(
      "invalid-argument",
      `Cannot sign for ${value} seconds: use a whole number from 1 to ${MAX_EXPIRY_SECONDS}, which is 7 days`,
    );
  }
  const time = startsAt instanceof Date ? startsAt.getTime() : Number.NaN;
  if (!(time >= 0 && startsAt.getUTCFullYear() <= 9998)) {
    throw new StowageError(
      "invalid-argument",
      "Cannot sign from that time on: use a valid Date between 1970 and 9998",
    );
  }
  const start = time - (time % 1_000);
  return {
    startsAt: new Date(start),
    expiresInSeconds,
    expiresAt: new Date(start + expiresInSeconds * 1_000),
  };
}
