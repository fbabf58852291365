import { StowageError } from "./errors.js";

/**
 * Which bytes to read: from `start` up to, not including, `end` (default: to the end of the object),
 * or the last `suffix` bytes. What lies past the object's end is left out.
 */
export type ByteRange =
  | { readonly start: number; readonly end?: number | undefined; readonly suffix?: undefined }
  | { readonly suffix: number; readonly start?: undefined; readonly end?: undefined };

/**
 * Checks a range before any object is looked at.
 *
 * @throws `invalid-argument` for what is negative, no whole number, or asks for no byte at all.
 */
export function checkRange(range: ByteRange): void {
  const fault =
    range.suffix !== undefined
      ? range.suffix >= 1 || "suffix must be at least 1"
      : (range.start >= 0 || "start must be at least 0") &&
        (range.end === undefined || range.end > range.start || "end must be greater than start");
  const whole = [range.start, range.end, range.suffix].every(
    (value) => value === undefined || Number.isSafeInteger(value),
  );
  if (fault === true && whole) return;
  throw new StowageError(
    "invalid-argument",
    `Cannot read range ${JSON.stringify(range)}: ${fault === true ? "offsets are whole numbers" : fault}`,
  );
}

/**
 * Where a checked range lies in an object of `size` bytes. An object of no bytes may be read from 0.
 *
 * @throws `range-not-satisfiable` when it begins at or past the end.
 */
export function resolveRange(range: ByteRange, size: number): { start: number; end: number } {
  if (range.suffix !== undefined) return { start: Math.max(0, size - range.suffix), end: size };
  if (range.start > 0 ? range.start >= size : false) {
    throw new StowageError(
      "range-not-satisfiable",
      `Cannot read from byte ${range.start}: the object has ${size}`,
    );
  }
  return { start: range.start, end: Math.min(range.end ?? size, size) };
}
