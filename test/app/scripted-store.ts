import { StowageError } from "../../src/domain/errors.js";
import type { ObjectKey } from "../../src/domain/object-key.js";
import type { Clock } from "../../src/ports/clock.js";
import type { Store } from "../../src/ports/store.js";

/** What happens around one call: before it is carried out, or after, when its answer is lost. */
export interface Fault {
  readonly operation: keyof Store;
  /** Which call of the operation, from 1. Default: every one. */
  readonly nth?: number | undefined;
  /** Default: `before`. */
  readonly when?: "before" | "after" | undefined;
  readonly run: () => unknown;
}

/** A store on which calls go wrong as told. Each call is written down in `calls`. */
export function scripted(store: Store, faults: readonly Fault[]): Store & { calls: string[] } {
  const calls: string[] = [];
  const counts = new Map<PropertyKey, number>();
  const proxy = new Proxy(store, {
    get(target, name: keyof Store) {
      if (name === ("calls" as keyof Store)) return calls;
      const member = target[name];
      if (typeof member !== "function" || name === "uri") {
        return typeof member === "function" ? member.bind(target) : member;
      }
      const call = member as (...args: unknown[]) => unknown;
      return (...args: unknown[]) => {
        calls.push(name);
        const count = (counts.get(name) ?? 0) + 1;
        counts.set(name, count);
        const due = faults.filter(
          ({ operation, nth }) => operation === name && (nth === undefined || nth === count),
        );
        const run = (when: string) =>
          due.filter((fault) => (fault.when ?? "before") === when).map((fault) => fault.run());
        if (name === "list" || name === "listParts" || name === "listUploads") {
          return (async function* () {
            await Promise.all(run("before"));
            yield* call.apply(target, args) as AsyncIterable<unknown>;
            await Promise.all(run("after"));
          })();
        }
        return (async () => {
          await Promise.all(run("before"));
          const result = await call.apply(target, args);
          await Promise.all(run("after"));
          return result;
        })();
      };
    },
  });
  return proxy as Store & { calls: string[] };
}

/** Throws what a server that is down, or an answer that is lost, makes of a call. */
export function unavailable(outcome: "not-applied" | "unknown" = "unknown"): never {
  throw new StowageError("unavailable", "Cannot reach the store: the connection was reset", {
    outcome,
  });
}

export function refused(): never {
  throw new StowageError("access-denied", "Cannot write: the store refuses it", {
    outcome: "not-applied",
  });
}

/** A clock that moves only when it is told to. */
export interface StillClock extends Clock {
  /** How long it would have waited, each time. */
  readonly slept: number[];
  /** Moves on, in milliseconds. */
  pass(ms: number): void;
}

/** A clock that stands still and never waits. */
export function stillClock(begin = "2025-10-23T14:30:45.123Z"): StillClock {
  const slept: number[] = [];
  let now = Date.parse(begin);
  let tokens = 0;
  return {
    slept,
    pass: (ms) => {
      now += ms;
    },
    now: () => new Date(now),
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      slept.push(ms);
    },
    random: () => 0.5,
    token: () => `${++tokens}`.padStart(32, "0"),
  };
}

/** All keys that a store holds. */
export async function keysOf(store: Store): Promise<ObjectKey[]> {
  const entries = await Array.fromAsync(store.list());
  return entries.map((entry) => {
    if (entry.kind === "prefix") throw new Error("a prefix without a delimiter");
    return entry.key;
  });
}

/** All uploads in progress that a store holds. */
export async function uploadsOf(store: Store): Promise<string[]> {
  const uploads = await Array.fromAsync(store.listUploads({ prefix: "" }));
  return uploads.map(({ key }) => key);
}

/** The bytes of an object. */
export async function bytesOf(store: Store, key: ObjectKey): Promise<Buffer> {
  await using object = await store.get(key);
  return Buffer.concat(await Array.fromAsync(object.body));
}
