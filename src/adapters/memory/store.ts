import { type Operation, quote } from "../../domain/errors.js";
import { isObjectKey, type ObjectKey } from "../../domain/object-key.js";
import { checkRange, resolveRange } from "../../domain/range.js";
import { S3_LIMITS, type StoreLimits } from "../../domain/upload-plan.js";
import { compareUtf8 } from "../../domain/utf8.js";
import type {
  CompleteUploadOptions,
  CreateUploadOptions,
  Part,
  PartBody,
  Upload,
  UploadFilter,
  UploadPartOptions,
  UploadSummary,
} from "../../ports/multipart-store.js";
import type {
  CallOptions,
  CopyOptions,
  DeleteOptions,
  DeleteResult,
  GetOptions,
  ListEntry,
  ListOptions,
  ObjectInfo,
  OpenObject,
  PutOptions,
  StoreFacts,
  WriteResult,
} from "../../ports/object-store.js";
import type { Slice } from "../../ports/slice.js";
import type { OpenStore } from "../../ports/store.js";
import { type Call, checked, refusal } from "./errors.js";
import {
  type Attributes,
  attributesOf,
  checksumOf,
  etagOf,
  etagOfParts,
  expectChecksum,
  expectCondition,
  type ObjectTable,
  refuseEncryption,
  type Version,
} from "./objects.js";
import { partsToJoin, type StoredPart, toldPart, Uploads } from "./uploads.js";

export interface MemoryStoreOptions {
  /** Default: those of Amazon S3. Smaller ones let tests reach them. */
  readonly limits?: StoreLimits | undefined;
  /** Default: the system's clock. */
  readonly now?: (() => Date) | undefined;
  /** Where objects are kept, and found again. Default: a `Map`, which goes with the store. */
  readonly objects?: ObjectTable | undefined;
  /** What the store is called in errors. Default: `memory`. */
  readonly kind?: string | undefined;
  /** What its URIs begin with. Default: `memory:///`. */
  readonly location?: string | undefined;
}

/** Bytes of the largest chunk that a body gives. */
const CHUNK_BYTES = 65_536;
/** Bytes of a slice that are read at once, between which a signal is heeded. */
const SLICE_BYTES = 1_048_576;

/**
 * The reference: every promise of the port but encryption, in the memory of this process.
 *
 * Bytes are copied on their way in and out, so nobody's later change reaches what is stored.
 */
export class MemoryObjectStore implements OpenStore {
  readonly facts: StoreFacts;
  readonly #now: () => Date;
  readonly #objects: ObjectTable;
  readonly #uploads = new Uploads();
  #ended = false;

  constructor(options: MemoryStoreOptions = {}) {
    this.#now = options.now ?? (() => new Date());
    this.#objects = options.objects ?? new Map<ObjectKey, Version>();
    this.facts = {
      kind: options.kind ?? "memory",
      location: options.location ?? "memory:///",
      limits: options.limits ?? S3_LIMITS,
      honours: {
        conditions: { put: true, complete: true, copy: true, delete: true },
        encryption: [],
        listUploads: "prefix",
        keyBesideItsPrefix: true,
        replacesWhole: true,
      },
      tellsPartChecksums: true,
    };
  }

  uri(key: ObjectKey): string {
    return this.facts.location + key;
  }

  keyOf(uri: string): ObjectKey | undefined {
    const { location } = this.facts;
    const name = uri.startsWith(location) ? uri.slice(location.length) : "";
    return isObjectKey(name) ? name : undefined;
  }

