import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import { type Checksum, type Crc64NvmeChecksum, crc32Checksum } from "../../src/domain/checksum.js";
import { Crc64Nvme } from "../../src/domain/crc64nvme.js";
import type { ErrorCode } from "../../src/domain/errors.js";
import type { Metadata } from "../../src/domain/metadata.js";
import type { ObjectKey } from "../../src/domain/object-key.js";
import type { ByteRange } from "../../src/domain/range.js";
import type { Part, Upload } from "../../src/ports/multipart-store.js";
import type { Encryption, ListOptions, When } from "../../src/ports/object-store.js";

/** What is kept with an object. */
export interface Kept {
  readonly contentType: string;
  readonly metadata: Metadata;
}

export type Algorithm = Encryption["algorithm"];

/** An object, as the port says that it is to be found. */
export interface Held extends Kept {
  readonly bytes: Uint8Array;
  readonly etag: string;
  /** The checksum that was given with the bytes, and is to be told; the store's own choice elsewhere. */
  readonly checksum?: Checksum | undefined;
  /** The encryption that was asked for; the store's own choice elsewhere. */
  readonly encryption?: Algorithm | undefined;
  /**
   * Milliseconds: when the write was begun, and when it had ended. Amazon S3 tells of an object that
   * was sent in parts when its upload began.
   */
  readonly written: readonly [from: number, to: number];
}

/** An upload. One that is over is remembered, for calls that come too late. */
export interface HeldUpload extends Kept {
  readonly upload: Upload;
  /** Milliseconds. */
  readonly begun: number;
  readonly checksummed: boolean;
  readonly encryption: Algorithm | undefined;
  readonly parts: Map<number, HeldPart>;
  /** Every part that was ever sent, replaced ones too. */
  readonly sent: Part[];
  state: "open" | "completed" | "aborted";
  /** Whether its key was written since it began: Amazon S3 answers 409 to a condition then. */
  overtaken: boolean;
}

export interface HeldPart {
  readonly part: Part;
  readonly bytes: Uint8Array;
}

/** A body being read, and what it may still do. */
export interface HeldRead {
  readonly key: ObjectKey;
  readonly expected: Uint8Array;
  /** Bytes that have been seen. */
  at: number;
  /** Whether the object was written meanwhile, so that the read may fail, but not lie. */
  disturbed: boolean;
}

export type Expected =
  | { readonly kind: "object"; readonly key: ObjectKey; readonly held: Held }
  | { readonly kind: "prefix"; readonly prefix: string };

/** Which condition a command sets. ETags are those of the moment in which it runs. */
export type Condition = "absent" | Tag;
export type Tag = "current" | "former" | "other" | "made-up";

const MADE_UP = "0123456789abcdef0123456789abcdef";

/** What a store is to hold: the words of the port and no code of a store. */
export class Model {
  readonly objects: Map<ObjectKey, Held> = new Map();
  readonly uploads: HeldUpload[] = [];
  readonly reads: HeldRead[] = [];
  /** Per key, the bytes behind each ETag that was ever told. */
  readonly #told = new Map<ObjectKey, Map<string, Uint8Array>>();

  write(key: ObjectKey, held: Held): void {
    const told = this.#told.get(key) ?? new Map<string, Uint8Array>();
    const before = told.get(held.etag);
    if (before !== undefined) {
      assert.ok(
        Buffer.compare(before, held.bytes) === 0,
        `ETag ${held.etag} of ${JSON.stringify(key)} has stood for other bytes before`,
      );
    }
    this.#told.set(key, told.set(held.etag, held.bytes));
    this.objects.set(key, held);
    this.#disturb(key);
  }

  remove(key: ObjectKey): void {
    if (this.objects.delete(key)) this.#disturb(key);
  }

