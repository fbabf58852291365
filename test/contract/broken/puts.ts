import { MemoryObjectStore } from "../../../src/adapters/memory/index.js";
import type { OpenObject } from "../../../src/ports/object-store.js";
import type { OpenStore } from "../../../src/ports/store.js";
import {
  type BrokenStore,
  bodyOf,
  declaring,
  type Get,
  nextTurn,
  type Put,
} from "./broken-store.js";

export const brokenPuts: readonly BrokenStore[] = [
  {
    fault: "ignores the condition of a put",
    caughtBy: ["P11", "P12-stale", "P12-missing", "P13", "W02-put"],
    store: class extends MemoryObjectStore {
      override put(...[key, bytes, options]: Put) {
        return super.put(key, bytes, { ...options, when: undefined });
      }
    },
  },
  {
    fault: "looks first and writes then",
    caughtBy: ["P13"],
    store: class extends MemoryObjectStore {
      override async put(...[key, bytes, options]: Put) {
        if (
          options?.when?.absent &&
          (await Array.fromAsync(this.list({ prefix: key }))).length > 0
        ) {
          return super.put(key, bytes, options);
        }
        await nextTurn();
        return super.put(key, bytes, { ...options, when: undefined });
      }
    },
  },
  {
    fault: "drops metadata",
    caughtBy: ["P01", "M02", "M05", "H01", "C01"],
    store: class extends MemoryObjectStore {
      override put(...[key, bytes, options]: Put) {
        return super.put(key, bytes, { ...options, metadata: {} });
      }
    },
  },
  {
    fault: "trims metadata values, as servers do",
    caughtBy: ["M02", "M02-together"],
    store: class extends MemoryObjectStore {
      override put(...[key, bytes, options]: Put) {
        const entries = Object.entries(options?.metadata ?? {});
        const metadata = Object.fromEntries(
          entries.map(([name, value]) => [name, typeof value === "string" ? value.trim() : value]),
        );
        return super.put(key, bytes, { ...options, metadata });
      }
    },
  },
  {
    fault: "merges new metadata with old",
    caughtBy: ["P08", "U01-replaces"],
    store: class extends MemoryObjectStore {
      readonly #metadata = new Map<string, Record<string, string>>();
      override put(...[key, bytes, options]: Put) {
        const metadata = { ...this.#metadata.get(key), ...options?.metadata };
        this.#metadata.set(key, metadata);
        return super.put(key, bytes, { ...options, metadata });
      }
      override async createUpload(...[key, options]: Parameters<OpenStore["createUpload"]>) {
        const metadata = { ...this.#metadata.get(key), ...options?.metadata };
        return super.createUpload(key, { ...options, metadata });
      }
    },
  },
  {
    fault: "guesses the content type",
    caughtBy: ["P20"],
    store: class extends MemoryObjectStore {
      override put(...[key, bytes, options]: Put) {
        return super.put(key, bytes, { contentType: "text/html", ...options });
      }
    },
  },
  {
    fault: "overwrites in place",
    caughtBy: ["E08"],
    store: class extends MemoryObjectStore {
      override async put(...[key, bytes, options]: Put) {
        if (bytes.length > 100_000) await super.put(key, bytes.subarray(0, 50_000), options);
        await nextTurn();
        return super.put(key, bytes, options);
      }
    },
  },
  {
    fault: "empties an object before a refused write",
    caughtBy: ["P21-keeps"],
    store: class extends MemoryObjectStore {
      override async put(...[key, bytes, options]: Put) {
        if (options?.checksum !== undefined) await super.put(key, new Uint8Array(0));
        return super.put(key, bytes, options);
      }
    },
  },
  {
    fault: "keeps the caller's own bytes",
    caughtBy: ["P01-alias"],
    store: class extends MemoryObjectStore {
      readonly #bytes = new Map<string, Uint8Array>();
      override put(...[key, bytes, options]: Put) {
        this.#bytes.set(key, bytes);
        return super.put(key, bytes, options);
      }
      override async get(...[key, options]: Get): Promise<OpenObject> {
        const object = await super.get(key, options);
        const bytes = this.#bytes.get(key);
        return bytes === undefined ? object : { ...object, body: bodyOf([bytes]) };
      }
    },
  },
  {
    fault: "ignores the checksum",
    caughtBy: ["P21", "P21-wrong"],
    store: class extends MemoryObjectStore {
      override put(...[key, bytes, options]: Put) {
        return super.put(key, bytes, { ...options, checksum: undefined });
      }
    },
  },
  {
    fault: "drops the encryption asked for",
    caughtBy: ["E09-AES256", "E09-aws:kms"],
    store: class extends MemoryObjectStore {
      override put(...[key, bytes, options]: Put) {
        return super.put(key, bytes, { ...options, encryption: undefined });
      }
    },
  },
  {
    fault: "says that it cannot do conditions, and goes on without",
    caughtBy: ["E09-put"],
    store: class extends MemoryObjectStore {
      override readonly facts = declaring({ conditions: { put: false } });
      override put(...[key, bytes, options]: Put) {
        return super.put(key, bytes, { ...options, when: undefined });
      }
    },
  },
];