  async put(key: ObjectKey, bytes: Uint8Array, options: PutOptions = {}): Promise<WriteResult> {
    const call = this.#begin("put", key);
    options.signal?.throwIfAborted();
    const attributes = attributesOf(call, options);
    this.#expectSize(call, bytes.length, this.facts.limits.maxPutBytes);
    expectChecksum(call, bytes, options.checksum);
    expectCondition(call, key, this.#objects.get(key), options.when);
    return this.#store(key, new Uint8Array(bytes), etagOf(bytes), attributes, options.checksum);
  }

  async get(key: ObjectKey, options: GetOptions = {}): Promise<OpenObject> {
    const call = this.#begin("get", key);
    const { range, signal, when } = options;
    signal?.throwIfAborted();
    if (range !== undefined) checked(call, () => checkRange(range));
    const version = this.#version(call, key);
    expectCondition(call, key, version, when);
    const { start, end } = checked(call, () =>
      resolveRange(range ?? { start: 0 }, version.bytes.length),
    );
    return {
      info: told(version.info),
      body: chunks(version.bytes.subarray(start, end), signal),
      [Symbol.asyncDispose]: async () => {},
    };
  }

  async head(key: ObjectKey, options: CallOptions = {}): Promise<ObjectInfo> {
    const call = this.#begin("head", key);
    options.signal?.throwIfAborted();
    return told(this.#version(call, key).info);
  }

  async delete(key: ObjectKey, options: DeleteOptions = {}): Promise<void> {
    const call = this.#begin("delete", key);
    options.signal?.throwIfAborted();
    expectCondition(call, key, this.#objects.get(key), options.when);
    this.#objects.delete(key);
  }

  async deleteMany(
    keys: readonly ObjectKey[],
    options: CallOptions = {},
  ): Promise<readonly DeleteResult[]> {
    this.#begin("deleteMany");
    options.signal?.throwIfAborted();
    for (const key of keys) this.#objects.delete(key);
    return keys.map((key) => ({ key }));
  }

  async copy(from: ObjectKey, to: ObjectKey, options: CopyOptions = {}): Promise<WriteResult> {
    const call = this.#begin("copy", to);
    options.signal?.throwIfAborted();
    refuseEncryption(call, options.encryption);
    const { bytes, info } = this.#version({ ...call, key: from }, from);
    expectCondition(call, to, this.#objects.get(to), options.when);
    return this.#store(to, bytes, info.etag, info, info.checksum);
  }

  async *list(options: ListOptions = {}): AsyncIterable<ListEntry> {
    this.#begin("list");
    const { prefix = "", delimiter, startAfter, signal } = options;
    signal?.throwIfAborted();
    const keys = [...this.#objects.keys()].filter((key) => key.startsWith(prefix));
    let folded: string | undefined;
    for (const key of keys.sort(compareUtf8)) {
      this.#begin("list");
      signal?.throwIfAborted();
      const cut = delimiter === undefined ? -1 : key.indexOf(delimiter, prefix.length);
      const name = cut === -1 ? key : key.slice(0, cut + 1);
      if (startAfter !== undefined && compareUtf8(name, startAfter) <= 0) continue;
      if (cut !== -1) {
        if (name !== folded) yield { kind: "prefix", prefix: name };
        folded = name;
        continue;
      }
      // Looked at now: it may be deleted or replaced since the list began.
      const info = this.#objects.get(key)?.info;
      if (info !== undefined) yield { kind: "object", ...summaryOf(info) };
    }
  }

  async createUpload(key: ObjectKey, options: CreateUploadOptions = {}): Promise<Upload> {
    const call = this.#begin("createUpload", key);
    options.signal?.throwIfAborted();
    const attributes = attributesOf(call, options);
    const upload: Upload = { key, uploadId: crypto.randomUUID() };
    this.#uploads.add({ ...upload, startedAt: this.#now(), attributes, parts: new Map() });
    return upload;
  }

  async uploadPart(
    upload: Upload,
    partNumber: number,
    body: PartBody,
    options: UploadPartOptions = {},
  ): Promise<Part> {
    const call = this.#begin("uploadPart", upload.key);
    const { maxParts, maxPartBytes } = this.facts.limits;
    options.signal?.throwIfAborted();
    if (!Number.isInteger(partNumber) || partNumber < 1 || partNumber > maxParts) {
      throw refusal(
        call,
        "invalid-argument",
        `Cannot send part ${partNumber}: parts are numbered from 1 to ${maxParts}`,
      );
    }
    this.#uploads.find(call, upload);
    const size = "open" in body ? body.size : body.length;
    this.#expectSize(call, size, maxPartBytes);
    const bytes = "open" in body ? await gathered(body, options.signal) : new Uint8Array(body);
    expectChecksum(call, bytes, options.checksum);
    const part: StoredPart = {
      partNumber,
      size,
      etag: etagOf(bytes),
      checksum: options.checksum ?? checksumOf(bytes),
      bytes,
    };
    // Found again: the upload may have ended while a slice was read.
    this.#uploads.find(call, upload).parts.set(partNumber, part);
    return toldPart(part);
  }

  async completeUpload(
    upload: Upload,
    parts: readonly Part[],
    options: CompleteUploadOptions = {},
  ): Promise<WriteResult> {
    const call = this.#begin("completeUpload", upload.key);
    options.signal?.throwIfAborted();
    refuseEncryption(call, options.encryption);
    const open = this.#uploads.find(call, upload);
    const joining = partsToJoin(call, open, parts, this.facts.limits);
    const size = joining.reduce((sum, part) => sum + part.size, 0);
    this.#expectSize(call, size, this.facts.limits.maxObjectBytes);
    const bytes = Buffer.concat(joining.map((part) => part.bytes));
    expectChecksum(call, bytes, options.checksum);
    expectCondition(call, upload.key, this.#objects.get(upload.key), options.when);
    this.#uploads.remove(upload);
    const etag = etagOfParts(joining.map((part) => part.etag));
    return this.#store(upload.key, bytes, etag, open.attributes, options.checksum);
  }

  async abortUpload(upload: Upload, options: CallOptions = {}): Promise<void> {
    this.#begin("abortUpload", upload.key);
    options.signal?.throwIfAborted();
    this.#uploads.remove(upload);
  }

  async *listParts(upload: Upload, options: CallOptions = {}): AsyncIterable<Part> {
    const call = this.#begin("listParts", upload.key);
    options.signal?.throwIfAborted();
    const { parts } = this.#uploads.find(call, upload);
    const inOrder = [...parts.values()].sort((a, b) => a.partNumber - b.partNumber);
    for (const part of inOrder) {
      options.signal?.throwIfAborted();
      yield toldPart(part);
    }
  }

  async *listUploads(of: UploadFilter, options: CallOptions = {}): AsyncIterable<UploadSummary> {
    this.#begin("listUploads", of.key);
    options.signal?.throwIfAborted();
    for (const { key, uploadId, startedAt } of this.#uploads.select(of)) {
      options.signal?.throwIfAborted();
      yield { key, uploadId, startedAt };
    }
  }

  /** Memory is let go of with the store itself. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
  }

  /** @throws `invalid-argument` once the store is disposed of. */
  #begin(operation: Operation, key?: ObjectKey): Call {
    const call: Call = { store: this.facts.kind, operation, key };
    if (!this.#ended) return call;
    const what = `Cannot ${operation}${key === undefined ? "" : ` ${quote(key)}`}`;
    throw refusal(call, "invalid-argument", `${what}: the store is disposed of; open it again`);
  }

  /** @throws `not-found`. */
  #version(call: Call, key: ObjectKey): Version {
    const version = this.#objects.get(key);
    if (version !== undefined) return version;
    throw refusal(
      call,
      "not-found",
      `Cannot ${call.operation} ${quote(key)}: there is no such object`,
    );
  }

  #expectSize(call: Call, size: number, most: number): void {
    if (size <= most) return;
    throw refusal(
      call,
      "too-large",
      `Cannot store ${size} bytes under ${quote(call.key)}: at most ${most} fit`,
    );
  }

  #store(
    key: ObjectKey,
    bytes: Uint8Array,
    etag: string,
    { contentType, metadata }: Attributes,
    checksum: ObjectInfo["checksum"],
  ): WriteResult {
    const size = bytes.length;
    const info = { key, size, etag, lastModified: this.#now(), contentType, metadata, checksum };
    this.#objects.set(key, { bytes, info });
    return { size, etag };
  }
}

/** Opens an empty store, of which nothing is left when it is let go of. */
export function openMemoryStore(options?: MemoryStoreOptions): OpenStore {
  return new MemoryObjectStore(options);
}

/** The bytes of a slice, in the memory where they will be kept. */
async function gathered(slice: Slice, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const bytes = new Uint8Array(slice.size);
  const fill = slice.open();
  for (let at = 0; at < bytes.length; at += SLICE_BYTES) {
    await fill(bytes.subarray(at, at + SLICE_BYTES));
    signal?.throwIfAborted();
  }
  return bytes;
}

async function* chunks(
  bytes: Uint8Array,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    signal?.throwIfAborted();
    yield new Uint8Array(bytes.subarray(at, at + CHUNK_BYTES));
  }
  signal?.throwIfAborted();
}

/** A copy, whose receiver may do with it as he likes. */
function told(info: ObjectInfo): ObjectInfo {
  const { metadata, checksum } = info;
  return {
    ...summaryOf(info),
    contentType: info.contentType,
    metadata: { ...metadata },
    checksum,
  };
}

function summaryOf({ key, size, etag, lastModified }: ObjectInfo) {
  return { key, size, etag, lastModified: new Date(lastModified) };
}
