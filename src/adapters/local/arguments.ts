import { fileURLToPath } from "node:url";
import { quote, StowageError } from "../../domain/errors.js";

/**
 * The path that a caller means.
 *
 * @throws `invalid-argument` for an empty path, and for a URL that names no local file.
 */
export function pathOf(path: string | URL): string {
  if (path === "") {
    throw new StowageError(
      "invalid-argument",
      'Cannot use path "": it is empty; give a file\'s path',
    );
  }
  if (typeof path === "string") return path;
  try {
    return fileURLToPath(path);
  } catch (cause) {
    throw new StowageError(
      "invalid-argument",
      `Cannot use URL of scheme ${quote(path.protocol)} or host ${quote(path.host)}: give a file: URL of this machine`,
      {},
      { cause },
    );
  }
}

/** How a message names what a caller gave, of whatever sort. */
export function described(source: unknown): string {
  if (source === undefined || source === null) return String(source);
  return typeof source === "object" ? `a ${source.constructor?.name ?? "object"}` : quote(source);
}
