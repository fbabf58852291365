import { MemoryObjectStore } from "../../../src/adapters/memory/index.js";
import { StowageError } from "../../../src/domain/errors.js";
import { checkMetadata } from "../../../src/domain/metadata.js";
import type { ObjectKey } from "../../../src/domain/object-key.js";
import { checkRange } from "../../../src/domain/range.js";
import type { Part, Upload } from "../../../src/ports/multipart-store.js";
import type { ObjectInfo, OpenObject, StoreFacts } from "../../../src/ports/object-store.js";
import type { OpenStore } from "../../../src/ports/store.js";
import {
  atHand,
  type BrokenStore,
  bodyOf,
  declaring,
  type Get,
  nextTurn,
  type Put,
} from "./broken-store.js";

type Complete = Parameters<OpenStore["completeUpload"]>;
type UploadPart = Parameters<OpenStore["uploadPart"]>;
type ListUploads = Parameters<OpenStore["listUploads"]>;

function passes(rule: () => void): boolean {
  try {
    rule();
    return true;
  } catch {
    return false;
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof StowageError ? error.code : undefined;
}

export const brokenRefusals: readonly BrokenStore[] = [
  {
    fault: "takes a missing bucket for an empty one",
    caughtBy: ["E01"],
    store: class extends MemoryObjectStore {
      override readonly facts: StoreFacts = declaring({}, { bucket: "bucket" });
    },
  },
  {
    fault: "stores nothing when there are no bytes",
    caughtBy: ["P02"],
    store: class extends MemoryObjectStore {
      override async put(...[key, bytes, options]: Put) {
        if (bytes.length === 0) return { size: 0, etag: "empty" };
        return super.put(key, bytes, options);
      }
    },
  },
  {
    fault: "gives nothing for a range past the end",
    caughtBy: ["G02-past"],
    store: class extends MemoryObjectStore {
      override async get(...[key, options]: Get): Promise<OpenObject> {
        try {
          return await super.get(key, options);
        } catch (error) {
          if (codeOf(error) !== "range-not-satisfiable") throw error;
          return { ...(await super.get(key)), body: bodyOf([]) };
        }
      }
    },
  },
  {
    fault: "reads the whole object for a malformed range",
    caughtBy: ["G02-malformed", "E07-arguments"],
    store: class extends MemoryObjectStore {
      override async get(...[key, options]: Get) {
        const { range } = options ?? {};
        const sound = range !== undefined && passes(() => checkRange(range));
        return super.get(key, { ...options, range: sound ? range : undefined });
      }
    },
  },
  {
    fault: "refuses a range of an object of no bytes, as S3 does",
    caughtBy: ["G04"],
    store: class extends MemoryObjectStore {
      override async get(...[key, options]: Get) {
        const { size } = await this.head(key);
        if (size === 0 && options?.range !== undefined) throw new Error("InvalidRange");
        return super.get(key, options);
      }
    },
  },
  {
    fault: "ignores the condition of a get",
    caughtBy: ["G06"],
    store: class extends MemoryObjectStore {
      override get(...[key, options]: Get) {
        return super.get(key, { ...options, when: undefined });
      }
    },
  },
  {
    fault: "describes a folder as an object",
    caughtBy: ["H02"],
    store: class extends MemoryObjectStore {
      override async head(...[key, options]: Parameters<OpenStore["head"]>): Promise<ObjectInfo> {
        for await (const entry of this.list({ prefix: `${key}/` })) {
          if (entry.kind === "object") return super.head(entry.key, options);
        }
        return super.head(key, options);
      }
    },
  },
  {
    fault: "copies a missing object as an empty one",
    caughtBy: ["C04"],
    store: class extends MemoryObjectStore {
      override async copy(...[from, to, options]: Parameters<OpenStore["copy"]>) {
        const there = await this.head(from).catch(() => undefined);
        if (there === undefined) return this.put(to, new Uint8Array(0));
        return super.copy(from, to, options);
      }
    },
  },
  {
    fault: "refuses to delete no keys, as S3 does",
    caughtBy: ["D07"],
    store: class extends MemoryObjectStore {
      override async deleteMany(keys: readonly ObjectKey[]) {
        if (keys.length === 0) throw new Error("MalformedXML");
        return super.deleteMany(keys);
      }
    },
  },
  {
    fault: "leaves out metadata that breaks a rule",
    caughtBy: ["M03", "W02", "E07-arguments"],
    store: class extends MemoryObjectStore {
      override put(...[key, bytes, options]: Put) {
        const { metadata = {} } = options ?? {};
        const sound = passes(() => checkMetadata(metadata));
        return super.put(key, bytes, { ...options, metadata: sound ? metadata : undefined });
      }
    },
  },
  {
    fault: "reports an empty list as an error",
    caughtBy: ["L01"],
    store: class extends MemoryObjectStore {
      override async *list(...[options]: Parameters<OpenStore["list"]>) {
        const entries = await Array.fromAsync(super.list(options));
        if (entries.length === 0 && options?.delimiter !== undefined) throw new Error("empty");
        yield* entries;
      }
    },
  },
  {
    fault: "writes bytes and attributes one after the other",
    caughtBy: ["W04"],
    store: class extends MemoryObjectStore {
      readonly #bytes = new Map<ObjectKey, Uint8Array>();
      override async put(...[key, bytes, options]: Put) {
        const first = this.#bytes.get(key) ?? bytes;
        this.#bytes.set(key, first);
        await nextTurn();
        this.#bytes.delete(key);
        return super.put(key, first, options);
      }
    },
  },
  {
    fault: "gives two keys one URI",
    caughtBy: ["K13"],
    store: class extends MemoryObjectStore {
      override uri(key: ObjectKey): string {
        return super.uri(key).toLowerCase();
      }
    },
  },
];

export const brokenUploadRefusals: readonly BrokenStore[] = [
  {
    fault: "refuses to abort an unknown upload, as S3 does",
    caughtBy: ["P15"],
    store: class extends MemoryObjectStore {
      override async abortUpload(upload: Upload) {
        await Array.fromAsync(this.listParts(upload));
        return super.abortUpload(upload);
      }
    },
  },
  {
    fault: "takes parts of unknown uploads",
    caughtBy: ["U05-part", "E07-uploads"],
    store: class extends MemoryObjectStore {
      override async uploadPart(...[upload, partNumber, bytes, options]: UploadPart) {
        try {
          return await super.uploadPart(upload, partNumber, bytes, options);
        } catch (error) {
          if (codeOf(error) !== "upload-not-found") throw error;
          return { partNumber, size: atHand(bytes).length, etag: "lost" };
        }
      }
    },
  },
  {
    fault: "lists no parts of an unknown upload",
    caughtBy: ["U05-list", "P17"],
    store: class extends MemoryObjectStore {
      override async *listParts(upload: Upload): AsyncIterable<Part> {
        try {
          yield* super.listParts(upload);
        } catch (error) {
          if (codeOf(error) !== "upload-not-found") throw error;
        }
      }
    },
  },
  {
    fault: "looks for the upload before the part number",
    caughtBy: ["U06"],
    store: class extends MemoryObjectStore {
      override async uploadPart(...[upload, ...rest]: UploadPart) {
        await Array.fromAsync(this.listParts(upload));
        return super.uploadPart(upload, ...rest);
      }
    },
  },
  {
    fault: "ignores the checksum of a part",
    caughtBy: ["U11", "U23-wrong"],
    store: class extends MemoryObjectStore {
      override async uploadPart(...[upload, partNumber, bytes]: UploadPart) {
        return super.uploadPart(upload, partNumber, bytes);
      }
    },
  },
  {
    fault: "says that it tells the checksums of parts, and tells those that it was given",
    caughtBy: ["U11-told"],
    store: class extends MemoryObjectStore {
      override async uploadPart(...[upload, partNumber, bytes, options]: UploadPart) {
        const part = await super.uploadPart(upload, partNumber, bytes, options);
        return { ...part, checksum: options?.checksum };
      }
    },
  },
  {
    fault: "leaves out parts that it does not have",
    caughtBy: ["U04"],
    store: class extends MemoryObjectStore {
      override async completeUpload(...[upload, parts, options]: Complete) {
        const there = await Array.fromAsync(this.listParts(upload));
        const known = parts.filter(({ etag }) => there.some((part) => part.etag === etag));
        const named = known.map((part) => there.find(({ etag }) => etag === part.etag) ?? part);
        return super.completeUpload(upload, [...new Set(named)], options);
      }
    },
  },
  {
    fault: "keeps no encryption of an upload and does not say so",
    caughtBy: ["U30-aws:kms"],
    store: class extends MemoryObjectStore {
      override readonly facts: StoreFacts = declaring({ encryption: ["aws:kms"] });
      override createUpload(...[key, options]: Parameters<OpenStore["createUpload"]>) {
        return super.createUpload(key, { ...options, encryption: undefined });
      }
    },
  },
  {
    fault: "takes a prefix of uploads for a folder",
    caughtBy: ["U22"],
    store: class extends MemoryObjectStore {
      override async *listUploads(...[of, options]: ListUploads) {
        for await (const upload of super.listUploads(of, options)) {
          const rest = upload.key.slice(of.prefix?.length ?? 0);
          const folder = of.prefix === undefined || /^$|\/$/.test(of.prefix);
          if (folder || rest.startsWith("/")) yield upload;
        }
      }
    },
  },
  {
    fault: "holds no key beside its prefix, and lists the longer one alone",
    caughtBy: ["P26-listed"],
    store: class extends MemoryObjectStore {
      override async *list(...[options]: Parameters<OpenStore["list"]>) {
        const entries = await Array.fromAsync(super.list(options));
        for (const entry of entries) {
          const hidden = (key: string): boolean =>
            entries.some((other) => other.kind === "object" && other.key.startsWith(`${key}/`));
          if (entry.kind !== "object" || !hidden(entry.key)) yield entry;
        }
      }
    },
  },
];
