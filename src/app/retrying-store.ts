import { type ErrorFacts, type Operation, quote, StowageError } from "../domain/errors.js";
import type { ObjectKey } from "../domain/object-key.js";
import { RetryBudget, type RetryPolicy, retryDelayMs } from "../domain/retry.js";
import type { Clock } from "../ports/clock.js";
import type {
  CompleteUploadOptions,
  CreateUploadOptions,
  Part,
  PartBody,
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
import { type Pace, type Turn, unhurried } from "./pace.js";

/** How long and how often requests are tried. */
export interface Patience {
  readonly retry: RetryPolicy;
  /** Milliseconds for one call in all, however often it is sent and waits. Default: 900,000. */
  readonly callTimeoutMs?: number | undefined;
}

const CALL_TIMEOUT_MS = 900_000;

/** For whoever must know how often a write may have been carried out. */
export interface DoubtOptions {
  /** Called for each sending that failed, and may have been carried out or yet be. */
  readonly onDoubt?: ((error: StowageError) => void) | undefined;
}

/**
 * A store that sends again what may succeed the next time: the one place where that happens.
 *
 * It keeps the promises of the store within. A write that was sent more than once may have been
 * refused because of its own first sending: its error then has `outcome: "unknown"`, and whoever
 * wrote looks at the object to find out. A body that breaks off is not taken up again here.
 *
 * What all its requests may be sent again for is bounded, as is how long one call takes. Fewer
 * requests are in flight while the server asks for less.
 */
export class RetryingStore implements Store {
  readonly facts: StoreFacts;
  /** The store's own: to sign sends nothing. */
  readonly signer: UrlSigner | undefined;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #policy: RetryPolicy;
  readonly #callTimeoutMs: number;
  readonly #budget = new RetryBudget();
  readonly #pace: Pace = unhurried();

  constructor(store: Store, clock: Clock, { retry, callTimeoutMs = CALL_TIMEOUT_MS }: Patience) {
    this.facts = store.facts;
    this.signer = store.signer;
    this.#store = store;
    this.#clock = clock;
    this.#policy = retry;
    this.#callTimeoutMs = callTimeoutMs;
  }

  uri(key: ObjectKey): string {
    return this.#store.uri(key);
  }

  keyOf(uri: string): ObjectKey | undefined {
    return this.#store.keyOf(uri);
  }

  put(
    key: ObjectKey,
    bytes: Uint8Array,
    options: PutOptions & DoubtOptions = {},
  ): Promise<WriteResult> {
    return this.#again({ operation: "put", key, options }, (signal) =>
      this.#store.put(key, bytes, { ...options, signal }),
    );
  }

  get(key: ObjectKey, options: GetOptions = {}): Promise<OpenObject> {
    return this.#again({ operation: "get", key, options }, (signal) =>
      this.#store.get(key, { ...options, signal }),
    );
  }

  head(key: ObjectKey, options: CallOptions = {}): Promise<ObjectInfo> {
    return this.#again({ operation: "head", key, options }, (signal) =>
      this.#store.head(key, { signal }),
    );
  }

  delete(key: ObjectKey, options: DeleteOptions = {}): Promise<void> {
    return this.#again({ operation: "delete", key, options }, (signal) =>
      this.#store.delete(key, { ...options, signal }),
    );
  }

  async deleteMany(
    keys: readonly ObjectKey[],
    options: CallOptions = {},
  ): Promise<readonly DeleteResult[]> {
    const results = new Map<ObjectKey, DeleteResult>();
    let left = keys;
    await this.#again({ operation: "deleteMany", options }, async (signal) => {
      for (const result of await this.#store.deleteMany(left, { signal })) {
        results.set(result.key, result);
      }
      left = left.filter((key) => isRetryable(results.get(key)?.error));
      const first = left[0] === undefined ? undefined : results.get(left[0])?.error;
      if (first !== undefined) throw first;
    }).catch((error: unknown) => {
      options.signal?.throwIfAborted();
      if (left.some((key) => results.get(key)?.error === undefined)) throw error;
    });
    return keys.map((key) => results.get(key) ?? { key });
  }

  copy(from: ObjectKey, to: ObjectKey, options: CopyOptions = {}): Promise<WriteResult> {
    return this.#again({ operation: "copy", key: to, options }, (signal) =>
      this.#store.copy(from, to, { ...options, signal }),
    );
  }

  async *list(options: ListOptions = {}): AsyncIterable<ListEntry> {
    let { startAfter } = options;
    const entries = this.#resuming(() => this.#store.list({ ...options, startAfter }), options);
    for await (const entry of entries) {
      startAfter = entry.kind === "object" ? entry.key : entry.prefix;
      yield entry;
    }
  }

  createUpload(key: ObjectKey, options: CreateUploadOptions & DoubtOptions = {}): Promise<Upload> {
    return this.#again({ operation: "createUpload", key, options }, (signal) =>
      this.#store.createUpload(key, { ...options, signal }),
    );
  }

  uploadPart(
    upload: Upload,
    partNumber: number,
    body: PartBody,
    options: UploadPartOptions = {},
  ): Promise<Part> {
    return this.#again({ operation: "uploadPart", key: upload.key, options }, (signal) =>
      this.#store.uploadPart(upload, partNumber, body, { ...options, signal }),
    );
  }

  completeUpload(
    upload: Upload,
    parts: readonly Part[],
    options: CompleteUploadOptions = {},
  ): Promise<WriteResult> {
    return this.#again({ operation: "completeUpload", key: upload.key, options }, (signal) =>
      this.#store.completeUpload(upload, parts, { ...options, signal }),
    );
  }

  abortUpload(upload: Upload, options: CallOptions = {}): Promise<void> {
    return this.#again({ operation: "abortUpload", key: upload.key, options }, (signal) =>
      this.#store.abortUpload(upload, { signal }),
    );
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

  async #again<T>(call: Call, send: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const time = new CallTime(call, this.#callTimeoutMs, this.facts);
    let doubtful = false;
    let applied = false;
    let spent = 0;
    try {
      for (let attempt = 1; ; attempt++) {
        try {
          const answer = await this.#inTurn(time.signal, send);
          this.#budget.succeed(spent);
          return answer;
        } catch (error) {
          const { signal } = call.options;
          if (!(error instanceof StowageError) || signal?.aborted === true) throw error;
          if (error.outcome === "unknown" || error.outcome === "applied") {
            doubtful = true;
            call.options.onDoubt?.(error);
          }
          // What is there stays there, whatever becomes of a second sending; but for what is removed
          // since it is not encrypted.
          applied = (applied || error.outcome === "applied") && error.code !== "not-encrypted";
          const facts: ErrorFacts = {
            attempts: attempt,
            ...(doubtful ? { outcome: applied ? "applied" : "unknown" } : {}),
          };
          const told = attempt === 1 && !doubtful ? error : error.with(facts);
          if (time.signal.aborted) throw told;
          spent += await this.#wait(told, attempt, time.signal);
        }
      }
    } finally {
      time.end();
    }
  }

  /** Sends a request once, when it is its turn. */
  async #inTurn<T>(signal: AbortSignal, send: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const turn = await this.#pace.enter(signal);
    let how: Parameters<Turn["leave"]>[0] = "failed";
    try {
      const answer = await send(signal);
      how = "done";
      return answer;
    } catch (error) {
      if (error instanceof StowageError && error.code === "throttled") how = "throttled";
      throw error;
    } finally {
      turn.leave(how);
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
        await this.#wait(error, attempt, options.signal);
      }
    }
  }

  /**
   * Waits until the request may be sent again, and gives what that costs of the budget.
   *
   * @throws the error, when it is not to be sent again.
   */
  async #wait(
    error: StowageError,
    attempt: number,
    signal: AbortSignal | undefined,
  ): Promise<number> {
    const delay = retryDelayMs(error, attempt, this.#clock.random(), this.#policy);
    const cost = delay === undefined ? undefined : this.#budget.spend(error);
    if (delay === undefined || cost === undefined) throw error;
    await this.#clock.sleep(delay, signal);
    return cost;
  }
}

