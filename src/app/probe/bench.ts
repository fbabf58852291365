import { quote, StowageError } from "../../domain/errors.js";
import { type ObjectKey, objectKey } from "../../domain/object-key.js";
import type {
  CompleteUploadOptions,
  CreateUploadOptions,
  Part,
  Upload,
  UploadFilter,
  UploadPartOptions,
  UploadSummary,
} from "../../ports/multipart-store.js";
import type {
  CopyOptions,
  DeleteOptions,
  GetOptions,
  ListEntry,
  ListOptions,
  ObjectInfo,
  PutOptions,
  StoreFacts,
  WriteResult,
} from "../../ports/object-store.js";
import type { Store } from "../../ports/store.js";
import type { SignedRequest, UrlSigner } from "../../ports/url-signer.js";

/**
 * Milliseconds for what is under way when the time is up: a write that is cut off may land when
 * nobody looks any more.
 */
const GRACE_MS = 500;
/** Milliseconds after which a write that was cut off is looked for once more. */
const LANDING_MS = 200;
/** How often what is left is looked for: a key may hide those below it until it is gone. */
const ROUNDS = 3;

interface Cut {
  readonly signal: AbortSignal;
}

/** A store as trials work on it: what they make there is remembered, and removed at the end. */
export class Bench implements Disposable {
  readonly facts: StoreFacts;
  /** Ends in `/`. Nobody else has it. */
  readonly prefix: string;
  readonly #store: Store;
  readonly #stop: AbortSignal;
  readonly #cut = new AbortController();
  readonly #onStop: () => void;
  readonly #written = new Set<ObjectKey>();
  /** Keys of uploads that may have been begun, though no id of them is known. */
  readonly #lost = new Set<ObjectKey>();
  readonly #uploads = new Map<string, Upload>();
  #timer: NodeJS.Timeout | undefined;

  /** @param stop ends the trials: no call is begun after it, and those under way have a moment left. */
  constructor(store: Store, prefix: string, stop: AbortSignal) {
    this.facts = store.facts;
    this.prefix = prefix;
    this.#store = store;
    this.#stop = stop;
    this.#onStop = () => {
      this.#timer = setTimeout(() => this.#cut.abort(stop.reason), GRACE_MS);
    };
    stop.addEventListener("abort", this.#onStop, { once: true });
  }

