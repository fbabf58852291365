import { MemoryObjectStore, type MemoryStoreOptions } from "../../src/adapters/memory/index.js";
import type { ObjectKey } from "../../src/domain/object-key.js";
import type { ListEntry, ObjectInfo, OpenObject } from "../../src/ports/object-store.js";
import type { OpenStore } from "../../src/ports/store.js";
import type { Get, Put } from "../contract/broken/broken-store.js";

interface SubtleStore {
  readonly fault: string;
  readonly store: new (options: MemoryStoreOptions) => OpenStore;
}

/** Memory stores with one fault each, which shows only after several commands. */
export const subtleStores: readonly SubtleStore[] = [
  {
    fault: "goes on with the new bytes when a small object is replaced",
    store: class extends MemoryObjectStore {
      override async get(...[key, options]: Get): Promise<OpenObject> {
        const object = await super.get(key, options);
        if (options?.range !== undefined || options?.signal !== undefined) return object;
        const whole = () => super.get(key).catch(() => object);
        async function* body(): AsyncGenerator<Uint8Array> {
          for await (const chunk of object.body) {
            yield chunk;
            break;
          }
          let at = 0;
          for await (const chunk of (await whole()).body) if (at++ > 0) yield chunk;
        }
        return { ...object, body: body() };
      }
    },
  },
  {
    fault: "keeps the checksum of the object before",
    store: class extends MemoryObjectStore {
      readonly #checksums = new Map<string, ObjectInfo["checksum"]>();
      override put(...[key, bytes, options]: Put) {
        if (options?.checksum !== undefined) this.#checksums.set(key, options.checksum);
        return super.put(key, bytes, options);
      }
      override async head(...[key, options]: Parameters<OpenStore["head"]>) {
        const info = await super.head(key, options);
        return { ...info, checksum: info.checksum ?? this.#checksums.get(key) };
      }
    },
  },
  {
    fault: "takes the ETag of a deleted object for that of a free key",
    store: class extends MemoryObjectStore {
      readonly #last = new Map<string, string>();
      override async put(...[key, bytes, options]: Put) {
        const there = await super.head(key).catch(() => undefined);
        const gone = there === undefined && options?.when?.etag === this.#last.get(key);
        const told = await super.put(key, bytes, gone ? { ...options, when: undefined } : options);
        this.#last.set(key, told.etag);
        return told;
      }
    },
  },
  {
    fault: "completes with what is kept with the upload begun last",
    store: class extends MemoryObjectStore {
      readonly #begun = new Map<string, Parameters<OpenStore["createUpload"]>[1]>();
      override createUpload(...[key, options]: Parameters<OpenStore["createUpload"]>) {
        this.#begun.set(key, options);
        return super.createUpload(key, options);
      }
      override async completeUpload(...args: Parameters<OpenStore["completeUpload"]>) {
        const told = await super.completeUpload(...args);
        const { key } = args[0];
        const { body } = await super.get(key);
        const bytes = Buffer.concat(await Array.fromAsync(body));
        const put = await super.put(key, bytes, {
          ...this.#begun.get(key),
          checksum: args[2]?.checksum,
        });
        return { ...told, etag: put.etag };
      }
    },
  },
  {
    fault: "forgets the uploads of a key where an object is put",
    store: class extends MemoryObjectStore {
      override async put(...args: Put) {
        const told = await super.put(...args);
        for await (const upload of this.listUploads({ key: args[0] }))
          await this.abortUpload(upload);
        return told;
      }
    },
  },
  {
    fault: "lists what deleteMany has taken away, until the next put",
    store: class extends MemoryObjectStore {
      #gone: ListEntry[] = [];
      override async deleteMany(...[keys, options]: Parameters<OpenStore["deleteMany"]>) {
        const key: ObjectKey | undefined = keys[0];
        const entries = await Array.fromAsync(super.list({ prefix: key ?? "none" }));
        const results = await super.deleteMany(keys, options);
        this.#gone = entries.filter((entry) => entry.kind === "object" && entry.key === key);
        return results;
      }
      override put(...args: Put) {
        this.#gone = [];
        return super.put(...args);
      }
      override async *list(...[options]: Parameters<OpenStore["list"]>) {
        yield* super.list(options);
        if (options?.delimiter === undefined) yield* this.#gone;
      }
    },
  },
];
