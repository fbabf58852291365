import type { ObjectKey } from "../../domain/object-key.js";
import type {
  CompleteUploadOptions,
  CreateUploadOptions,
  MultipartStore,
  Part,
  PartBody,
  Upload,
  UploadFilter,
  UploadPartOptions,
  UploadSummary,
} from "../multipart-store.js";
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
} from "../object-store.js";
import type { Store } from "../store.js";
import type { SignedForm, SignedRequest, UrlSigner } from "../url-signer.js";
import type { TriedStore } from "./case.js";

/**
 * A store as a case sees it: no key and no prefix outside of the case's own can be named, nothing
 * can be done once the case is over, and what the case began is remembered.
 *
 * A call goes to the store as it is, and its answer comes back as it is.
 */
export class Fence implements Store {
  readonly facts: StoreFacts;
  readonly signer: UrlSigner | undefined;
  /** Keys that were written to, successfully or not. */
  readonly written: Set<ObjectKey> = new Set();
  /** Uploads that were begun, and neither completed nor aborted, by their ids. */
  readonly open: Map<string, Upload> = new Map();
  /** Keys of which uploads were asked for, successfully or not. */
  readonly begun: Set<ObjectKey> = new Set();
  readonly #store: TriedStore;
  readonly #prefix: string;
  readonly #inFlight = new Set<Promise<unknown>>();
  #over = false;
  #cutShort = false;

  constructor(store: TriedStore, prefix: string) {
    this.facts = store.facts;
    this.#store = store;
    this.#prefix = prefix;
    this.signer = store.signer === undefined ? undefined : this.#signerOf(store.signer);
  }

  /** Whether a write was aborted or not awaited: it may still land when nobody looks any more. */
  get mayLand(): boolean {
    return this.#cutShort;
  }

  /** Refuses every further call, and resolves when those in flight have settled, or after the time in milliseconds. */
  async close(limitMs: number): Promise<void> {
    this.#over = true;
    if (this.#inFlight.size === 0) return;
    this.#cutShort = true;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, limitMs);
    });
    await Promise.race([Promise.allSettled(this.#inFlight), late]);
    clearTimeout(timer);
  }

  uri(key: ObjectKey): string {
    this.#expectWithin(key);
    return this.#store.uri(key);
  }

  keyOf(uri: string): ObjectKey | undefined {
    return this.#store.keyOf(uri);
  }

  put(key: ObjectKey, bytes: Uint8Array, options?: PutOptions): Promise<WriteResult> {
    return this.#write(key, options, () => this.#store.put(key, bytes, options));
  }

  get(key: ObjectKey, options?: GetOptions): Promise<OpenObject> {
    this.#expectWithin(key);
    return this.#watch(this.#store.get(key, options));
  }

  head(key: ObjectKey, options?: CallOptions): Promise<ObjectInfo> {
    this.#expectWithin(key);
    return this.#watch(this.#store.head(key, options));
  }

  delete(key: ObjectKey, options?: DeleteOptions): Promise<void> {
    this.#expectWithin(key);
    return this.#watch(this.#store.delete(key, options));
  }

  deleteMany(keys: readonly ObjectKey[], options?: CallOptions): Promise<readonly DeleteResult[]> {
    for (const key of keys) this.#expectWithin(key);
    return this.#watch(this.#store.deleteMany(keys, options));
  }

  copy(from: ObjectKey, to: ObjectKey, options?: CopyOptions): Promise<WriteResult> {
    this.#expectWithin(from);
    return this.#write(to, options, () => this.#store.copy(from, to, options));
  }

  list(options: ListOptions = {}): AsyncIterable<ListEntry> {
    this.#expectWithin(options.prefix ?? "");
    return this.#store.list(options);
  }

  createUpload(key: ObjectKey, options?: CreateUploadOptions): Promise<Upload> {
    this.#expectWithin(key);
    this.begun.add(key);
    return this.#watch(this.#uploads.createUpload(key, options), (upload) =>
      this.open.set(upload.uploadId, upload),
    );
  }

  uploadPart(
    upload: Upload,
    partNumber: number,
    body: PartBody,
    options?: UploadPartOptions,
  ): Promise<Part> {
    this.#expectWithin(upload.key);
    return this.#watch(this.#uploads.uploadPart(upload, partNumber, body, options));
  }

  completeUpload(
    upload: Upload,
    parts: readonly Part[],
    options?: CompleteUploadOptions,
  ): Promise<WriteResult> {
    return this.#write(
      upload.key,
      options,
      () => this.#uploads.completeUpload(upload, parts, options),
      () => this.open.delete(upload.uploadId),
    );
  }

  abortUpload(upload: Upload, options?: CallOptions): Promise<void> {
    this.#expectWithin(upload.key);
    return this.#watch(this.#uploads.abortUpload(upload, options), () =>
      this.open.delete(upload.uploadId),
    );
  }

  listParts(upload: Upload, options?: CallOptions): AsyncIterable<Part> {
    this.#expectWithin(upload.key);
    return this.#uploads.listParts(upload, options);
  }

  listUploads(of: UploadFilter, options?: CallOptions): AsyncIterable<UploadSummary> {
    this.#expectWithin(of.key ?? of.prefix);
    return this.#uploads.listUploads(of, options);
  }

  /** What is signed for a write may be written from then on. */
  #signerOf(signer: UrlSigner): UrlSigner {
    const writing = <T extends SignedForm | SignedRequest>(
      key: ObjectKey,
      begin: () => Promise<T>,
    ): Promise<T> => this.#write(key, {}, begin);
    return {
      honours: signer.honours,
      signGet: (key, options) => {
        this.#expectWithin(key);
        return this.#watch(signer.signGet(key, options));
      },
      signPut: (key, options) => writing(key, () => signer.signPut(key, options)),
      signPost: (key, options) => writing(key, () => signer.signPost(key, options)),
      signPart: (upload, partNumber, options) =>
        writing(upload.key, () => signer.signPart(upload, partNumber, options)),
    };
  }

  /** A case that works with uploads needs `multipart`, and is not run on a store without. */
  get #uploads(): MultipartStore {
    return this.#store as Store;
  }

  #write<T>(
    key: ObjectKey,
    { signal }: CallOptions = {},
    begin: () => Promise<T>,
    then?: () => void,
  ): Promise<T> {
    this.#expectWithin(key);
    this.written.add(key);
    return this.#watch(begin(), then, () => {
      this.#cutShort ||= signal?.aborted === true;
    });
  }

  /** Gives the call back as it is: what a case awaits is the store's own promise. */
  #watch<T>(
    call: Promise<T>,
    resolved: (value: T) => void = () => {},
    rejected: () => void = () => {},
  ): Promise<T> {
    const watching = Promise.resolve(call)
      .then(resolved, rejected)
      .finally(() => this.#inFlight.delete(watching));
    this.#inFlight.add(watching);
    return call;
  }

  #expectWithin(name: string): void {
    if (this.#over)
      throw new Error("Cannot go on with a case that is over: it has run out of time");
    if (name.startsWith(this.#prefix)) return;
    throw new Error(
      `Cannot touch ${JSON.stringify(name)} in a case: it is outside of ${JSON.stringify(this.#prefix)}`,
    );
  }
}
