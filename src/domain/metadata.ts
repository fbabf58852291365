import { quote, StowageError } from "./errors.js";
import { EXT_MARK, extValue } from "./ext-value.js";
import { utf8Length } from "./utf8.js";

/** Text kept with an object. Names are lower-case ASCII; values are any Unicode. */
export type Metadata = Readonly<Record<string, string>>;

/** Bytes for all names and values together: the limit of Amazon S3. */
export const MAX_METADATA_BYTES = 2048;

/** The header prefix of S3. MinIO counts it with each name, and so does `metadataBytes`. */
const HEADER_PREFIX = "x-amz-meta-";

/** The names that Stowage itself writes on what it uploads. */
export const RESERVED_METADATA: readonly string[] = [
  "uploaded_at",
  "original_filename",
  "write_token",
  "sha256",
];

const NAME = /^[a-z0-9](?:[a-z0-9_.-]*[a-z0-9])?$/;

/**
 * Checks what a store is asked to keep with an object.
 *
 * @throws `invalid-metadata`, naming the entry and the rule.
 */
export function checkMetadata(metadata: Metadata): void {
  for (const [name, value] of Object.entries(metadata)) {
    const fault = nameFault(name) ?? valueFault(value);
    if (fault !== undefined) {
      throw new StowageError("invalid-metadata", `Cannot use metadata ${quote(name)}: ${fault}`);
    }
  }
  const bytes = metadataBytes(metadata);
  if (bytes > MAX_METADATA_BYTES) {
    throw new StowageError(
      "invalid-metadata",
      `Cannot use metadata of ${bytes} bytes: at most ${MAX_METADATA_BYTES} fit, counted as header names and values are sent`,
    );
  }
}

/**
 * Checks a user's own metadata: as `checkMetadata`, and none of the reserved names.
 *
 * @throws `invalid-metadata`.
 */
export function checkUserMetadata(metadata: Metadata): void {
  for (const name of Object.keys(metadata)) {
    if (RESERVED_METADATA.includes(name)) {
      throw new StowageError(
        "invalid-metadata",
        `Cannot use metadata ${quote(name)}: the name is reserved; ${RESERVED_METADATA.join(", ")} are written by Stowage`,
      );
    }
  }
  checkMetadata(metadata);
}

/** Bytes that metadata takes as headers, prefix and all: what the strictest server counts. */
export function metadataBytes(metadata: Metadata): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(metadata)) {
    bytes += HEADER_PREFIX.length + utf8Length(name) + encodeMetadataValue(value).length;
  }
  return bytes;
}

/**
 * A metadata value as a header can carry it: plain where it is printable ASCII that no server and
 * no signature changes, else percent-encoded UTF-8 after the mark of RFC 8187.
 */
export function encodeMetadataValue(value: string): string {
  return isPlain(value) ? value : extValue(value);
}

/** Undoes `encodeMetadataValue`. What it cannot have made is returned as it stands. */
export function decodeMetadataValue(header: string): string {
  if (!header.startsWith(EXT_MARK)) return header;
  try {
    return decodeURIComponent(header.slice(EXT_MARK.length));
  } catch {
    return header;
  }
}

/**
 * Servers trim values, signatures fold runs of spaces, Amazon S3 decodes `=?…?=` (RFC 2047), and an
 * empty header is lost on the way by some: each is sent encoded.
 */
function isPlain(value: string): boolean {
  return (
    /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value) &&
    !value.includes("  ") &&
    !value.includes("=?") &&
    value.slice(0, EXT_MARK.length).toUpperCase() !== EXT_MARK
  );
}

function nameFault(name: string): string | undefined {
  if (name !== name.toLowerCase()) {
    return `names are lower case; use ${quote(name.toLowerCase())}`;
  }
  if (!NAME.test(name)) {
    return 'names are made of a-z, 0-9, "_", "-" and ".", and begin and end with a letter or a digit';
  }
  if (name.startsWith("x-amz-")) return '"x-amz-" begins the names of S3 itself; use another';
  return undefined;
}

function valueFault(value: string): string | undefined {
  if (typeof value !== "string") return `the value is not a string but ${quote(value)}`;
  if (/[\r\n\0]/.test(value)) return "the value holds a line break or NUL; leave it out";
  if (!value.isWellFormed()) return "the value holds half of a surrogate pair";
  return undefined;
}
