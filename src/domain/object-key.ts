import { quote, StowageError } from "./errors.js";
import { utf8Length } from "./utf8.js";

declare const checked: unique symbol;

/** A name that has passed the key policy. `objectKey` is the only way to make one. */
export type ObjectKey = string & { readonly [checked]: "ObjectKey" };

/** Bytes of UTF-8: the limit of Amazon S3. */
export const MAX_KEY_BYTES = 1024;
/** Bytes of UTF-8: the limit of most filesystems on one name. */
export const MAX_SEGMENT_BYTES = 255;

/**
 * Checks a name against the key policy, and returns it unchanged.
 *
 * The policy refuses and never repairs, so no two names can become one key.
 *
 * @throws `invalid-key`, naming the rule that was broken and what would be right.
 */
export function objectKey(name: string): ObjectKey {
  const fault = typeof name === "string" ? keyFault(name) : "is not a string";
  if (fault !== undefined) {
    throw new StowageError("invalid-key", `Cannot use key ${quote(name)}: it ${fault}`);
  }
  return name as ObjectKey;
}

/** Whether a name passes the key policy. */
export function isObjectKey(name: string): name is ObjectKey {
  return keyFault(name) === undefined;
}

function keyFault(name: string): string | undefined {
  if (name === "") return "is empty; give it at least one character";
  if (utf8Length(name) > MAX_KEY_BYTES) {
    return `is ${utf8Length(name)} bytes long in UTF-8; at most ${MAX_KEY_BYTES} fit`;
  }
  for (const segment of name.split("/")) {
    if (segment === "") {
      return 'has an empty segment; "/" stands between two segments, never first, last or doubled';
    }
    const fault = segmentFault(segment);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/**
 * What is wrong with one segment of a key (the text between two slashes), as the end of a sentence
 * that begins with "it". `undefined` when nothing is.
 */
export function segmentFault(segment: string): string | undefined {
  if (segment === "") return "is empty; give it at least one character";
  // MinIO trims segments before it looks, and so may a disk.
  if ([".", ".."].includes(segment.trim())) {
    return `has the segment ${quote(segment)}, which means a folder to a disk; use another name`;
  }
  if (segment.includes("/")) return 'holds a "/", which separates segments; leave it out';
  if (segment.includes("\\")) {
    return "holds a backslash, which separates folders on some systems; leave it out";
  }
  if (!segment.isWellFormed()) return "holds half of a surrogate pair; give it as valid Unicode";
  const control = /[\p{Cc}\u2028\u2029\ufffe\uffff]/u.exec(segment)?.[0];
  if (control !== undefined) {
    const code = (control.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
    return `holds the control character U+${code}; use printable characters`;
  }
  const bytes = utf8Length(segment);
  if (bytes > MAX_SEGMENT_BYTES) {
    return `has a segment of ${bytes} bytes in UTF-8; at most ${MAX_SEGMENT_BYTES} fit`;
  }
  return undefined;
}
