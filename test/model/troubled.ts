import { type Operation, type Outcome, StowageError } from "../../src/domain/errors.js";
import type { Store } from "../../src/ports/store.js";

/** What happens to one call. */
export type Trouble =
  | "none"
  /** The server is busy: nothing is done, and it says so. */
  | "busy"
  /** It may not be done: nothing is, and to ask again is no help. */
  | "denied"
  /** It is done, and the answer is lost. */
  | "answer lost"
  /** It never arrives, and nobody is told. */
  | "request lost"
  /** Nobody is told, and it arrives when everybody has given up. */
  | "late";

/** A store on which calls go wrong as told, each as it is made. */
export interface Troubled {
  readonly store: Store;
  /** Lets arrive what is late. */
  settle(): Promise<void>;
  /** How many uploads were begun of which nobody was told. */
  readonly lostUploads: () => number;
}

const READS: ReadonlySet<string> = new Set(["get", "head", "list", "listParts", "listUploads"]);

export function troubled(store: Store, troubleOf: (operation: Operation) => Trouble): Troubled {
  const late: (() => Promise<unknown>)[] = [];
  let lostUploads = 0;

  const carriedOut = async (
    operation: Operation,
    call: () => Promise<unknown>,
  ): Promise<unknown> => {
    const trouble = troubleOf(operation);
    const fail = (code: "unavailable" | "access-denied", outcome: Outcome): StowageError =>
      new StowageError(code, `Cannot ${operation}: ${trouble}`, {
        operation,
        outcome: READS.has(operation) ? undefined : outcome,
      });
    switch (trouble) {
      case "none":
        return call();
      case "busy":
        throw fail("unavailable", "not-applied");
      case "denied":
        throw fail("access-denied", "not-applied");
      case "answer lost":
        await call();
        if (operation === "createUpload") lostUploads += 1;
        throw fail("unavailable", "unknown");
      case "late":
        if (!READS.has(operation)) late.push(call);
        if (operation === "createUpload") lostUploads += 1;
        throw fail("unavailable", "unknown");
      case "request lost":
        throw fail("unavailable", "unknown");
    }
  };

  const proxy = new Proxy(store, {
    get: (_, name) => {
      const method: unknown = Reflect.get(store, name);
      if (typeof method !== "function" || typeof name === "symbol") return method;
      if (name === "uri" || name === "keyOf") return method.bind(store);
      const operation = name as Operation;
      if (operation === "list" || operation === "listParts" || operation === "listUploads") {
        return async function* (...args: unknown[]): AsyncGenerator<unknown> {
          await carriedOut(operation, async () => undefined);
          yield* Reflect.apply(method, store, args) as AsyncIterable<unknown>;
        };
      }
      return (...args: unknown[]) =>
        carriedOut(operation, async () => Reflect.apply(method, store, args));
    },
  });

  return {
    store: proxy,
    settle: async () => {
      for (const call of late.splice(0)) await call().catch(() => undefined);
    },
    lostUploads: () => lostUploads,
  };
}
