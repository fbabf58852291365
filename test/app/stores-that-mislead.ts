import { MemoryObjectStore } from "../../src/adapters/memory/index.js";
import { StowageError } from "../../src/domain/errors.js";
import type { ObjectKey } from "../../src/domain/object-key.js";
import type {
  Encryption,
  GetOptions,
  ListEntry,
  ListOptions,
  ObjectInfo,
} from "../../src/ports/object-store.js";
import type { OpenStore } from "../../src/ports/store.js";

type Put = Parameters<OpenStore["put"]>;
type Create = Parameters<OpenStore["createUpload"]>;
type Complete = Parameters<OpenStore["completeUpload"]>;

/** A store whose fault shows on a live server alone, and what the probe is to say of it. */
export interface MisleadingStore {
  readonly fault: string;
  /** Ids with their results. */
  readonly noticed: readonly string[];
  readonly store: new () => OpenStore;
}

function denied(): StowageError {
  return new StowageError("access-denied", "Cannot go on: 403 AccessDenied", {
    outcome: "not-applied",
  });
}

/** Takes any encryption for done, and tells it with a head as `told` says. */
function encrypting(told: Encryption["algorithm"] | undefined): new () => OpenStore {
  return class extends MemoryObjectStore {
    override put(...[key, bytes, options]: Put) {
      return super.put(key, bytes, { ...options, encryption: undefined });
    }
    override createUpload(...[key, options]: Create) {
      return super.createUpload(key, { ...options, encryption: undefined });
    }
    override completeUpload(...[upload, parts, options]: Complete) {
      return super.completeUpload(upload, parts, { ...options, encryption: undefined });
    }
    override async head(key: ObjectKey): Promise<ObjectInfo> {
      return { ...(await super.head(key)), encryption: told };
    }
  };
}

export const storesThatMislead: readonly MisleadingStore[] = [
  {
    fault: "swallows encryption",
    noticed: [
      "encryption.AES256 ignored",
      "encryption.AES256.parts ignored",
      "encryption.aws:kms ignored",
      "encryption.aws:kms.parts ignored",
    ],
    store: encrypting(undefined),
  },
  {
    fault: "encrypts in its own way, whatever is asked for",
    noticed: ["encryption.aws:kms ignored", "encryption.aws:kms.parts ignored"],
    store: encrypting("AES256"),
  },
  {
    fault: "notices itself that it does not encrypt",
    noticed: ["encryption.AES256 ignored", "encryption.aws:kms ignored"],
    store: class extends MemoryObjectStore {
      override async put(...[key, bytes, options]: Put) {
        if (options?.encryption === undefined) return super.put(key, bytes, options);
        throw new StowageError("not-encrypted", "Cannot put: it is not confirmed");
      }
    },
  },
  {
    fault: "gives other bytes back",
    noticed: ["access.read ignored"],
    store: class extends MemoryObjectStore {
      override async get(key: ObjectKey, options: GetOptions = {}) {
        const object = await super.get(key, options);
        if (options.range !== undefined || !key.endsWith("/object")) return object;
        return { ...object, body: (async function* () {})() };
      }
    },
  },
  {
    fault: "removes nothing, and does not say so",
    noticed: ["access.remove ignored"],
    store: class extends MemoryObjectStore {
      override async delete(...[key, options]: Parameters<OpenStore["delete"]>) {
        if (!key.endsWith("/object")) await super.delete(key, options);
      }
    },
  },
  {
    fault: "goes by another clock",
    noticed: ["access.clock ignored"],
    store: class extends MemoryObjectStore {
      constructor() {
        super({ now: () => new Date(Date.now() - 400_000) });
      }
    },
  },
  {
    fault: "lists folders as the objects in them",
    noticed: ["list.delimiter ignored"],
    store: class extends MemoryObjectStore {
      override list(options: ListOptions): AsyncIterable<ListEntry> {
        return super.list({ ...options, delimiter: undefined });
      }
    },
  },
  {
    fault: "lists no uploads of a key",
    noticed: ["uploads.key ignored"],
    store: class extends MemoryObjectStore {
      override async *listUploads(...[of, options]: Parameters<OpenStore["listUploads"]>) {
        if (of.key === undefined) yield* super.listUploads(of, options);
      }
    },
  },
  {
    fault: "answers a range with what was not asked for, and is caught at it",
    noticed: ["read.range ignored"],
    store: class extends MemoryObjectStore {
      override async get(key: ObjectKey, options: GetOptions = {}) {
        if (options.range === undefined) return super.get(key, options);
        throw new StowageError("bad-answer", "Cannot get object: all bytes are answered");
      }
    },
  },
  {
    fault: "has no word for a condition on a copy",
    noticed: ["conditions.copy.absent refused", "conditions.copy.etag refused"],
    store: class extends MemoryObjectStore {
      override async copy(...[from, to, options]: Parameters<OpenStore["copy"]>) {
        if (options?.when === undefined) return super.copy(from, to, options);
        throw new StowageError("unexpected", "Cannot copy: 400 InvalidRequest", { status: 400 });
      }
    },
  },
  {
    fault: "may be listed, and not be read",
    noticed: [
      "access.read refused",
      "checksum.harmless ignored",
      "read.range unknown",
      "list.beside unknown",
    ],
    store: class extends MemoryObjectStore {
      override async get(): Promise<never> {
        throw denied();
      }
    },
  },
  {
    fault: "is refused to be written, but for uploads in parts",
    noticed: [
      "access.write refused",
      "access.read unknown",
      "access.remove unknown",
      "access.metadata unknown",
      "access.clock unknown",
      "conditions.put.absent unknown",
      "conditions.put.etag unknown",
      "conditions.put.etag-missing unknown",
      "conditions.complete.etag unknown",
      "conditions.copy.absent unknown",
      "conditions.copy.etag unknown",
      "conditions.delete.etag unknown",
      "checksum.put unknown",
      "checksum.harmless unknown",
      "checksum.kept unknown",
      "encryption.AES256 unknown",
      "encryption.aws:kms unknown",
      "read.range unknown",
      "list.names unknown",
      "list.pages unknown",
      "list.order unknown",
      "list.start-after unknown",
      "list.delimiter unknown",
      "list.beside unknown",
    ],
    store: class extends MemoryObjectStore {
      override async put(): Promise<never> {
        throw denied();
      }
    },
  },
  {
    fault: "does not let lists be seen",
    noticed: [
      "access.list refused",
      "list.names unknown",
      "list.pages unknown",
      "list.order unknown",
      "list.start-after unknown",
      "list.delimiter unknown",
      "list.beside unknown",
    ],
    store: class extends MemoryObjectStore {
      override async *list(): AsyncIterable<ListEntry> {
        yield* await Promise.reject<ListEntry[]>(denied());
      }
    },
  },
];
