import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { crc32 } from "node:zlib";
import { type Attributes, attributesOf, Refusal } from "./answers.js";

/** An object as the server keeps it. */
export interface KeptObject {
  readonly key: string;
  readonly bytes: Buffer;
  /** In quotes. */
  readonly etag: string;
  readonly lastModified: Date;
  readonly attributes: Attributes;
  /** CRC-32 in base64, as S3 tells it; missing for parts that came without. */
  readonly crc32?: string | undefined;
}

export interface KeptPart {
  readonly bytes: Buffer;
  readonly etag: string;
  readonly crc32: string;
  readonly lastModified: Date;
}

export interface KeptUpload {
  readonly id: string;
  readonly key: string;
  readonly attributes: Attributes;
  /** Whether it was begun with `x-amz-checksum-type: FULL_OBJECT`. */
  readonly checksummed: boolean;
  readonly parts: Map<number, KeptPart>;
  readonly startedAt: Date;
}

/** A part as a complete names it. */
export interface NamedPart {
  readonly number: number;
  readonly etag: string;
  readonly crc32: string | undefined;
}

/**
 * What a bucket of S3 holds, and the rules by which it changes, all at once as on one machine.
 *
 * Conditions, checksums and refusals are those of Amazon S3's API reference.
 */
export class Bucket {
  readonly objects: Map<string, KeptObject> = new Map();
  readonly uploads: Map<string, KeptUpload> = new Map();
  /** Bytes of each part but the last. */
  readonly #minPartBytes: number;
  #uploads = 0;

  constructor(minPartBytes: number) {
    this.#minPartBytes = minPartBytes;
  }

  put(key: string, bytes: Buffer, headers: IncomingHttpHeaders): KeptObject {
    verifyBytes(bytes, headers);
    this.#expectConditions(key, headers);
    return this.#keep(key, bytes, md5(bytes), attributesOf(headers), crc32Text(bytes));
  }

  object(key: string): KeptObject {
    const object = this.objects.get(key);
    if (object === undefined) throw new Refusal(404, "NoSuchKey");
    return object;
  }

  /** @returns whether there was an object. */
  remove(key: string, headers: IncomingHttpHeaders): boolean {
    if (headers["if-match"] !== undefined) this.#expectConditions(key, headers);
    return this.objects.delete(key);
  }

  copy(from: string, to: string, headers: IncomingHttpHeaders): KeptObject {
    const source = this.object(from);
    const asked = headers["x-amz-copy-source-if-match"];
    if (asked !== undefined && asked !== source.etag) throw new Refusal(412, "PreconditionFailed");
    this.#expectConditions(to, headers);
    const { encryption } = attributesOf(headers);
    if (from === to && encryption === source.attributes.encryption) {
      throw new Refusal(400, "InvalidRequest", "this copy changes nothing");
    }
    const attributes = { ...source.attributes, encryption };
    return this.#keep(to, source.bytes, md5(source.bytes), attributes, source.crc32);
  }

  begin(key: string, headers: IncomingHttpHeaders): KeptUpload {
    this.#uploads += 1;
    const upload: KeptUpload = {
      id: `upload-${this.#uploads}`,
      key,
      attributes: attributesOf(headers),
      checksummed: headers["x-amz-checksum-type"] === "FULL_OBJECT",
      parts: new Map(),
      startedAt: new Date(),
    };
    this.uploads.set(upload.id, upload);
    return upload;
  }

  upload(key: string, id: string): KeptUpload {
    const upload = this.uploads.get(id);
    if (upload === undefined || upload.key !== key) throw new Refusal(404, "NoSuchUpload");
    return upload;
  }

  putPart(
    key: string,
    id: string,
    number: number,
    bytes: Buffer,
    headers: IncomingHttpHeaders,
  ): KeptPart {
    verifyBytes(bytes, headers);
    if (!(number >= 1 && number <= 10_000)) throw new Refusal(400, "InvalidArgument");
    const { parts } = this.upload(key, id);
    const part = { bytes, etag: md5(bytes), crc32: crc32Text(bytes), lastModified: new Date() };
    parts.set(number, part);
    return part;
  }

