const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** Bytes for people: `713 B`, `1.2 KiB`, `48.8 TiB`. At most 10 characters. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (Number(value.toFixed(1)) >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? String(Math.round(value)) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** All digits, for whoever compares: `1,234 bytes`. */
export function formatExactBytes(bytes: number): string {
  return `${bytes.toLocaleString("en-US")} ${bytes === 1 ? "byte" : "bytes"}`;
}

/** A span of time in its two largest units, rounded up: `45 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function formatDuration(ms: number): string {
  const seconds = Math.ceil(Math.max(0, ms) / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return joined(Math.floor(seconds / 60), "min", seconds % 60, "s");
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 24 * 60) return joined(Math.floor(minutes / 60), "h", minutes % 60, "min");
  const hours = Math.ceil(minutes / 60);
  return joined(Math.floor(hours / 24), "d", hours % 24, "h");
}

function joined(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

/** An instant in UTC, to the second: `2025-10-23T14:30:45Z`. */
export function formatTime(at: Date): string {
  return `${at.toISOString().slice(0, 19)}Z`;
}

/** Text that cannot steer a terminal: control characters are spelt out, line breaks stay. */
export function printable(text: string): string {
  return text.replace(/(?!\n)\p{Cc}/gu, (control) => {
    const code = control.codePointAt(0) ?? 0;
    return `\\x${code.toString(16).padStart(2, "0")}`;
  });
}

/** Columns that a text takes on a terminal, rather too many than too few. */
export function cells(text: string): number {
  let width = 0;
  for (const character of text) width += cellsOf(character);
  return width;
}

/** Cuts a text to a number of columns, with `…` where something is missing. */
export function shorten(text: string, columns: number): string {
  if (cells(text) <= columns) return text;
  let kept = "";
  let width = 1;
  for (const character of text) {
    width += cellsOf(character);
    if (width > columns) break;
    kept += character;
  }
  return columns < 1 ? "" : `${kept}…`;
}

/** From U+1100 on there are characters of two columns. */
function cellsOf(character: string): number {
  if (character === "…") return 1;
  return (character.codePointAt(0) ?? 0) < 0x1100 ? 1 : 2;
}

/**
 * Breaks a text at its spaces into lines of so many columns, as far as its words allow it.
 *
 * @param first begins the first line, and spaces in its place the others.
 */
export function wrapped(text: string, columns: number, first = ""): string[] {
  const lines: string[] = [];
  let line = first;
  let begun = false;
  for (const word of text.split(" ")) {
    const longer = begun ? `${line} ${word}` : line + word;
    if (begun && cells(longer) > columns) {
      lines.push(line);
      line = " ".repeat(first.length) + word;
    } else {
      line = longer;
    }
    begun = true;
  }
  return [...lines, line];
}
