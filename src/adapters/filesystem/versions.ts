import type { BigIntStats } from "node:fs";

/** What a version of a data file is known by. No two versions of one key share it. */
export type Identity = Pick<BigIntStats, "ino" | "mtimeNs" | "size">;

/** Inode, time and size: told by a stat, so that a listing reads no file. */
export function etagOf({ ino, mtimeNs, size }: Identity): string {
  return `${ino.toString(16)}-${mtimeNs.toString(16)}-${size.toString(16)}`;
}

export function modifiedAt({ mtimeNs }: Identity): Date {
  return new Date(Number(mtimeNs / 1_000_000n));
}

let last = 0;

/** A time for a new data file, in seconds with microseconds. */
export function freshTime(): number {
  return freshMicros() / 1_000_000;
}

/**
 * A time in microseconds, which this process gives once only.
 *
 * The time that the system would set goes forward a few milliseconds at once, and inodes are given
 * again: two versions written within such a step could share both, and an ETag.
 */
export function freshMicros(): number {
  const micros = Date.now() * 1000 + Math.floor((performance.now() % 1) * 1000);
  // A clock that was set back is followed; only a time given just now is passed over.
  last = micros <= last && last - micros < 1000 ? last + 1 : micros;
  return last;
}