  [Symbol.dispose](): void {
    this.#stop.removeEventListener("abort", this.#onStop);
    clearTimeout(this.#timer);
  }

  get signer(): UrlSigner | undefined {
    return this.#store.signer;
  }

  /** Whether the trials have been ended. */
  get isOver(): boolean {
    return this.#stop.aborted;
  }

  key(name: string): ObjectKey {
    return objectKey(this.prefix + name);
  }

  put(key: ObjectKey, bytes: Uint8Array, options?: PutOptions): Promise<WriteResult> {
    return this.#write(key, (call) => this.#store.put(key, bytes, { ...options, ...call }));
  }

  /** All bytes of an object, or of a range of it. */
  get(key: ObjectKey, { signal, ...options }: GetOptions = {}): Promise<Buffer> {
    return this.#call(async (call) => {
      const both = AbortSignal.any([call.signal, ...(signal === undefined ? [] : [signal])]);
      return within(both, async () => {
        await using object = await this.#store.get(key, { ...options, signal: both });
        return Buffer.concat(await Array.fromAsync(object.body));
      });
    });
  }

  head(key: ObjectKey): Promise<ObjectInfo> {
    return this.#call((call) => this.#store.head(key, call));
  }

  delete(key: ObjectKey, options?: DeleteOptions): Promise<void> {
    return this.#call((call) => this.#store.delete(key, { ...options, ...call }));
  }

  copy(from: ObjectKey, to: ObjectKey, options?: CopyOptions): Promise<WriteResult> {
    return this.#write(to, (call) => this.#store.copy(from, to, { ...options, ...call }));
  }

  list(options: ListOptions): Promise<ListEntry[]> {
    return this.#call((call) => Array.fromAsync(this.#store.list({ ...options, ...call })));
  }

  async createUpload(key: ObjectKey, options?: CreateUploadOptions): Promise<Upload> {
    try {
      const upload = await this.#call((call) =>
        this.#store.createUpload(key, { ...options, ...call }),
      );
      this.#uploads.set(upload.uploadId, upload);
      return upload;
    } catch (error) {
      const nothing = error instanceof StowageError && error.outcome === "not-applied";
      if (!nothing) this.#lost.add(key);
      throw error;
    }
  }

  /** Sends the one part of an upload, which as the last may be small. */
  uploadPart(upload: Upload, bytes: Uint8Array, options?: UploadPartOptions): Promise<Part> {
    return this.#call((call) => this.#store.uploadPart(upload, 1, bytes, { ...options, ...call }));
  }

  async completeUpload(
    upload: Upload,
    part: Part,
    options?: CompleteUploadOptions,
  ): Promise<WriteResult> {
    const result = await this.#write(upload.key, (call) =>
      this.#store.completeUpload(upload, [part], { ...options, ...call }),
    );
    this.#uploads.delete(upload.uploadId);
    return result;
  }

  listUploads(of: UploadFilter): Promise<UploadSummary[]> {
    return this.#call((call) => Array.fromAsync(this.#store.listUploads(of, call)));
  }

  /** Sends what was signed for a key, or is like it, as a browser would. */
  send(
    key: ObjectKey,
    { method, url, headers }: SignedRequest,
    body?: Uint8Array<ArrayBuffer>,
  ): Promise<{ readonly status: number; readonly bytes: Buffer }> {
    if (method !== "GET") this.#written.add(key);
    return this.#call(async ({ signal }) => {
      try {
        const sent = body === undefined ? {} : { body };
        const answer = await fetch(url, { method, headers, ...sent, redirect: "manual", signal });
        return { status: answer.status, bytes: Buffer.from(await answer.arrayBuffer()) };
      } catch (error) {
        signal.throwIfAborted();
        throw unreachable(error);
      }
    });
  }

  /**
   * Removes everything that was made. Resolves to what stays, in words; never rejects.
   *
   * @param limit ends it, with what then stays.
   */
  async clear(limit: AbortSignal): Promise<readonly string[]> {
    const left = await this.#sweep(limit);
    if (!this.#cut.signal.aborted) return left;
    await new Promise((resolve) => setTimeout(resolve, LANDING_MS));
    return this.#sweep(limit);
  }

  async #sweep(limit: AbortSignal): Promise<readonly string[]> {
    const [uploads, objects] = await Promise.all([
      this.#sweepUploads(limit),
      this.#sweepObjects(limit),
    ]);
    return [...objects, ...uploads];
  }

  async #sweepUploads(limit: AbortSignal): Promise<string[]> {
    const signal = limit;
    const listed = await Promise.all(
      [...this.#lost].map((key) =>
        within(limit, () => Array.fromAsync(this.#store.listUploads({ key }, { signal }))).catch(
          () => [],
        ),
      ),
    );
    const uploads = new Map(this.#uploads);
    for (const upload of listed.flat()) {
      // Whatever a store lists: what is not the bench's own is not touched.
      if (this.#lost.has(upload.key)) uploads.set(upload.uploadId, upload);
    }
    const left = await Promise.all(
      [...uploads.values()].map(async (upload) => {
        const gone = await succeeds(
          within(limit, () => this.#store.abortUpload(upload, { signal })),
        );
        return gone ? [] : [`upload ${upload.uploadId} of ${quote(upload.key)}`];
      }),
    );
    return left.flat();
  }

  async #sweepObjects(limit: AbortSignal): Promise<string[]> {
    let keys = [...new Set([...this.#written, ...((await this.#listed(limit)) ?? [])])];
    for (let round = 1; round <= ROUNDS && keys.length > 0; round++) {
      const failed = await this.#deleted(keys, limit);
      keys = (await this.#listed(limit)) ?? failed;
    }
    return keys.map((key) => `object ${quote(key)}`);
  }

  /** Deletes many at once, and one after the other where that fails. Resolves to those that stay. */
  async #deleted(keys: readonly ObjectKey[], limit: AbortSignal): Promise<ObjectKey[]> {
    const signal = limit;
    const many = within(limit, () => this.#store.deleteMany(keys, { signal }));
    const results = await many.catch(() => undefined);
    const failed =
      results === undefined
        ? keys
        : results.filter(({ error }) => error !== undefined).map(({ key }) => key);
    const gone = await Promise.all(
      failed.map((key) => succeeds(within(limit, () => this.#store.delete(key, { signal })))),
    );
    return failed.filter((_, at) => !gone[at]);
  }

  /** The keys that are there; `undefined` where the store does not tell. */
  async #listed(limit: AbortSignal): Promise<ObjectKey[] | undefined> {
    const { prefix } = this;
    const entries = await within(limit, () =>
      Array.fromAsync(this.#store.list({ prefix, signal: limit })),
    ).catch(() => undefined);
    return entries?.flatMap((entry) =>
      entry.kind === "object" && entry.key.startsWith(prefix) ? [entry.key] : [],
    );
  }

  async #write<T>(key: ObjectKey, begin: (call: Cut) => Promise<T>): Promise<T> {
    try {
      const result = await this.#call(begin);
      this.#written.add(key);
      return result;
    } catch (error) {
      const nothing = error instanceof StowageError && error.outcome === "not-applied";
      if (!nothing) this.#written.add(key);
      throw error;
    }
  }

  async #call<T>(begin: (call: Cut) => Promise<T>): Promise<T> {
    this.#stop.throwIfAborted();
    const { signal } = this.#cut;
    return within(signal, () => begin({ signal }));
  }
}

/** Settles as the call does, or rejects when the signal is aborted, whatever the store does then. */
function within<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    const begun = (async () => call())();
    begun.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

/** What `fetch` throws says why by a code alone: its texts may hold the URL, which is a secret. */
function unreachable(error: unknown): Error {
  const { cause } = error as { cause?: { code?: unknown } };
  const code = typeof cause?.code === "string" ? ` (${cause.code})` : "";
  return new Error(`the URL cannot be reached from here${code}`);
}

function succeeds(call: Promise<unknown>): Promise<boolean> {
  return call.then(
    () => true,
    () => false,
  );
}
