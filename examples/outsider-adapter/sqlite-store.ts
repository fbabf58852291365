import { DatabaseSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import type { ObjectInfo, ObjectKey, Operation } from "stowage";
import * as stowage from "stowage";

type Kept = { readonly bytes: Uint8Array; readonly info: ObjectInfo };
type Options = { signal?: AbortSignal | undefined; when?: unknown; encryption?: unknown };

/** Objects in a file of SQLite. It has no conditions, no encryption and no uploads in parts, and says so. */
export class SqliteStore implements stowage.ObjectStore {
  readonly facts: stowage.StoreFacts = {
    kind: "sqlite",
    location: "sqlite:///",
    limits: { ...stowage.S3_LIMITS, maxPutBytes: 1e9, maxObjectBytes: 1e9 },
    honours: {
      conditions: { put: false, complete: false, copy: false, delete: false },
      encryption: [],
      listUploads: "key",
      keyBesideItsPrefix: true,
      replacesWhole: true,
    },
  };
  readonly #db: DatabaseSync;

  constructor(file: string) {
    this.#db = new DatabaseSync(file);
    this.#db.exec(
      "CREATE TABLE IF NOT EXISTS objects (key TEXT PRIMARY KEY, bytes BLOB, info TEXT)",
    );
  }

  uri(key: ObjectKey) {
    return this.facts.location + key;
  }

  keyOf(uri: string) {
    const key = uri.slice(this.facts.location.length);
    return stowage.isObjectKey(key) && uri === this.uri(key) ? key : undefined;
  }

  put(key: ObjectKey, bytes: Uint8Array, options: stowage.PutOptions = {}) {
    const { checksum, metadata = {}, contentType = "application/octet-stream" } = options;
    return this.#run("put", key, options, () => {
      stowage.checkMetadata(metadata);
      stowage.checkContentType(contentType);
      const found = stowage.crc32Checksum(crc32(bytes));
      if (checksum && checksum.value !== found.value) {
        throw refusal("checksum-mismatch", `store the bytes: their CRC32 is ${found.value}`);
      }
      return this.#store(key, { bytes, info: { contentType, metadata, checksum } });
    });
  }

  get(key: ObjectKey, { when, ...options }: stowage.GetOptions = {}) {
    return this.#run("get", key, options, () => {
      const { signal, range = { start: 0 } } = options;
      stowage.checkRange(range);
      const { bytes, info } = this.#find(key);
      if (when && when.etag !== info.etag) {
        throw refusal("precondition-failed", `read ${key}: its ETag is ${info.etag}`);
      }
      const { start, end } = stowage.resolveRange(range, info.size);
      const body = chunks(bytes.subarray(start, end), signal);
      return { info, body, [Symbol.asyncDispose]: async () => {} };
    });
  }

  head(key: ObjectKey, options: stowage.CallOptions = {}) {
    return this.#run("head", key, options, () => this.#find(key).info);
  }

  delete(key: ObjectKey, options: stowage.DeleteOptions = {}) {
    return this.#run("delete", key, options, () => {
      this.#db.prepare("DELETE FROM objects WHERE key = ?").run(key);
    });
  }

  deleteMany(keys: readonly ObjectKey[], options: stowage.CallOptions = {}) {
    return Promise.all(keys.map((key) => this.delete(key, options).then(() => ({ key }))));
  }

  copy(from: ObjectKey, to: ObjectKey, options: stowage.CopyOptions = {}) {
    return this.#run("copy", from, options, () => this.#store(to, this.#find(from)));
  }

  async *list(options: stowage.ListOptions = {}): AsyncIterable<stowage.ListEntry> {
    const { prefix = "", delimiter, startAfter = "", signal } = options;
    signal?.throwIfAborted();
    // SQLite compares text by its UTF-8 bytes, which is the order of a list.
    const later = this.#db.prepare("SELECT key FROM objects WHERE key > ? ORDER BY key");
    let folded: string | undefined;
    for (const { key } of later.all(startAfter) as { key: ObjectKey }[]) {
      signal?.throwIfAborted();
      if (!key.startsWith(prefix)) continue;
      const cut = delimiter ? key.indexOf(delimiter, prefix.length) + 1 : 0;
      const name = key.slice(0, cut);
      if (cut === 0) yield { kind: "object", ...this.#find(key).info };
      else if (name !== folded && !startAfter.startsWith(name))
        yield { kind: "prefix", prefix: name };
      folded = name;
    }
  }

  async #run<T>(operation: Operation, key: ObjectKey, options: Options, work: () => T): Promise<T> {
    try {
      options.signal?.throwIfAborted();
      if (options.when || options.encryption) throw refusal("unsupported", "honour what was asked");
      return work();
    } catch (error) {
      if (!(error instanceof stowage.StowageError)) throw error;
      throw error.with({ operation, key, store: "sqlite", outcome: "not-applied" });
    }
  }

  #find(key: ObjectKey): Kept {
    const row = this.#db.prepare("SELECT bytes, info FROM objects WHERE key = ?").get(key);
    if (row === undefined) throw refusal("not-found", `find ${key}: there is no such object`);
    const info = JSON.parse(row["info"] as string);
    const lastModified = new Date(info.lastModified);
    return { bytes: row["bytes"] as Uint8Array, info: { ...info, key, lastModified } };
  }

  #store(key: ObjectKey, { bytes, info }: { bytes: Uint8Array; info: Partial<ObjectInfo> }) {
    const told = { size: bytes.length, etag: crypto.randomUUID() };
    const text = JSON.stringify({ ...info, ...told, lastModified: new Date() });
    this.#db.prepare("REPLACE INTO objects VALUES (?, ?, ?)").run(key, bytes, text);
    return told;
  }
}

function refusal(code: stowage.ErrorCode, why: string) {
  return new stowage.StowageError(code, `Cannot ${why}`);
}

async function* chunks(bytes: Uint8Array, signal: AbortSignal | undefined) {
  for (let at = 0; at < bytes.length; at += 65_536) {
    signal?.throwIfAborted();
    yield bytes.slice(at, at + 65_536);
  }
  signal?.throwIfAborted();
}
