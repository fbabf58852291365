import { StowageError } from "../../domain/errors.js";
import type { ObjectKey } from "../../domain/object-key.js";
import { checkRange, resolveRange } from "../../domain/range.js";
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
import type { OpenStore } from "../../ports/store.js";
import { joinParts, partsToJoin } from "./assembly.js";
import { FileBody, letGo, openData } from "./body.js";
import { Calls } from "./calls.js";
import {
  attributesOf,
  expectChecksum,
  expectCondition,
  expectCrc,
  expectSize,
  refuseEncryption,
} from "./conditions.js";
import { draftOfCopy } from "./copying.js";
import { Draft } from "./drafts.js";
import { type Call, checked, errnoOf, factsOf, fromErrno, refusal } from "./errors.js";
import { describe, find, infoOf, statsOf } from "./find.js";
import { list } from "./listing.js";
import { expectPlace } from "./obstacles.js";
import { partToStore } from "./parts.js";
import { publish, unpublish } from "./publish.js";
import type { Site } from "./site.js";
import {
  beginUpload,
  findUpload,
  isUploadId,
  readWithParts,
  removeUpload,
  selectUploads,
  storePart,
} from "./uploads.js";
import { keyOfUri, locationOf, uriOf } from "./uris.js";

/** Keys deleted at once by `deleteMany`. */
const DELETES_AT_ONCE = 8;

/** Objects as files in a directory, shared with other processes that open the same directory. */
export class FilesystemObjectStore implements OpenStore {
  readonly facts: StoreFacts;
  readonly #site: Site;
  readonly #calls = new Calls();

