import { MemoryObjectStore } from "../../../src/adapters/memory/index.js";
import type { PartBody } from "../../../src/ports/multipart-store.js";
import type { StoreFacts, StoreHonours } from "../../../src/ports/object-store.js";
import type { OpenStore } from "../../../src/ports/store.js";

/** A memory store with one fault, and the cases that are to catch it. */
export interface BrokenStore {
  readonly fault: string;
  readonly caughtBy: readonly string[];
  readonly store: new () => OpenStore;
}

export type Put = Parameters<OpenStore["put"]>;
export type Get = Parameters<OpenStore["get"]>;

/** The bytes of a part, for faults that are tried with bytes at hand alone. */
export function atHand(body: PartBody): Uint8Array {
  if ("open" in body) throw new Error("this fault is not tried with slices");
  return body;
}

/** Resolves after everything else that is ready has had its turn. */
export async function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export async function* bodyOf(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

/** The facts of a memory store that says other things of itself. */
export function declaring(
  honours: Partial<Omit<StoreHonours, "conditions">> & {
    readonly conditions?: Partial<StoreHonours["conditions"]>;
  },
  facts: Partial<StoreFacts> = {},
): StoreFacts {
  const memory = new MemoryObjectStore().facts;
  const conditions = { ...memory.honours.conditions, ...honours.conditions };
  return { ...memory, ...facts, honours: { ...memory.honours, ...honours, conditions } };
}
