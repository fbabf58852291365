import { type ErrorFacts, StowageError } from "../domain/errors.js";
import type { ObjectKey } from "../domain/object-key.js";
import { type RetryPolicy, retryDelayMs } from "../domain/retry.js";
import type { Clock } from "../ports/clock.js";
import type {
  CompleteUploadOptions,
  CreateUploadOptions,
  Part,
  Upload,
  UploadFilter,
  UploadPartOptions,
  UploadSummary,
} from "../ports/multipart-store.js";
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
} from "../ports/object-store.js";
import type { Store } from "../ports/store.js";
import type { UrlSigner } from "../ports/url-signer.js";

/**
 * A store that sends again what may succeed the next time: the one place where that happens.
 *
 * It keeps the promises of the store within. A write that was sent more than once may have been
 * refused because of its own first sending: its error then has `outcome: "unknown"`, and whoever
 * wrote looks at the object to find out. A body that breaks off is not taken up again here.
 */
export class RetryingStore implements Store {
  readonly facts: StoreFacts;
  /** The store's own: to sign sends nothing. */
  readonly signer: UrlSigner | undefined;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #policy: RetryPolicy;

  constructor(store: Store, clock: Clock, policy: RetryPolicy) {
    this.facts = store.facts;
    this.signer = store.signer;
    this.#store = store;
    this.#clock = clock;
    this.#policy = policy;
  }

  uri(key: ObjectKey): string {
    return this.#store.uri(key);
  }

  keyOf(uri: string): ObjectKey | undefined {
    return this.#store.keyOf(uri);
  }

  put(key: ObjectKey, bytes: Uint8Array, options?: PutOptions): Promise<WriteResult> {
    return this.#again(() => this.#store.put(key, bytes, options), options);
  }

  get(key: ObjectKey, options?: GetOptions): Promise<OpenObject> {
    return this.#again(() => this.#store.get(key, options), options);
  }

  head(key: ObjectKey, options?: CallOptions): Promise<ObjectInfo> {
    return this.#again(() => this.#store.head(key, options), options);
  }

  delete(key: ObjectKey, options?: DeleteOptions): Promise<void> {
    return this.#again(() => this.#store.delete(key, options), options);
  }

  async deleteMany(
    keys: readonly ObjectKey[],
    options?: CallOptions,
  ): Promise<readonly DeleteResult[]> {
    const results = new Map<ObjectKey, DeleteResult>();
    let left = keys;
    await this.#again(async () => {
      for (const result of await this.#store.deleteMany(left, options)) {
        results.set(result.key, result);
      }
      left = left.filter((key) => isRetryable(results.get(key)?.error));
      const first = left[0] === undefined ? undefined : results.get(left[0])?.error;
      if (first !== undefined) throw first;
    }, options).catch((error: unknown) => {
      options?.signal?.throwIfAborted();
      if (left.some((key) => results.get(key)?.error === undefined)) throw error;
    });
    return keys.map((key) => results.get(key) ?? { key });
  }

  copy(from: ObjectKey, to: ObjectKey, options?: CopyOptions): Promise<WriteResult> {
    return this.#again(() => this.#store.copy(from, to, options), options);
  }

  async *list(options: ListOptions = {}): AsyncIterable<ListEntry> {
    let { startAfter } = options;
    const entries = this.#resuming(() => this.#store.list({ ...options, startAfter }), options);
    for await (const entry of entries) {
      startAfter = entry.kind === "object" ? entry.key : entry.prefix;
      yield entry;
    }
  }

  createUpload(key: ObjectKey, options?: CreateUploadOptions): Promise<Upload> {
    return this.#again(() => this.#store.createUpload(key, options), options);
  }

  uploadPart(
    upload: Upload,
    partNumber: number,
    bytes: Uint8Array,
    options?: UploadPartOptions,
  ): Promise<Part> {
    return this.#again(() => this.#store.uploadPart(upload, partNumber, bytes, options), options);
  }

  completeUpload(
    upload: Upload,
    parts: readonly Part[],
    options?: CompleteUploadOptions,
  ): Promise<WriteResult> {
    return this.#again(() => this.#store.completeUpload(upload, parts, options), options);
  }

  abortUpload(upload: Upload, options?: CallOptions): Promise<void> {
    return this.#again(() => this.#store.abortUpload(upload, options), options);
  }

  async *listParts(upload: Upload, options?: CallOptions): AsyncIterable<Part> {
    let last = 0;
    for await (const part of this.#resuming(
      () => this.#store.listParts(upload, options),
      options,
    )) {
      if (part.partNumber <= last) continue;
      last = part.partNumber;
      yield part;
    }
  }

  async *listUploads(of: UploadFilter, options?: CallOptions): AsyncIterable<UploadSummary> {
    const seen = new Set<string>();
    for await (const upload of this.#resuming(
      () => this.#store.listUploads(of, options),
      options,
    )) {
      if (seen.has(upload.uploadId)) continue;
      seen.add(upload.uploadId);
      yield upload;
    }
  }

  async #again<T>(send: () => Promise<T>, options: CallOptions = {}): Promise<T> {
    let doubtful = false;
    for (let attempt = 1; ; attempt++) {
      try {
        return await send();
      } catch (error) {
        if (!(error instanceof StowageError)) throw error;
        doubtful ||= error.outcome === "unknown" || error.outcome === "applied";
        const facts: ErrorFacts = {
          attempts: attempt,
          ...(doubtful ? { outcome: error.outcome === "applied" ? "applied" : "unknown" } : {}),
        };
        await this.#wait(attempt === 1 && !doubtful ? error : error.with(facts), attempt, options);
      }
    }
  }

  /**
   * Iterates, and begins anew after a failure that may pass: `open` then goes on behind what was
   * given, or gives it again. Attempts are counted from the last entry that came.
   */
  async *#resuming<T>(open: () => AsyncIterable<T>, options: CallOptions = {}): AsyncIterable<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        for await (const entry of open()) {
          attempt = 1;
          yield entry;
        }
        return;
      } catch (error) {
        if (!(error instanceof StowageError)) throw error;
        await this.#wait(error, attempt, options);
      }
    }
  }

  /** Waits until the request may be sent again; throws the error when it may not. */
  async #wait(error: StowageError, attempt: number, options: CallOptions): Promise<void> {
    const delay = retryDelayMs(error, attempt, this.#clock.random(), this.#policy);
    if (delay === undefined) throw error;
    await this.#clock.sleep(delay, options.signal);
  }
}

function isRetryable(error: Error | undefined): boolean {
  return error instanceof StowageError && error.retryable;
}