interface Call {
  readonly operation: Operation;
  readonly key?: ObjectKey | undefined;
  readonly options: CallOptions & DoubtOptions;
}

const WRITES: ReadonlySet<Operation> = new Set<Operation>([
  "put",
  "delete",
  "deleteMany",
  "copy",
  "createUpload",
  "uploadPart",
  "completeUpload",
  "abortUpload",
]);

/** The time that one call may take. Its signal is the caller's, and ends with the time too. */
class CallTime {
  readonly signal: AbortSignal;
  readonly #timer: NodeJS.Timeout;

  constructor({ operation, key, options }: Call, timeoutMs: number, facts: StoreFacts) {
    const ending = new AbortController();
    const { signal: given } = options;
    this.signal = given === undefined ? ending.signal : AbortSignal.any([given, ending.signal]);
    this.#timer = setTimeout(() => {
      const { kind: store, bucket } = facts;
      const on = key === undefined ? "" : ` of ${quote(key)}`;
      const error = new StowageError(
        "timeout",
        `Cannot wait for the ${operation}${on} any longer: it has not ended in ${timeoutMs} ms`,
        {
          operation,
          store,
          bucket,
          key,
          outcome: WRITES.has(operation) ? "unknown" : undefined,
          remedy: "Try again later, or set callTimeoutMs (STOWAGE_CALL_TIMEOUT_MS) higher.",
        },
      );
      ending.abort(error);
    }, timeoutMs);
  }

  /** Ends the limit, not the signal: a body that was opened goes on to heed the caller's. */
  end(): void {
    clearTimeout(this.#timer);
  }
}

function isRetryable(error: Error | undefined): boolean {
  return error instanceof StowageError && error.retryable;
}
