import { MemoryObjectStore } from "../../../src/adapters/memory/index.js";
import { StowageError } from "../../../src/domain/errors.js";
import type { ObjectKey } from "../../../src/domain/object-key.js";
import type { ObjectInfo, OpenObject } from "../../../src/ports/object-store.js";
import type { OpenStore } from "../../../src/ports/store.js";
import { type BrokenStore, bodyOf, type Get } from "./broken-store.js";

export const brokenReads: readonly BrokenStore[] = [
  {
    fault: "takes the end of a range as included",
    caughtBy: ["G02"],
    store: class extends MemoryObjectStore {
      override get(...[key, options]: Get) {
        const { start, end } = options?.range ?? {};
        if (start === undefined || end === undefined) return super.get(key, options);
        return super.get(key, { ...options, range: { start, end: end + 1 } });
      }
    },
  },
  {
    fault: "takes a suffix for a start",
    caughtBy: ["G02-suffix"],
    store: class extends MemoryObjectStore {
      override get(...[key, options]: Get) {
        const { suffix } = options?.range ?? {};
        if (suffix === undefined || suffix < 1) return super.get(key, options);
        return super.get(key, { ...options, range: { start: 0, end: suffix } });
      }
    },
  },
  {
    fault: "tells the size of the range as that of the object",
    caughtBy: ["G15"],
    store: class extends MemoryObjectStore {
      override async get(...[key, options]: Get): Promise<OpenObject> {
        const object = await super.get(key, options);
        const chunks = await Array.fromAsync(object.body);
        const size = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
        return { ...object, info: { ...object.info, size }, body: bodyOf(chunks) };
      }
    },
  },
  {
    fault: "reads a missing object as an empty one",
    caughtBy: ["G05", "D01", "E07"],
    store: class extends MemoryObjectStore {
      override async get(...[key, options]: Get): Promise<OpenObject> {
        try {
          return await super.get(key, options);
        } catch (error) {
          if (!(error instanceof StowageError) || error.code !== "not-found") throw error;
          const info: ObjectInfo = {
            key,
            size: 0,
            etag: "",
            lastModified: new Date(0),
            contentType: "",
            metadata: {},
          };
          return { info, body: bodyOf([]), [Symbol.asyncDispose]: async () => {} };
        }
      }
    },
  },
  {
    fault: "goes on with the new bytes when an object is replaced",
    caughtBy: ["G10"],
    store: class extends MemoryObjectStore {
      override async get(...[key, options]: Get): Promise<OpenObject> {
        const object = await super.get(key, options);
        if (object.info.size < 4_000_000 || options?.range !== undefined) return object;
        const read = (range: { start: number; end?: number }) => super.get(key, { range });
        async function* body(): AsyncGenerator<Uint8Array> {
          yield* (await read({ start: 0, end: 65_536 })).body;
          yield* (await read({ start: 65_536 })).body;
        }
        return { ...object, body: body() };
      }
    },
  },
  {
    fault: "holds on to a body that is left early",
    caughtBy: ["G08"],
    store: class extends MemoryObjectStore {
      #free = 50;
      override async get(...[key, options]: Get): Promise<OpenObject> {
        if (this.#free === 0) throw new Error("no socket is free");
        this.#free -= 1;
        const object = await super.get(key, options);
        const release = (): void => {
          this.#free += 1;
        };
        async function* body(): AsyncGenerator<Uint8Array> {
          yield* object.body;
          release();
        }
        return { ...object, body: body() };
      }
    },
  },
  {
    fault: "tells an ETag of before the last write",
    caughtBy: ["W03", "P23"],
    store: class extends MemoryObjectStore {
      readonly #heads = new Map<string, ObjectInfo>();
      override async head(...[key, options]: Parameters<OpenStore["head"]>) {
        const info = await super.head(key, options);
        const known = this.#heads.get(key);
        if (known !== undefined && known.etag !== info.etag) return known;
        this.#heads.set(key, info);
        return info;
      }
    },
  },
  {
    fault: "does not look at signals",
    caughtBy: ["P16", "P16-any"],
    store: class extends MemoryObjectStore {
      override head(key: ObjectKey) {
        return super.head(key);
      }
    },
  },
  {
    fault: "rejects an aborted call with an error of its own",
    caughtBy: ["P16", "P16-any"],
    store: class extends MemoryObjectStore {
      override async head(...[key, options]: Parameters<OpenStore["head"]>) {
        if (options?.signal?.aborted) throw new DOMException("Aborted", "AbortError");
        return super.head(key);
      }
    },
  },
  {
    fault: "reads on after an abort",
    caughtBy: ["P16-body", "P16-body-midway"],
    store: class extends MemoryObjectStore {
      override async get(...[key, options]: Get) {
        options?.signal?.throwIfAborted();
        return super.get(key, { ...options, signal: undefined });
      }
    },
  },
  {
    fault: "tells no key with its errors",
    caughtBy: ["E07"],
    store: class extends MemoryObjectStore {
      override async head(...[key, options]: Parameters<OpenStore["head"]>) {
        try {
          return await super.head(key, options);
        } catch (error) {
          throw error instanceof StowageError ? error.with({ key: undefined }) : error;
        }
      }
    },
  },
];
