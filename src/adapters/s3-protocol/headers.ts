import { checkContentType, DEFAULT_CONTENT_TYPE } from "../../domain/content-type.js";
import { StowageError } from "../../domain/errors.js";
import {
  checkMetadata,
  decodeMetadataValue,
  encodeMetadataValue,
  type Metadata,
} from "../../domain/metadata.js";
import { type ByteRange, checkRange } from "../../domain/range.js";
import type { Encryption, ObjectAttributes, When } from "../../ports/object-store.js";
import type { Attributes, Conditions } from "./wire.js";

/** Stands for `_`, in what no name of ours has. */
const TILDE = "~";

/**
 * What is kept with an object, as headers carry it.
 *
 * @param foldsUnderscores whether the server would give `-` for `_` in names.
 * @throws `invalid-metadata`, `invalid-argument`.
 */
export function attributesOf(options: ObjectAttributes, foldsUnderscores: boolean): Attributes {
  const { contentType = DEFAULT_CONTENT_TYPE, metadata = {}, encryption } = options;
  checkContentType(contentType);
  checkMetadata(metadata);
  const encoded = Object.entries(metadata).map(([name, value]) => [
    foldsUnderscores ? name.replaceAll("_", TILDE) : name,
    encodeMetadataValue(value),
  ]);
  return { contentType, metadata: Object.fromEntries(encoded), encryption };
}

export function toldContentType(header: string | undefined): string {
  return header === undefined || header === "" ? DEFAULT_CONTENT_TYPE : header;
}

export function toldMetadata(headers: Readonly<Record<string, string>>): Metadata {
  const decoded = Object.entries(headers).map(([name, value]) => [
    name.replaceAll(TILDE, "_"),
    decodeMetadataValue(value),
  ]);
  return Object.fromEntries(decoded);
}

/** The headers of a condition. */
export function conditionsOf(when: When | undefined, quoted = true): Conditions {
  if (when?.absent === true) return { ifNoneMatch: "*" };
  if (when?.etag === undefined) return {};
  const etag = quotedEtag(when.etag);
  return { ifMatch: quoted ? etag : when.etag };
}

/** @throws `invalid-argument` for what no server gives as an ETag, and no header could carry. */
function quotedEtag(etag: string): string {
  if (/^[\x21\x23-\x7e]+$/.test(etag)) return `"${etag}"`;
  throw new StowageError(
    "invalid-argument",
    `Cannot use ETag ${JSON.stringify(etag)}: give it as put, head or list tells it, without quotes`,
  );
}

/** An ETag without quotes; `undefined` for none, or an empty one. */
export function toldEtag(header: string | undefined): string | undefined {
  if (header === undefined || header === "" || header === '""') return undefined;
  const isQuoted = header.length > 2 && header.startsWith('"') && header.endsWith('"');
  return isQuoted ? header.slice(1, -1) : header;
}

/** Whether what the server tells of an object's encryption is what was asked for. */
export function isEncrypted(asked: Encryption, told: string | undefined): boolean {
  return told === asked.algorithm;
}

export function toldEncryption(header: string | undefined): Encryption["algorithm"] | undefined {
  return header === "AES256" || header === "aws:kms" ? header : undefined;
}

/**
 * The header `Range`.
 *
 * @throws `invalid-argument`.
 */
export function rangeHeader(range: ByteRange | undefined): string | undefined {
  if (range === undefined) return undefined;
  checkRange(range);
  if (range.suffix !== undefined) return `bytes=-${range.suffix}`;
  return `bytes=${range.start}-${range.end === undefined ? "" : range.end - 1}`;
}

/** What a header `Content-Range` says: `end` excluded. */
export interface ContentRange {
  readonly start: number;
  readonly end: number;
  readonly size: number;
}

/** Reads a header `Content-Range`. MinIO has `0--1/0` for an object of no bytes. */
export function toldRange(header: string | undefined): ContentRange | undefined {
  const [, start, last, size] = /^bytes (\d+)-(-?\d+)\/(\d+)$/.exec(header ?? "") ?? [];
  if (start === undefined || last === undefined || size === undefined) return undefined;
  return { start: Number(start), end: Number(last) + 1, size: Number(size) };
}

/** A bucket and key as the header `x-amz-copy-source` carries them: percent-encoded UTF-8. */
export function copySource(bucket: string, key: string): string {
  return `${bucket}/${key.split("/").map(percentEncoded).join("/")}`;
}

/** All but RFC 3986's unreserved characters percent-encoded, as signatures want it. */
export function percentEncoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** A key out of a list of `encoding-type=url`. `undefined` for what is no such encoding. */
export function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return undefined;
  }
}
