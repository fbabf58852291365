import { isObjectKey, type ObjectKey } from "../../domain/object-key.js";
import { S3_LIMITS } from "../../domain/upload-plan.js";
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
import type { Store } from "../../ports/store.js";
import type { UrlSigner } from "../../ports/url-signer.js";
import { Context, type ContextOptions } from "./context.js";
import { copyObject } from "./copies.js";
import { deleteObjects } from "./deletes.js";
import type { Site } from "./errors.js";
import { listObjects } from "./lists.js";
import { deleteObject, getObject, headObject, putObject } from "./objects.js";
import type { Profile } from "./profiles.js";
import { ProtocolSigner } from "./signer.js";
import type { SigningWire } from "./signing-wire.js";
import {
  abortUpload,
  completeUpload,
  createUpload,
  listParts,
  listUploads,
  uploadPart,
} from "./uploads.js";
import type { Wire } from "./wire.js";

/**
 * A bucket behind the S3 protocol, whoever makes the requests: every promise of the port is kept
 * here, once for both SDKs.
 */
export abstract class ProtocolStore implements Store {
  readonly facts: StoreFacts;
  readonly signer: UrlSigner;
  readonly #context: Context;

  protected constructor(
    wire: Wire,
    signing: SigningWire,
    site: Site,
    profile: Profile,
    options: ContextOptions,
  ) {
    const { kind, bucket } = site;
    const { honours } = profile;
    this.facts = { kind, location: `s3://${bucket}/`, bucket, limits: S3_LIMITS, honours };
    this.#context = new Context(wire, site, this.facts, profile, options);
    this.signer = new ProtocolSigner(this.#context, signing);
  }

  /** Refuses whatever is called from now on. */
  protected end(): void {
    this.#context.end();
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
    return putObject(this.#context, key, bytes, options);
  }

  async get(key: ObjectKey, options: GetOptions = {}): Promise<OpenObject> {
    return getObject(this.#context, key, options);
  }

  async head(key: ObjectKey, options: CallOptions = {}): Promise<ObjectInfo> {
    return headObject(this.#context, key, options);
  }

  async delete(key: ObjectKey, options: DeleteOptions = {}): Promise<void> {
    return deleteObject(this.#context, key, options);
  }

  async deleteMany(
    keys: readonly ObjectKey[],
    options: CallOptions = {},
  ): Promise<readonly DeleteResult[]> {
    return deleteObjects(this.#context, keys, options);
  }

  async copy(from: ObjectKey, to: ObjectKey, options: CopyOptions = {}): Promise<WriteResult> {
    return copyObject(this.#context, from, to, options);
  }

  list(options: ListOptions = {}): AsyncIterable<ListEntry> {
    return listObjects(this.#context, options);
  }

  async createUpload(key: ObjectKey, options: CreateUploadOptions = {}): Promise<Upload> {
    return createUpload(this.#context, key, options);
  }

  async uploadPart(
    upload: Upload,
    partNumber: number,
    body: PartBody,
    options: UploadPartOptions = {},
  ): Promise<Part> {
    return uploadPart(this.#context, upload, partNumber, body, options);
  }

  async completeUpload(
    upload: Upload,
    parts: readonly Part[],
    options: CompleteUploadOptions = {},
  ): Promise<WriteResult> {
    return completeUpload(this.#context, upload, parts, options);
  }

  async abortUpload(upload: Upload, options: CallOptions = {}): Promise<void> {
    return abortUpload(this.#context, upload, options);
  }

  listParts(upload: Upload, options: CallOptions = {}): AsyncIterable<Part> {
    return listParts(this.#context, upload, options);
  }

  listUploads(of: UploadFilter, options: CallOptions = {}): AsyncIterable<UploadSummary> {
    return listUploads(this.#context, of, options);
  }
}
