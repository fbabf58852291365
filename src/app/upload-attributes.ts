import { lookup } from "mrmime";
import { DEFAULT_CONTENT_TYPE } from "../domain/content-type.js";
import { quote, StowageError } from "../domain/errors.js";
import { checkMetadata, checkUserMetadata, type Metadata } from "../domain/metadata.js";
import type { Clock } from "../ports/clock.js";

/** What a user says of an upload. */
export interface UploadWords {
  readonly contentType?: string | undefined;
  readonly metadata?: Metadata | undefined;
}

/** What is kept with an uploaded object. */
export interface UploadAttributes {
  readonly contentType: string;
  /** Holds `write_token`. */
  readonly metadata: Metadata;
  readonly writeToken: string;
}

/** RFC 9110, 8.3.1: type, subtype and parameters. */
const MEDIA_TYPE =
  /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?:\s*;\s*[\w!#$&^.+-]+=(?:[\w!#$&^.+-]+|"[^"\\\r\n]*"))*$/;

/** The SHA-256 that Stowage has recorded of an object: hexadecimal. Others' may be of anything. */
export function recordedSha256({ write_token: ours, sha256 }: Metadata): string | undefined {
  return ours !== undefined && sha256 !== undefined && /^[\da-f]{64}$/.test(sha256)
    ? sha256
    : undefined;
}

/** @throws `invalid-argument`, `invalid-metadata`. */
export function checkWords({ contentType, metadata = {} }: UploadWords): void {
  if (contentType !== undefined) checkContentType(contentType);
  checkUserMetadata(metadata);
}

/**
 * What Stowage keeps with every object that it stores, or has stored.
 *
 * @throws `invalid-metadata` where all together is too much.
 */
export function attributesFor(
  clock: Clock,
  at: Date,
  filename: string,
  words: UploadWords,
  sha256?: string,
): UploadAttributes {
  const writeToken = clock.token();
  const metadata = {
    ...words.metadata,
    uploaded_at: at.toISOString(),
    original_filename: filename,
    write_token: writeToken,
    ...(sha256 === undefined ? {} : { sha256 }),
  };
  checkMetadata(metadata);
  const contentType = words.contentType ?? lookup(filename) ?? DEFAULT_CONTENT_TYPE;
  return { contentType, metadata, writeToken };
}

function checkContentType(contentType: string): void {
  if (typeof contentType === "string" && MEDIA_TYPE.test(contentType)) return;
  throw new StowageError(
    "invalid-argument",
    `Cannot use content type ${quote(contentType)}: use a media type such as "text/csv"`,
  );
}
