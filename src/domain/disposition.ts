import { quote, StowageError } from "./errors.js";
import { extValue } from "./ext-value.js";

/** What a browser does with an answer: shows it, or keeps it as a file. */
export type Disposition = "inline" | "attachment";

/**
 * The header `Content-Disposition` of RFC 6266. A file name of other than plain ASCII is told twice:
 * by RFC 8187, and with `_` in place of what a quoted text cannot hold.
 *
 * @throws `invalid-argument` for a name with a control character, which could end the header.
 */
export function contentDisposition(kind: Disposition, filename?: string): string {
  if (kind !== "inline" && kind !== "attachment") {
    throw new StowageError(
      "invalid-argument",
      `Cannot use disposition ${quote(kind)}: use "inline" or "attachment"`,
    );
  }
  if (filename === undefined) return kind;
  const fault = faultOf(filename);
  if (fault !== undefined) {
    throw new StowageError(
      "invalid-argument",
      `Cannot use file name ${quote(filename)}: it ${fault}`,
    );
  }
  const plain = filename.replace(/[^\x20-\x7e]|["\\%]/gu, "_");
  const quoted = `${kind}; filename="${plain}"`;
  return plain === filename ? quoted : `${quoted}; filename*=${extValue(filename)}`;
}

function faultOf(filename: unknown): string | undefined {
  if (typeof filename !== "string") return "is not a string";
  if (filename === "") return "is empty";
  if (!filename.isWellFormed()) return "holds half of a surrogate pair";
  if (/\p{Cc}/u.test(filename)) return "holds a control character";
  return undefined;
}