  constructor(site: Site) {
    this.#site = site;
    this.facts = {
      kind: "filesystem",
      location: locationOf(site.layout),
      limits: site.limits,
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
    return uriOf(this.#site.layout, key);
  }

  keyOf(uri: string): ObjectKey | undefined {
    return keyOfUri(this.#site.layout, uri);
  }

  async put(key: ObjectKey, bytes: Uint8Array, options: PutOptions = {}): Promise<WriteResult> {
    const call: Call = { operation: "put", key };
    const { signal, when, checksum } = options;
    return this.#run(call, signal, async () => {
      const attributes = attributesOf(call, options);
      expectSize(call, bytes.length, this.facts.limits.maxPutBytes);
      expectChecksum(call, bytes, checksum);
      // Looked at before anything is written, and again when it counts.
      if (when !== undefined) expectCondition(call, await find(this.#site, key), when);
      const draft = await Draft.begin(this.#site);
      try {
        await draft.write(bytes, signal);
        const stats = await draft.finish();
        const kept = { ...attributes, checksum };
        return await publish(this.#site, {
          call,
          key,
          draft,
          stats,
          attributes: kept,
          when,
          signal,
        });
      } finally {
        await draft.discard();
      }
    });
  }

  async get(key: ObjectKey, options: GetOptions = {}): Promise<OpenObject> {
    const call: Call = { operation: "get", key };
    const { range, signal, when } = options;
    return this.#run(call, signal, async () => {
      if (range !== undefined) checked(call, () => checkRange(range));
      const data = await openData(this.#site, key);
      if (data === undefined) throw missing(call);
      try {
        signal?.throwIfAborted();
        expectCondition(call, data, when);
        const { start, end } = checked(call, () =>
          resolveRange(range ?? { start: 0 }, Number(data.stats.size)),
        );
        return new FileBody(key, data, { start, end }, signal);
      } catch (error) {
        await letGo(data.handle);
        throw error;
      }
    });
  }

  async head(key: ObjectKey, options: CallOptions = {}): Promise<ObjectInfo> {
    const call: Call = { operation: "head", key };
    return this.#run(call, options.signal, async () => {
      const described = await describe(this.#site, key);
      options.signal?.throwIfAborted();
      if (described === undefined) throw missing(call);
      return infoOf(key, described);
    });
  }

  async delete(key: ObjectKey, options: DeleteOptions = {}): Promise<void> {
    const call: Call = { operation: "delete", key };
    const { when, signal } = options;
    return this.#run(call, signal, () => unpublish(this.#site, call, key, when, signal));
  }

  async deleteMany(
    keys: readonly ObjectKey[],
    options: CallOptions = {},
  ): Promise<readonly DeleteResult[]> {
    const { signal } = options;
    this.#calls.expectOpen({ operation: "deleteMany" });
    const results: DeleteResult[] = [];
    for (let at = 0; at < keys.length; at += DELETES_AT_ONCE) {
      signal?.throwIfAborted();
      const some = keys.slice(at, at + DELETES_AT_ONCE);
      results.push(...(await Promise.all(some.map((key) => this.#deleteOne(key, signal)))));
    }
    signal?.throwIfAborted();
    return results;
  }

  async copy(from: ObjectKey, to: ObjectKey, options: CopyOptions = {}): Promise<WriteResult> {
    const call: Call = { operation: "copy", key: to };
    const { when, signal, encryption } = options;
    return this.#run(call, signal, async () => {
      refuseEncryption(call, encryption);
      const data = await openData(this.#site, from);
      if (data === undefined) throw missing({ operation: "copy", key: from });
      try {
        if (when !== undefined) expectCondition(call, await find(this.#site, to), when);
        const draft = await draftOfCopy(this.#site, call, data, signal);
        try {
          const stats = await draft.finish();
          const { attributes } = data;
          const ready = { call, key: to, draft, stats, attributes, when, signal };
          return await publish(this.#site, ready);
        } finally {
          await draft.discard();
        }
      } finally {
        await letGo(data.handle);
      }
    });
  }

  async *list(options: ListOptions = {}): AsyncIterable<ListEntry> {
    const call: Call = { operation: "list" };
    const { pageSize = 1, delimiter, signal } = options;
    signal?.throwIfAborted();
    if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > 1000) {
      throw refusal(call, "invalid-argument", `a page of ${pageSize} is not between 1 and 1,000`);
    }
    if (delimiter !== undefined && delimiter !== "/") {
      throw refusal(call, "unsupported", 'keys are folded at "/" alone');
    }
    yield* this.#relay(call, signal, async () => {
      await this.#expectDirectory(call);
      return list(this.#site, options);
    });
  }

  async createUpload(key: ObjectKey, options: CreateUploadOptions = {}): Promise<Upload> {
    const call: Call = { operation: "createUpload", key };
    return this.#run(call, options.signal, async () => {
      const attributes = attributesOf(call, options);
      // Not only when all has been sent.
      await expectPlace(this.#site, call, key);
      return beginUpload(this.#site, key, attributes);
    });
  }

  async uploadPart(
    upload: Upload,
    partNumber: number,
    body: PartBody,
    options: UploadPartOptions = {},
  ): Promise<Part> {
    const call: Call = { operation: "uploadPart", key: upload.key };
    const { maxParts, maxPartBytes } = this.facts.limits;
    const { signal, checksum } = options;
    return this.#run(call, signal, async () => {
      if (!Number.isInteger(partNumber) || partNumber < 1 || partNumber > maxParts) {
        const why = `there is no part ${partNumber}: parts are numbered from 1 to ${maxParts}`;
        throw refusal(call, "invalid-argument", why);
      }
      const part = partToStore(call, partNumber, body, checksum);
      expectSize(call, part.size, maxPartBytes);
      return storePart(this.#site, call, upload, part, signal);
    });
  }

  async completeUpload(
    upload: Upload,
    parts: readonly Part[],
    options: CompleteUploadOptions = {},
  ): Promise<WriteResult> {
    const call: Call = { operation: "completeUpload", key: upload.key };
    const { when, checksum, encryption, signal } = options;
    const { key, uploadId } = upload;
    return this.#run(call, signal, async () => {
      refuseEncryption(call, encryption);
      const { open, stored } = await readWithParts(this.#site, call, upload);
      const joining = partsToJoin(call, stored, parts, this.facts.limits);
      if (when !== undefined) expectCondition(call, await find(this.#site, key), when);
      const joined = await joinParts(this.#site, call, uploadId, stored, joining, signal);
      const { draft, crc } = joined;
      try {
        if (checksum !== undefined) expectCrc(call, crc, checksum);
        const stats = await draft.finish();
        joined.dated(stats);
        const attributes = { ...open.attributes, checksum };
        // An abort takes the same lock: once it has resolved, no object of the upload appears.
        return await this.#site.locks.hold(lockOf(uploadId), signal, async () => {
          await findUpload(this.#site, call, upload);
          const ready = { call, key, draft, stats, attributes, when, signal };
          const result = await publish(this.#site, ready);
          // The object is there: parts that cannot be removed are for the janitor.
          await removeUpload(this.#site, uploadId).catch(() => undefined);
          return result;
        });
      } finally {
        await draft.discard();
      }
    });
  }

  async abortUpload(upload: Upload, options: CallOptions = {}): Promise<void> {
    const call: Call = { operation: "abortUpload", key: upload.key };
    const { uploadId } = upload;
    return this.#run(call, options.signal, async () => {
      if (!isUploadId(uploadId)) return;
      await this.#site.locks.hold(lockOf(uploadId), options.signal, async () => {
        const found = await findUpload(this.#site, call, upload).catch(notFoundAsNothing);
        if (found !== undefined) await removeUpload(this.#site, uploadId);
      });
    });
  }

  async *listParts(upload: Upload, options: CallOptions = {}): AsyncIterable<Part> {
    const call: Call = { operation: "listParts", key: upload.key };
    yield* this.#relay(call, options.signal, async () => {
      const { stored } = await readWithParts(this.#site, call, upload);
      return stored.map(({ path, at, crc, ...part }) => part);
    });
  }

  async *listUploads(of: UploadFilter, options: CallOptions = {}): AsyncIterable<UploadSummary> {
    const call: Call = { operation: "listUploads", key: of.key };
    yield* this.#relay(call, options.signal, async () => {
      await this.#expectDirectory(call);
      return selectUploads(this.#site, of, options.signal);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#calls.end();
    await this.#site.owner.end();
  }

  async #deleteOne(key: ObjectKey, signal: AbortSignal | undefined): Promise<DeleteResult> {
    const call: Call = { operation: "deleteMany", key };
    try {
      const work = () => unpublish(this.#site, call, key, undefined, signal);
      await this.#run(call, signal, work);
      return { key };
    } catch (error) {
      signal?.throwIfAborted();
      return { key, error: error instanceof Error ? error : new Error(String(error)) };
    }
  }

  /** Runs a call, and tells what an error in it means. */
  async #run<T>(call: Call, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    return this.#calls.run(call, async () => {
      try {
        signal?.throwIfAborted();
        return await work();
      } catch (error) {
        throw await this.#explained(error, call, signal);
      }
    });
  }

  /** Passes on what a call lists, an entry at a time. */
  async *#relay<T>(
    call: Call,
    signal: AbortSignal | undefined,
    begin: () => Promise<Iterable<T> | AsyncIterable<T>>,
  ): AsyncGenerator<T> {
    const entries = await this.#run(call, signal, begin);
    const iterator =
      Symbol.asyncIterator in entries
        ? entries[Symbol.asyncIterator]()
        : entries[Symbol.iterator]();
    try {
      for (;;) {
        const { done, value } = await this.#run(call, signal, async () => iterator.next());
        if (done) return;
        yield value;
      }
    } finally {
      await iterator.return?.();
    }
  }

  async #explained(error: unknown, call: Call, signal: AbortSignal | undefined): Promise<unknown> {
    if (signal?.aborted && error === signal.reason) return error;
    const found = error instanceof StowageError ? error : fromErrno(error, call);
    const code = error instanceof StowageError ? error.code : errnoOf(error);
    if (MISSING.has(code ?? "")) await this.#expectDirectory(call);
    return found.operation === undefined
      ? found.with({ ...factsOf(call), ...found.facts() })
      : found;
  }

  /** @throws `bucket-not-found`: what is missing is the directory itself. */
  async #expectDirectory(call: Call): Promise<void> {
    const { root } = this.#site.layout;
    if ((await statsOf(root))?.isDirectory()) return;
    const remedy = `Put the directory ${root} back, or open the store again to begin an empty one`;
    throw refusal(call, "bucket-not-found", "the store's directory is gone", { remedy });
  }
}

/** Codes that may come of the whole directory being gone. */
const MISSING: ReadonlySet<string> = new Set([
  "ENOENT",
  "ENOTDIR",
  "not-found",
  "upload-not-found",
  "precondition-failed",
]);

function missing(call: Call): StowageError {
  return refusal(call, "not-found", "there is no such object");
}

function notFoundAsNothing(error: unknown): undefined {
  if (error instanceof StowageError && error.code === "upload-not-found") return undefined;
  throw error;
}

function lockOf(uploadId: string): string {
  return `upload-${uploadId}`;
}
