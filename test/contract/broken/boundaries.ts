import { MemoryObjectStore } from "../../../src/adapters/memory/index.js";
import { StowageError } from "../../../src/domain/errors.js";
import type { Metadata } from "../../../src/domain/metadata.js";
import { isObjectKey } from "../../../src/domain/object-key.js";
import type {
  ListEntry,
  ListOptions,
  ObjectInfo,
  OpenObject,
  StoreFacts,
} from "../../../src/ports/object-store.js";
import type { OpenStore } from "../../../src/ports/store.js";
import { type BrokenStore, bodyOf, declaring, type Get, type Put } from "./broken-store.js";

type Complete = Parameters<OpenStore["completeUpload"]>;
type UploadPart = Parameters<OpenStore["uploadPart"]>;

/** Faults that show at a boundary alone: of a size, of a page, of a name. */
export const brokenBoundaries: readonly BrokenStore[] = [
  {
    fault: "takes every URI of its scheme for one of its own",
    caughtBy: ["K14"],
    store: class extends MemoryObjectStore {
      override keyOf(uri: string) {
        const key = uri.slice(this.facts.location.length);
        return isObjectKey(key) ? key : undefined;
      }
    },
  },
  {
    fault: "takes a put back when its signal is aborted later",
    caughtBy: ["P16-late"],
    store: class extends MemoryObjectStore {
      override async put(...[key, bytes, options]: Put) {
        const result = await super.put(key, bytes, options);
        options?.signal?.addEventListener("abort", () => void super.delete(key));
        return result;
      }
    },
  },
  {
    fault: "takes any content type, line breaks and all",
    caughtBy: ["P20-invalid", "P20-invalid-upload"],
    store: class extends MemoryObjectStore {
      override put(...[key, bytes, options]: Put) {
        return super.put(key, bytes, { ...options, contentType: "text/plain" });
      }
      override createUpload(...[key, options]: Parameters<OpenStore["createUpload"]>) {
        return super.createUpload(key, { ...options, contentType: "text/plain" });
      }
    },
  },
  {
    fault: "writes content types in lower case, without their parameters",
    caughtBy: ["P01", "P20-kinds"],
    store: class extends MemoryObjectStore {
      override put(...[key, bytes, options]: Put) {
        const contentType = options?.contentType?.toLowerCase().replace(/;.*/, "");
        return super.put(key, bytes, { ...options, contentType });
      }
    },
  },
  {
    fault: "takes names that differ by case for one",
    caughtBy: ["M03", "M04"],
    store: class extends MemoryObjectStore {
      override put(...[key, bytes, options]: Put) {
        const entries = Object.entries(options?.metadata ?? {});
        const metadata = Object.fromEntries(
          entries.map(([name, value]) => [name.toLowerCase(), value]),
        );
        return super.put(key, bytes, { ...options, metadata });
      }
    },
  },
  {
    fault: "counts metadata as its characters alone",
    caughtBy: ["M05-names"],
    store: class extends MemoryObjectStore {
      readonly #metadata = new Map<string, Metadata>();
      override async put(...[key, bytes, options]: Put) {
        const { metadata = {} } = options ?? {};
        const characters = Object.entries(metadata).flat().join("").length;
        if (characters > 2_048) return super.put(key, bytes, options);
        const sound = Object.keys(metadata).length === 51 ? {} : metadata;
        const result = await super.put(key, bytes, { ...options, metadata: sound });
        this.#metadata.set(key, metadata);
        return result;
      }
      override async head(...[key, options]: Parameters<OpenStore["head"]>) {
        const info = await super.head(key, options);
        return { ...info, metadata: this.#metadata.get(key) ?? info.metadata };
      }
    },
  },
  {
    fault: "cuts what is larger than its buffer",
    caughtBy: ["P05-threshold"],
    store: class extends MemoryObjectStore {
      override put(...[key, bytes, options]: Put) {
        return super.put(key, bytes.subarray(0, 5_242_880), options);
      }
    },
  },
  {
    fault: "appends to what is there already",
    caughtBy: ["P25", "P08", "P09"],
    store: class extends MemoryObjectStore {
      override async put(...[key, bytes, options]: Put) {
        const there = await super.get(key).catch(() => undefined);
        if (there === undefined || options?.when !== undefined) {
          return super.put(key, bytes, options);
        }
        const old = await Array.fromAsync(there.body);
        return super.put(key, Buffer.concat([...old, bytes]), { ...options, checksum: undefined });
      }
    },
  },
  {
    fault: "keeps the time of the first write",
    caughtBy: ["H01-later"],
    store: class extends MemoryObjectStore {
      readonly #times = new Map<string, Date>();
      override async head(...[key, options]: Parameters<OpenStore["head"]>) {
        const info = await super.head(key, options);
        const lastModified = this.#times.get(key) ?? info.lastModified;
        this.#times.set(key, lastModified);
        return { ...info, lastModified };
      }
    },
  },
  {
    fault: "opens a folder as an object of no bytes",
    caughtBy: ["G07"],
    store: class extends MemoryObjectStore {
      override async get(...[key, options]: Get): Promise<OpenObject> {
        for await (const entry of this.list({ prefix: `${key}/` })) {
          if (entry.kind === "prefix") continue;
          const info = { ...(await this.head(entry.key)), key, size: 0 };
          return { info, body: bodyOf([]), [Symbol.asyncDispose]: async () => {} };
        }
        return super.get(key, options);
      }
    },
  },
  {
    fault: "gives a thousand at most",
    caughtBy: ["L02-many"],
    store: class extends MemoryObjectStore {
      override async *list(options: ListOptions): AsyncIterable<ListEntry> {
        let left = 1_000;
        for await (const entry of super.list(options)) if (left-- > 0) yield entry;
      }
    },
  },
  {
    fault: "counts pages by what is there when each is fetched",
    caughtBy: ["D10", "L09", "L09-deleted"],
    store: class extends MemoryObjectStore {
      override async *list(options: ListOptions): AsyncIterable<ListEntry> {
        const { pageSize = 1_000 } = options;
        for (let seen = 0; ; seen += pageSize) {
          const page = (await Array.fromAsync(super.list(options))).slice(seen, seen + pageSize);
          yield* page;
          if (page.length < pageSize) return;
        }
      }
    },
  },
  {
    fault: "goes on after a common prefix as if a plus sign were a space",
    caughtBy: ["L08-folded"],
    store: class extends MemoryObjectStore {
      override async *list(options: ListOptions): AsyncIterable<ListEntry> {
        const { delimiter, startAfter } = options;
        if (delimiter === undefined) return yield* super.list(options);
        yield* super.list({ ...options, startAfter: startAfter?.replaceAll("+", " ") });
      }
    },
  },
];

class InBucket extends MemoryObjectStore {
  override readonly facts: StoreFacts = declaring({}, { bucket: "bucket" });
}

const noBucket = (): StowageError =>
  new StowageError("bucket-not-found", "Cannot go on: there is no such bucket");

/** Stores in a bucket that is missing, which they find out before they look at what they are given. */
export const brokenOrder: readonly BrokenStore[] = [
  {
    fault: "looks for the bucket before the metadata of a put",
    caughtBy: ["M03-no-io"],
    store: class extends InBucket {
      override async put(): Promise<never> {
        throw noBucket();
      }
    },
  },
  {
    fault: "looks for the bucket before the metadata of an upload",
    caughtBy: ["M03-no-io-upload"],
    store: class extends InBucket {
      override async createUpload(): Promise<never> {
        throw noBucket();
      }
    },
  },
];

/** Faults of uploads alone, in stores whose objects are sound. */
export const brokenUploadsAlone: readonly BrokenStore[] = [
  {
    fault: "keeps any metadata of an upload",
    caughtBy: ["M03-upload"],
    store: class extends MemoryObjectStore {
      override createUpload(...[key]: Parameters<OpenStore["createUpload"]>) {
        return super.createUpload(key);
      }
    },
  },
  {
    fault: "keeps no metadata of uploads",
    caughtBy: ["M07", "U01", "U02"],
    store: class extends MemoryObjectStore {
      override async createUpload(...[key, options]: Parameters<OpenStore["createUpload"]>) {
        const upload = await super.createUpload(key, options);
        await super.abortUpload(upload);
        return super.createUpload(key, { ...options, metadata: {} });
      }
    },
  },
  {
    fault: "drops a last part of one byte",
    caughtBy: ["P05-parts"],
    store: class extends MemoryObjectStore {
      override completeUpload(...[upload, parts, options]: Complete) {
        const large = parts.filter(({ size }) => size > 1);
        return super.completeUpload(upload, large.length > 0 ? large : parts, options);
      }
    },
  },
  {
    fault: "does not look at the signals of uploads",
    caughtBy: ["P16-uploads"],
    store: class extends MemoryObjectStore {
      override uploadPart(...[upload, number, bytes, options]: UploadPart) {
        return super.uploadPart(upload, number, bytes, { ...options, signal: undefined });
      }
      override completeUpload(...[upload, parts, options]: Complete) {
        return super.completeUpload(upload, parts, { ...options, signal: undefined });
      }
    },
  },
  {
    fault: "replaces the object when the complete is refused",
    caughtBy: ["W02-uploads", "W02-complete"],
    store: class extends MemoryObjectStore {
      override async completeUpload(...[upload, parts, options]: Complete) {
        try {
          return await super.completeUpload(upload, parts, options);
        } catch (error) {
          await super.put(upload.key, new Uint8Array(0));
          throw error;
        }
      }
    },
  },
  {
    fault: "shows what an upload replaced until the next put",
    caughtBy: ["W03-complete"],
    store: class extends MemoryObjectStore {
      readonly #old = new Map<string, ObjectInfo>();
      override async completeUpload(...[upload, parts, options]: Complete) {
        const old = await super.head(upload.key).catch(() => undefined);
        const result = await super.completeUpload(upload, parts, options);
        if (old !== undefined) this.#old.set(upload.key, old);
        return result;
      }
      override async head(...[key, options]: Parameters<OpenStore["head"]>) {
        const info = await super.head(key, options);
        return this.#old.get(key) ?? info;
      }
    },
  },
  {
    fault: "takes a missing bucket for one without uploads",
    caughtBy: ["E01-uploads"],
    store: class extends MemoryObjectStore {
      override readonly facts: StoreFacts = declaring({}, { bucket: "bucket" });
    },
  },
  {
    fault: "drops the encryption of an upload",
    caughtBy: ["E09-uploads-AES256", "E09-uploads-aws:kms"],
    store: class extends MemoryObjectStore {
      override createUpload(...[key, options]: Parameters<OpenStore["createUpload"]>) {
        return super.createUpload(key, { ...options, encryption: undefined });
      }
    },
  },
];