  etag(key: ObjectKey, tag: Tag): string {
    const current = this.objects.get(key)?.etag;
    if (tag === "current") return current ?? MADE_UP;
    if (tag === "former") {
      return [...(this.#told.get(key)?.keys() ?? [])].find((etag) => etag !== current) ?? MADE_UP;
    }
    if (tag === "other") {
      return [...this.objects].find(([other]) => other !== key)?.[1].etag ?? MADE_UP;
    }
    return MADE_UP;
  }

  when(key: ObjectKey, condition: Condition | undefined): When | undefined {
    if (condition === undefined) return undefined;
    return condition === "absent" ? { absent: true } : { etag: this.etag(key, condition) };
  }

  /** Why a call under this condition is to be refused. */
  refusals(key: ObjectKey, when: When | undefined): ErrorCode[] {
    const held = this.objects.get(key);
    if (when?.absent && held !== undefined) return ["already-exists"];
    return when?.etag !== undefined && when.etag !== held?.etag ? ["precondition-failed"] : [];
  }

  list({ prefix = "", delimiter, startAfter }: ListOptions): Expected[] {
    const entries = new Map<string, Expected>();
    for (const [key, held] of this.objects) {
      if (!key.startsWith(prefix)) continue;
      const cut = delimiter === undefined ? -1 : key.indexOf(delimiter, prefix.length);
      const name = cut < 0 ? key : key.slice(0, cut + 1);
      if (startAfter !== undefined && byBytes(name, startAfter) <= 0) continue;
      entries.set(name, cut < 0 ? { kind: "object", key, held } : { kind: "prefix", prefix: name });
    }
    return [...entries].sort(([a], [b]) => byBytes(a, b)).map(([, entry]) => entry);
  }

  openUploads(of: (key: ObjectKey) => boolean): HeldUpload[] {
    return this.uploads.filter(({ state, upload }) => state === "open" && of(upload.key));
  }

  #disturb(key: ObjectKey): void {
    for (const read of this.reads) if (read.key === key) read.disturbed = true;
    for (const held of this.uploads) if (held.upload.key === key) held.overtaken = true;
  }
}

export function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** The bytes that a range gives, or the code with which it is refused. */
export function rangeOf(bytes: Uint8Array, range: ByteRange | undefined): Uint8Array | ErrorCode {
  if (range === undefined) return bytes;
  const numbers = [range.start, range.end, range.suffix].filter((value) => value !== undefined);
  if (!numbers.every(Number.isSafeInteger)) return "invalid-argument";
  if (range.suffix !== undefined) {
    return range.suffix < 1 ? "invalid-argument" : bytes.slice(-range.suffix);
  }
  const { start, end = Number.POSITIVE_INFINITY } = range;
  if (start < 0 || end <= start) return "invalid-argument";
  if (start > 0 && start >= bytes.length) return "range-not-satisfiable";
  return bytes.slice(start, Math.min(end, bytes.length));
}

/** What naming these parts makes of an upload: the bytes, or the reasons to refuse it. */
export function joinOf(
  { parts }: HeldUpload,
  named: readonly Part[],
  minPartBytes: number,
): { readonly bytes: Uint8Array; readonly refusals: ErrorCode[] } {
  const joining = named.map(({ partNumber, etag }) => {
    const held = parts.get(partNumber);
    return held?.part.etag === etag ? held.bytes : undefined;
  });
  const known = joining.filter((bytes) => bytes !== undefined);
  const small = known.slice(0, -1).some((bytes) => bytes.length < minPartBytes);
  const ascending = named.every((part, at) => part.partNumber > (named[at - 1]?.partNumber ?? 0));
  const sound = named.length > 0 && known.length === joining.length && ascending && !small;
  return { bytes: Buffer.concat(known), refusals: sound ? [] : ["invalid-part"] };
}

export function checksumOf(bytes: Uint8Array): Checksum {
  return crc32Checksum(crc32(bytes));
}

export function crc64NvmeOf(bytes: Uint8Array): Crc64NvmeChecksum {
  const crc = new Crc64Nvme();
  crc.add(bytes);
  return crc.checksum;
}

/** A checksum that is sound, and not that of these bytes. */
export function wrongChecksum(bytes: Uint8Array): Checksum {
  return crc32Checksum(~crc32(bytes) >>> 0);
}
