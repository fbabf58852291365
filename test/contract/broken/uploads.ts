import { MemoryObjectStore } from "../../../src/adapters/memory/index.js";
import { StowageError } from "../../../src/domain/errors.js";
import { isObjectKey } from "../../../src/domain/object-key.js";
import { S3_LIMITS } from "../../../src/domain/upload-plan.js";
import type { Part, Upload } from "../../../src/ports/multipart-store.js";
import type { StoreFacts } from "../../../src/ports/object-store.js";
import type { Slice } from "../../../src/ports/slice.js";
import type { OpenStore } from "../../../src/ports/store.js";
import { atHand, type BrokenStore, declaring, nextTurn } from "./broken-store.js";

type Complete = Parameters<OpenStore["completeUpload"]>;
type UploadPart = Parameters<OpenStore["uploadPart"]>;

/** The bytes of a slice, as `read` comes by them. */
async function gathered(
  slice: Slice,
  read: (memory: Uint8Array, slice: Slice) => Promise<void>,
): Promise<Uint8Array> {
  const memory = new Uint8Array(slice.size);
  await read(memory, slice);
  return memory;
}

export const brokenUploads: readonly BrokenStore[] = [
  {
    fault: "does nothing on abort",
    caughtBy: ["P17", "P17-others", "U20", "U05"],
    store: class extends MemoryObjectStore {
      override async abortUpload() {}
    },
  },
  {
    fault: "aborts all uploads of the key",
    caughtBy: ["P17-others"],
    store: class extends MemoryObjectStore {
      override async abortUpload(upload: Upload) {
        for await (const other of this.listUploads({ key: upload.key })) {
          await super.abortUpload(other);
        }
      }
    },
  },
  {
    fault: "joins an unfinished upload of the same key",
    caughtBy: ["U02", "U02-mixed"],
    store: class extends MemoryObjectStore {
      override async createUpload(...[key, options]: Parameters<OpenStore["createUpload"]>) {
        for await (const upload of this.listUploads({ key })) return upload;
        return super.createUpload(key, options);
      }
    },
  },
  {
    fault: "shows parts before the complete",
    caughtBy: ["P10", "P17"],
    store: class extends MemoryObjectStore {
      override async uploadPart(...[upload, number, bytes, options]: UploadPart) {
        const part = await super.uploadPart(upload, number, bytes, options);
        await this.put(upload.key, atHand(bytes));
        return part;
      }
    },
  },
  {
    fault: "keeps the first of two parts of a number",
    caughtBy: ["U03"],
    store: class extends MemoryObjectStore {
      override async uploadPart(...[upload, number, bytes, options]: UploadPart) {
        if (number >= 1 && number <= S3_LIMITS.maxParts) {
          for await (const part of this.listParts(upload)) {
            if (part.partNumber === number) return part;
          }
        }
        return super.uploadPart(upload, number, bytes, options);
      }
    },
  },
  {
    fault: "takes the first piece of a slice for all of it",
    caughtBy: ["U23", "U24"],
    store: class extends MemoryObjectStore {
      override async uploadPart(...[upload, number, body, options]: UploadPart) {
        const first = async (memory: Uint8Array, slice: Slice) => {
          await slice.open()(memory.subarray(0, 1_000));
        };
        const bytes = "open" in body ? await gathered(body, first) : body;
        return super.uploadPart(upload, number, bytes, options);
      }
    },
  },
  {
    fault: "reads every piece of a slice into the same memory",
    caughtBy: ["U23"],
    store: class extends MemoryObjectStore {
      override async uploadPart(...[upload, number, body, options]: UploadPart) {
        const pieces = async (memory: Uint8Array, slice: Slice) => {
          const fill = slice.open();
          for (let at = 0; at < memory.length; at += 1_000_000) {
            await fill(memory.subarray(0, Math.min(1_000_000, memory.length - at)));
          }
        };
        const bytes = "open" in body ? await gathered(body, pieces) : body;
        return super.uploadPart(upload, number, bytes, { signal: options?.signal });
      }
    },
  },
  {
    fault: "stores what it has read of a slice that fails",
    caughtBy: ["U24"],
    store: class extends MemoryObjectStore {
      override async uploadPart(...[upload, number, body, options]: UploadPart) {
        try {
          return await super.uploadPart(upload, number, body, options);
        } catch (error) {
          if ("open" in body) await super.uploadPart(upload, number, new Uint8Array(3));
          throw error;
        }
      }
    },
  },
  {
    fault: "joins parts in the order in which they came",
    caughtBy: ["U01"],
    store: class extends MemoryObjectStore {
      readonly #bytes = new Map<string, Uint8Array[]>();
      override async uploadPart(...[upload, number, bytes, options]: UploadPart) {
        const all = this.#bytes.get(upload.uploadId) ?? [];
        this.#bytes.set(upload.uploadId, [...all, atHand(bytes).slice()]);
        return super.uploadPart(upload, number, bytes, options);
      }
      override async completeUpload(...[upload, parts, options]: Complete) {
        const told = await super.completeUpload(upload, parts, options);
        const { contentType, metadata } = await this.head(upload.key);
        const bytes = Buffer.concat(this.#bytes.get(upload.uploadId) ?? []);
        await this.put(upload.key, bytes, { contentType, metadata });
        return told;
      }
    },
  },
  {
    fault: "joins all parts that it has, not those named",
    caughtBy: ["U01-some"],
    store: class extends MemoryObjectStore {
      override async completeUpload(...[upload, parts, options]: Complete) {
        const all = await Array.fromAsync(this.listParts(upload));
        return super.completeUpload(upload, parts.length < all.length ? all : parts, options);
      }
    },
  },
  {
    fault: "ignores the condition of a complete",
    caughtBy: ["U12", "U12-stale", "U13", "U14-taken"],
    store: class extends MemoryObjectStore {
      override completeUpload(...[upload, parts, options]: Complete) {
        return super.completeUpload(upload, parts, { ...options, when: undefined });
      }
    },
  },
  {
    fault: "looks first and completes then",
    caughtBy: ["U13"],
    store: class extends MemoryObjectStore {
      override async completeUpload(...[upload, parts, options]: Complete) {
        const taken = await this.head(upload.key).catch(() => undefined);
        await nextTurn();
        const when = taken === undefined ? undefined : options?.when;
        return super.completeUpload(upload, parts, { ...options, when });
      }
    },
  },
  {
    fault: "takes small parts anywhere",
    caughtBy: ["U04-small"],
    store: class extends MemoryObjectStore {
      override readonly facts: StoreFacts = declaring({});
      override async completeUpload(...[upload, parts, options]: Complete) {
        if (parts.length < 2) return super.completeUpload(upload, parts, options);
        return { size: 0, etag: parts[0]?.etag ?? "" };
      }
    },
  },
  {
    fault: "leaves an object of the bytes of a refused complete",
    caughtBy: ["U14", "U21-wrong"],
    store: class extends MemoryObjectStore {
      override async completeUpload(...[upload, parts, options]: Complete) {
        try {
          return await super.completeUpload(upload, parts, options);
        } catch (error) {
          if (error instanceof StowageError && error.code !== "upload-not-found") {
            await this.put(upload.key, new Uint8Array(3));
          }
          throw error;
        }
      }
    },
  },
  {
    fault: "ignores the checksum of a complete",
    caughtBy: ["U21", "U21-wrong"],
    store: class extends MemoryObjectStore {
      override completeUpload(...[upload, parts, options]: Complete) {
        return super.completeUpload(upload, parts, { ...options, checksum: undefined });
      }
    },
  },
  {
    fault: "brings an upload back to life on a second complete",
    caughtBy: ["U05-second"],
    store: class extends MemoryObjectStore {
      readonly #done = new Map<string, Uint8Array>();
      override async completeUpload(...[upload, parts, options]: Complete) {
        const bytes = this.#done.get(upload.uploadId);
        if (bytes !== undefined) return this.put(upload.key, bytes);
        const told = await super.completeUpload(upload, parts, options);
        const object = await this.get(upload.key);
        this.#done.set(upload.uploadId, Buffer.concat(await Array.fromAsync(object.body)));
        return told;
      }
    },
  },
  {
    fault: "lists a thousand parts at most",
    caughtBy: ["U09-pages"],
    store: class extends MemoryObjectStore {
      override async *listParts(upload: Upload): AsyncIterable<Part> {
        let left = 1_000;
        for await (const part of super.listParts(upload)) if (left-- > 0) yield part;
      }
    },
  },
  {
    fault: "lists uploads of all keys that begin with the key",
    caughtBy: ["U20-key"],
    store: class extends MemoryObjectStore {
      override listUploads(...[of, options]: Parameters<OpenStore["listUploads"]>) {
        return super.listUploads({ prefix: of.key ?? of.prefix ?? "" }, options);
      }
    },
  },
  {
    fault: "lists uploads among objects",
    caughtBy: ["L11"],
    store: class extends MemoryObjectStore {
      override async *list(...[options]: Parameters<OpenStore["list"]>) {
        yield* super.list(options);
        for await (const { key, startedAt } of this.listUploads({
          prefix: options?.prefix ?? "",
        })) {
          yield { kind: "object" as const, key, size: 0, etag: "", lastModified: startedAt };
        }
      }
    },
  },
];

export const brokenDeclarations: readonly BrokenStore[] = [
  {
    fault: "says that it has no conditions on complete, and goes on without",
    caughtBy: ["E09-complete"],
    store: class extends MemoryObjectStore {
      override readonly facts: StoreFacts = declaring({ conditions: { complete: false } });
      override completeUpload(...[upload, parts]: Complete) {
        return super.completeUpload(upload, parts);
      }
    },
  },
  {
    fault: "says that it has no conditions on copy, and looks for the source first",
    caughtBy: ["E09-copy"],
    store: class extends MemoryObjectStore {
      override readonly facts: StoreFacts = declaring({ conditions: { copy: false } });
    },
  },
  {
    fault: "says that it has no conditions on delete, and goes on without",
    caughtBy: ["E09-delete"],
    store: class extends MemoryObjectStore {
      override readonly facts: StoreFacts = declaring({ conditions: { delete: false } });
      override delete(...[key]: Parameters<OpenStore["delete"]>) {
        return super.delete(key);
      }
    },
  },
  {
    fault: "says that it lists uploads of one key alone, and gives none for a prefix",
    caughtBy: ["U22-refused"],
    store: class extends MemoryObjectStore {
      override readonly facts: StoreFacts = declaring({ listUploads: "key" });
      override async *listUploads(...[of, options]: Parameters<OpenStore["listUploads"]>) {
        if (of.key !== undefined) yield* super.listUploads(of, options);
      }
    },
  },
  {
    fault: "holds no key beside its prefix, and replaces one by the other",
    caughtBy: ["P26", "P26-listed", "P26-uncovered"],
    store: class extends MemoryObjectStore {
      override async put(...[key, bytes, options]: Parameters<OpenStore["put"]>) {
        const parent = key.slice(0, key.lastIndexOf("/"));
        const within = await Array.fromAsync(this.list({ prefix: `${key}/` }));
        for (const entry of within) if (entry.kind === "object") await this.delete(entry.key);
        if (isObjectKey(parent)) await this.delete(parent);
        return super.put(key, bytes, options);
      }
    },
  },
  {
    fault: "says that it encrypts, and does not",
    caughtBy: ["P30-AES256", "U30-AES256"],
    store: class extends MemoryObjectStore {
      override readonly facts: StoreFacts = declaring({ encryption: ["AES256"] });
      override put(...[key, bytes, options]: Parameters<OpenStore["put"]>) {
        return super.put(key, bytes, { ...options, encryption: undefined });
      }
      override createUpload(...[key, options]: Parameters<OpenStore["createUpload"]>) {
        return super.createUpload(key, { ...options, encryption: undefined });
      }
    },
  },
];
