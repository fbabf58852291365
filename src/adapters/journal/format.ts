import { type Checksum, crc32Number } from "../../domain/checksum.js";
import { checkMetadata, type Metadata } from "../../domain/metadata.js";
import { objectKey } from "../../domain/object-key.js";
import type { RecordedPart, SessionStart } from "../../ports/journal.js";
import type { Encryption } from "../../ports/object-store.js";
import type { SourceIdentity } from "../../ports/source.js";

/** The form of the files. A file of a later one is left alone. */
const FORM = 1;

/** What a session's file tells. */
export interface Written extends SessionStart {
  readonly uploadId: string | undefined;
  readonly parts: readonly RecordedPart[];
}

/** The first line. Without it a file tells nothing. */
export function headLine(start: SessionStart, store: string): string {
  const { beganAt, ...rest } = start;
  return line({ form: FORM, store, ...rest, beganAt: beganAt.toISOString() });
}

/** Parts that were recorded before belong to it where it was started before, too. */
export function startedLine(uploadId: string): string {
  return line({ started: uploadId });
}

export function partLine({ partNumber, size, etag, checksum }: RecordedPart): string {
  return line({ part: partNumber, size, etag, crc32: checksum.value });
}

function line(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

/**
 * Reads a session's file, which may end anywhere: its writer was killed, or its disk has lost the
 * end. A line that is not whole is left out, and what is proved of the store makes up for it.
 *
 * @returns `undefined` when the first line is not whole, or of a form that is not known.
 */
export function readWritten(text: string): Written | undefined {
  const [first, ...rest] = text.split("\n").map(parsed);
  const start = startOf(first);
  if (start === undefined) return undefined;
  let uploadId: string | undefined;
  let parts = new Map<number, RecordedPart>();
  for (const found of rest) {
    const started = found?.["started"];
    if (isText(started)) {
      if (started !== uploadId) parts = new Map();
      uploadId = started;
    }
    const part = partOf(found);
    if (part !== undefined) parts.set(part.partNumber, part);
  }
  return { ...start, uploadId, parts: [...parts.values()] };
}

type Fields = Readonly<Record<string, unknown>>;

function parsed(text: string): Fields | undefined {
  try {
    return fieldsOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === "object" && value !== null ? (value as Fields) : undefined;
}

/** What a disk has damaged, or somebody has written by hand, must not get further than this. */
function startOf(fields: Fields | undefined): SessionStart | undefined {
  if (fields?.["form"] !== FORM) return undefined;
  const { location, key, writeToken, contentType, metadata, encryption, source, partBytes } =
    fields as Readonly<Record<keyof SessionStart, unknown>>;
  const beganAt = new Date(String(fields["beganAt"]));
  const isWhole =
    isText(location) && isText(key) && isText(writeToken) && isText(contentType) && isDate(beganAt);
  if (!isWhole || !isMetadata(metadata) || !isOptional(encryption, isEncryption)) return undefined;
  if (!isOptional(source, isSource) || !isOptional(partBytes, isCount)) return undefined;
  const start = { location, writeToken, beganAt, contentType, metadata, encryption };
  try {
    return { ...start, key: objectKey(key), source, partBytes };
  } catch {
    return undefined;
  }
}

function partOf(fields: Fields | undefined): RecordedPart | undefined {
  if (fields === undefined) return undefined;
  const { part: partNumber, size, etag, crc32 } = fields;
  if (!isCount(partNumber) || !isCount(size) || !isText(etag) || !isText(crc32)) return undefined;
  const checksum: Checksum = { algorithm: "CRC32", value: crc32 };
  try {
    crc32Number(checksum);
    return { partNumber, size, etag, checksum };
  } catch {
    return undefined;
  }
}

function isOptional<T>(value: unknown, is: (value: unknown) => value is T): value is T | undefined {
  return value === undefined || is(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0;
}

function isDate(value: Date): boolean {
  return !Number.isNaN(value.getTime());
}

function isMetadata(value: unknown): value is Metadata {
  const fields = fieldsOf(value);
  if (fields === undefined || !Object.values(fields).every(isText)) return false;
  try {
    checkMetadata(fields as Metadata);
    return true;
  } catch {
    return false;
  }
}

function isEncryption(value: unknown): value is Encryption {
  const fields = fieldsOf(value);
  if (fields?.["algorithm"] === "AES256") return true;
  return fields?.["algorithm"] === "aws:kms" && isOptional(fields["keyId"], isText);
}

function isSource(value: unknown): value is SourceIdentity {
  const { path, size, mtimeNs } = fieldsOf(value) ?? {};
  const isSize = size === 0 || isCount(size);
  return isText(path) && isSize && isText(mtimeNs) && /^-?\d+$/.test(mtimeNs);
}