  complete(
    key: string,
    id: string,
    named: readonly NamedPart[],
    headers: IncomingHttpHeaders,
  ): KeptObject {
    const upload = this.upload(key, id);
    const parts = named.map((part, index) => {
      const kept = upload.parts.get(part.number);
      if (kept === undefined || kept.etag !== part.etag) throw new Refusal(400, "InvalidPart");
      if (part.crc32 !== undefined && part.crc32 !== kept.crc32) {
        throw new Refusal(400, "InvalidPart");
      }
      if (index > 0 && (named[index - 1]?.number ?? 0) >= part.number) {
        throw new Refusal(400, "InvalidPartOrder");
      }
      if (index < named.length - 1 && kept.bytes.length < this.#minPartBytes) {
        throw new Refusal(400, "EntityTooSmall");
      }
      return kept;
    });
    if (parts.length === 0) throw new Refusal(400, "MalformedXML");
    this.#expectConditions(key, headers);
    const bytes = Buffer.concat(parts.map((part) => part.bytes));
    const crc = crc32Text(bytes);
    const told = headers["x-amz-checksum-crc32"];
    if (told !== undefined && told !== crc) throw new Refusal(400, "BadDigest");
    const digests = parts.map(({ etag }) => Buffer.from(etag.slice(1, -1), "hex"));
    const etag = `${md5(Buffer.concat(digests)).slice(0, -1)}-${parts.length}"`;
    this.uploads.delete(id);
    return this.#keep(key, bytes, etag, upload.attributes, upload.checksummed ? crc : undefined);
  }

  abort(key: string, id: string): void {
    this.upload(key, id);
    this.uploads.delete(id);
  }

  #keep(
    key: string,
    bytes: Buffer,
    etag: string,
    attributes: Attributes,
    crc: string | undefined,
  ): KeptObject {
    const object = { key, bytes, etag, lastModified: new Date(), attributes, crc32: crc };
    this.objects.set(key, object);
    return object;
  }

  #expectConditions(key: string, headers: IncomingHttpHeaders): void {
    const { "if-match": match, "if-none-match": noneMatch } = headers;
    const object = this.objects.get(key);
    if (noneMatch === "*" && object !== undefined) throw new Refusal(412, "PreconditionFailed");
    if (match === undefined) return;
    if (object === undefined) throw new Refusal(404, "NoSuchKey");
    if (object.etag !== match) throw new Refusal(412, "PreconditionFailed");
  }
}

/** Holds the bytes of a request against the digests that came with them. */
export function verifyBytes(bytes: Buffer, headers: IncomingHttpHeaders): void {
  const sha256 = headers["x-amz-content-sha256"];
  if (typeof sha256 === "string" && sha256.startsWith("STREAMING-")) {
    throw new Refusal(501, "NotImplemented");
  }
  const hashed = typeof sha256 === "string" && /^[0-9a-f]{64}$/.test(sha256);
  if (hashed && sha256 !== createHash("sha256").update(bytes).digest("hex")) {
    throw new Refusal(400, "XAmzContentSHA256Mismatch");
  }
  const crc = headers["x-amz-checksum-crc32"];
  if (crc !== undefined && crc !== crc32Text(bytes)) throw new Refusal(400, "BadDigest");
  const digest = headers["content-md5"];
  if (digest !== undefined && digest !== createHash("md5").update(bytes).digest("base64")) {
    throw new Refusal(400, "BadDigest");
  }
}

/** CRC-32 as S3 writes it: four bytes, the highest first, in base64. */
export function crc32Text(bytes: Uint8Array): string {
  const four = Buffer.alloc(4);
  four.writeUInt32BE(crc32(bytes));
  return four.toString("base64");
}

function md5(bytes: Uint8Array): string {
  return `"${createHash("md5").update(bytes).digest("hex")}"`;
}
