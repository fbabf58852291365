import { MemoryObjectStore } from "../../../src/adapters/memory/index.js";
import { StowageError } from "../../../src/domain/errors.js";
import type { ObjectKey } from "../../../src/domain/object-key.js";
import type { Part, Upload } from "../../../src/ports/multipart-store.js";
import type { GetOptions, OpenObject } from "../../../src/ports/object-store.js";
import type { OpenStore } from "../../../src/ports/store.js";
import { atHand, type BrokenStore, bodyOf, type Get, nextTurn, type Put } from "./broken-store.js";

type Complete = Parameters<OpenStore["completeUpload"]>;
type Copy = Parameters<OpenStore["copy"]>;
type UploadPart = Parameters<OpenStore["uploadPart"]>;

/** Whether a key is taken, as one sees who only looks. */
async function isTaken(store: OpenStore, key: ObjectKey): Promise<boolean> {
  return store.head(key).then(
    () => true,
    () => false,
  );
}

function refused(code: "already-exists" | "upload-not-found"): StowageError {
  return new StowageError(code, "Cannot go on");
}

/** Stores that are sound while one call follows the other. */
export const brokenRaces: readonly BrokenStore[] = [
  {
    fault: "looks first and copies then",
    caughtBy: ["C03-race"],
    store: class extends MemoryObjectStore {
      override async copy(...[from, to, options]: Copy) {
        if (options?.when?.absent && (await isTaken(this, to))) throw refused("already-exists");
        await nextTurn();
        return super.copy(from, to);
      }
    },
  },
  {
    fault: "holds puts and completes to one creator each, but not both together",
    caughtBy: ["U13-puts"],
    store: class extends MemoryObjectStore {
      readonly #completed = new Set<ObjectKey>();
      override async completeUpload(...[upload, parts, options]: Complete) {
        const { key } = upload;
        if (!options?.when?.absent) return super.completeUpload(upload, parts, options);
        const taken = this.#completed.has(key) || (await isTaken(this, key));
        if (taken || this.#completed.has(key)) throw refused("already-exists");
        this.#completed.add(key);
        await nextTurn();
        return super.completeUpload(upload, parts);
      }
      override async put(...[key, bytes, options]: Put) {
        await nextTurn();
        return super.put(key, bytes, options);
      }
    },
  },
  {
    fault: "keeps of two parts of a number sent at once the one, and the ETag of the other",
    caughtBy: ["U03-race"],
    store: class extends MemoryObjectStore {
      #first: Uint8Array | undefined;
      override async uploadPart(...[upload, number, body, options]: UploadPart) {
        const bytes = atHand(body);
        this.#first ??= bytes;
        const first = this.#first;
        const part = await super.uploadPart(upload, number, bytes, options);
        await nextTurn();
        if (first === bytes) await super.uploadPart(upload, number, first.slice(1), options);
        this.#first = undefined;
        return part;
      }
    },
  },
  {
    fault: "empties an object that is completed twice at once, as LocalStack does",
    caughtBy: ["U05-race"],
    store: class extends MemoryObjectStore {
      readonly #completing = new Set<string>();
      override async completeUpload(...[upload, parts, options]: Complete) {
        const { key, uploadId } = upload;
        const second = this.#completing.has(uploadId);
        this.#completing.add(uploadId);
        await nextTurn();
        if (second) return super.put(key, new Uint8Array(0));
        return super.completeUpload(upload, parts, options);
      }
    },
  },
  {
    fault: "completes what was aborted meanwhile",
    caughtBy: ["P17-race"],
    store: class extends MemoryObjectStore {
      override async completeUpload(...[upload, parts, options]: Complete) {
        const result = await super.completeUpload(upload, parts, options);
        const object = await super.get(upload.key);
        const bytes = Buffer.concat(await Array.fromAsync(object.body));
        await super.delete(upload.key);
        await nextTurn();
        if (!this.#aborted.has(upload.uploadId)) await super.put(upload.key, bytes);
        return result;
      }
      readonly #aborted = new Set<string>();
      override async abortUpload(upload: Upload) {
        this.#aborted.add(upload.uploadId);
        return super.abortUpload(upload);
      }
    },
  },
  {
    fault: "copies the attributes first and the bytes later, as LocalStack does",
    caughtBy: ["C12"],
    store: class extends MemoryObjectStore {
      override async copy(...[from, to, options]: Copy) {
        if (from === to) return super.copy(from, to, options);
        const { contentType, metadata } = await super.head(from);
        await nextTurn();
        const object = await super.get(from);
        const bytes = Buffer.concat(await Array.fromAsync(object.body));
        return super.put(to, bytes, { contentType, metadata, when: options?.when });
      }
    },
  },
  {
    fault: "copies the bytes first and the metadata later",
    caughtBy: ["W04-copy", "W04-complete"],
    store: class extends MemoryObjectStore {
      override async copy(...[from, to, options]: Copy) {
        const result = await super.copy(from, to, options);
        const { metadata, contentType } = await super.head(from);
        await nextTurn();
        const object = await super.get(to);
        const bytes = Buffer.concat(await Array.fromAsync(object.body));
        await super.put(to, bytes, { metadata, contentType });
        return result;
      }
      override async put(...[key, bytes, options]: Put) {
        await Promise.resolve();
        return super.put(key, bytes, options);
      }
    },
  },
  {
    fault: "gathers all writes of a moment in one buffer",
    caughtBy: ["E08-keys"],
    store: class extends MemoryObjectStore {
      #bytes: Uint8Array = new Uint8Array(0);
      override async put(...[key, bytes, options]: Put) {
        this.#bytes = bytes;
        await nextTurn();
        return super.put(key, this.#bytes, options);
      }
    },
  },
  {
    fault: "reads at the position that another read has set",
    caughtBy: ["G03"],
    store: class extends MemoryObjectStore {
      #range: GetOptions["range"];
      override async get(...[key, options]: Get) {
        this.#range = options?.range;
        await nextTurn();
        return super.get(key, { ...options, range: this.#range });
      }
    },
  },
  {
    fault: "gives two readers one body",
    caughtBy: ["G13-in-turns"],
    store: class extends MemoryObjectStore {
      #body: AsyncIterator<Uint8Array> | undefined;
      override async get(...[key, options]: Get): Promise<OpenObject> {
        const object = await super.get(key, options);
        this.#body ??= object.body[Symbol.asyncIterator]();
        const shared = this.#body;
        const close = async (): Promise<void> => {
          this.#body = undefined;
        };
        const body = { [Symbol.asyncIterator]: () => shared };
        return { ...object, body, [Symbol.asyncDispose]: close };
      }
    },
  },
  {
    fault: "gives zeros for an object that is deleted while it is read",
    caughtBy: ["G11"],
    store: class extends MemoryObjectStore {
      override async get(...[key, options]: Get): Promise<OpenObject> {
        const object = await super.get(key, options);
        return { ...object, body: this.#zeroed(key, object.body) };
      }
      async *#zeroed(key: ObjectKey, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
        for await (const chunk of body) {
          yield (await isTaken(this, key)) ? chunk : new Uint8Array(chunk.length);
        }
      }
    },
  },
  {
    fault: "has room for a hundred readers",
    caughtBy: ["G16"],
    store: class extends MemoryObjectStore {
      #readers = 0;
      override async get(...[key, options]: Get): Promise<OpenObject> {
        if (this.#readers >= 100) throw new StowageError("unavailable", "Cannot read: EMFILE");
        this.#readers += 1;
        try {
          const object = await super.get(key, options);
          await nextTurn();
          return { ...object, body: bodyOf(await Array.fromAsync(object.body)) };
        } finally {
          this.#readers -= 1;
        }
      }
    },
  },
  {
    fault: "joins parts in whatever order they are named, each once",
    caughtBy: ["U04-order"],
    store: class extends MemoryObjectStore {
      override completeUpload(...[upload, parts, options]: Complete) {
        const inOrder = new Map<number, Part>();
        for (const part of parts) inOrder.set(part.partNumber, part);
        const sorted = [...inOrder.values()].sort((a, b) => a.partNumber - b.partNumber);
        return super.completeUpload(upload, sorted, options);
      }
    },
  },
];
