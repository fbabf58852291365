import { MemoryObjectStore } from "../../src/adapters/memory/index.js";
import { type ErrorCode, type Operation, StowageError } from "../../src/domain/errors.js";
import type { ContractSubject } from "../../src/ports/contract/index.js";
import type { ObjectStore, When } from "../../src/ports/object-store.js";
import type { OpenStore } from "../../src/ports/store.js";
import { declaring } from "./broken/broken-store.js";

/** What a store sees in its arguments alone. */
const BEFORE_IO: readonly ErrorCode[] = ["unsupported", "invalid-argument", "invalid-metadata"];

/** A sound store that honours as little as one may, in a bucket that may be missing. */
export const limitedSubject: ContractSubject & { readonly store: OpenStore } = {
  store: limited(true),
  openWithoutBucket: async () => limited(false),
};

/** What an adapter has that implements `ObjectStore` alone. */
export function objectsOnly(store: OpenStore): ObjectStore {
  return {
    facts: store.facts,
    uri: (...args) => store.uri(...args),
    keyOf: (...args) => store.keyOf(...args),
    put: (...args) => store.put(...args),
    get: (...args) => store.get(...args),
    head: (...args) => store.head(...args),
    delete: (...args) => store.delete(...args),
    deleteMany: (...args) => store.deleteMany(...args),
    copy: (...args) => store.copy(...args),
    list: (...args) => store.list(...args),
  };
}

function limited(bucketExists: boolean): OpenStore {
  const facts = declaring(
    {
      conditions: { put: false, complete: false, copy: false, delete: false },
      listUploads: "key",
    },
    { bucket: "bucket" },
  );
  const memory = new MemoryObjectStore();
  const refuse = (operation: Operation, code: ErrorCode): StowageError =>
    new StowageError(code, `Cannot ${operation}: ${code}`, { operation, bucket: "bucket" });

  return new Proxy<OpenStore>(memory, {
    get: (_, name) => {
      if (name === "facts") return facts;
      const method: unknown = Reflect.get(memory, name);
      if (typeof method !== "function") return method;
      if (typeof name === "symbol" || name === "uri" || name === "keyOf")
        return method.bind(memory);
      const operation = name as Operation;
      const told = (error: unknown): unknown => {
        if (!(error instanceof StowageError)) return error;
        if (bucketExists || BEFORE_IO.includes(error.code)) return error.with({ bucket: "bucket" });
        return refuse(operation, "bucket-not-found");
      };
      const expectHonoured = (args: readonly unknown[]): void => {
        const asked = args.some((arg) => {
          const { when, prefix } = (arg ?? {}) as { when?: When; prefix?: string };
          const byPrefix = operation === "listUploads" && prefix !== undefined;
          return byPrefix || (operation !== "get" && when !== undefined);
        });
        if (asked) throw refuse(operation, "unsupported");
      };
      if (operation === "list" || operation === "listParts" || operation === "listUploads") {
        return async function* (...args: unknown[]): AsyncGenerator<unknown> {
          expectHonoured(args);
          try {
            yield* Reflect.apply(method, memory, args) as AsyncIterable<unknown>;
          } catch (error) {
            throw told(error);
          }
          if (!bucketExists) throw refuse(operation, "bucket-not-found");
        };
      }
      return async (...args: unknown[]): Promise<unknown> => {
        expectHonoured(args);
        try {
          const answer: unknown = await Reflect.apply(method, memory, args);
          if (bucketExists) return answer;
        } catch (error) {
          throw told(error);
        }
        throw refuse(operation, "bucket-not-found");
      };
    },
  });
}
