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
  const fault = rangeFault(range);
  if (fault === undefined) return;
  throw new StowageError(
    "invalid-argument",
    `Cannot read range ${JSON.stringify(range)}: ${fault}`,
  );
}

function rangeFault({ start, end, suffix }: ByteRange): string | undefined {
  const whole = [start, end, suffix].every(
    (value) => value === undefined || Number.isSafeInteger(value),
  );
  if (!whole) return "offsets are whole numbers";
  if (suffix !== undefined) return suffix >= 1 ? undefined : "suffix must be at least 1";
  if (start < 0) return "start must be at least 0";
  if (end !== undefined && end <= start) return "end must be greater than start";
  return undefined;
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
