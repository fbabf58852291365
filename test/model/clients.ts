import assert from "node:assert/strict";
import fc from "fast-check";
import { StowageError } from "../../src/domain/errors.js";
import { type ObjectKey, objectKey } from "../../src/domain/object-key.js";
import { read, sameBytes } from "../../src/ports/contract/assertions.js";
import type { Store } from "../../src/ports/store.js";
import { type Answer, type Call, isLinearizable, type Operation } from "./linearizable.js";

const CLIENTS = 4;
const KEYS = ["one", "two"];
/** Calls of one client on each key: with four clients, twelve a key. */
const CALLS_PER_KEY = 3;

interface Step {
  readonly key: number;
  readonly kind: Operation["kind"];
}

/** What each client does, one call after the other. */
export type Plan = readonly (readonly Step[])[];

const kind = fc.constantFrom<Operation["kind"][]>("put", "create", "delete", "get", "get");

export const plans: fc.Arbitrary<Plan> = fc.array(
  fc
    .array(kind, { minLength: KEYS.length * CALLS_PER_KEY, maxLength: KEYS.length * CALLS_PER_KEY })
    .chain((kinds) => fc.shuffledSubarray(stepsOf(kinds), { minLength: kinds.length })),
  { minLength: CLIENTS, maxLength: CLIENTS },
);

function stepsOf(kinds: readonly Operation["kind"][]): Step[] {
  return kinds.map((each, at) => ({ key: at % KEYS.length, kind: each }));
}

/** Lets clients loose on two keys of a store, and expects the answers to be those of registers. */
export async function expectLinearizable(store: Store, prefix: string, plan: Plan): Promise<void> {
  const keys = KEYS.map((name) => objectKey(prefix + name));
  const histories = keys.map((): Call[] => []);
  let time = 0;
  const client = async (steps: readonly Step[], number: number): Promise<void> => {
    for (const [at, step] of steps.entries()) {
      const key = keys[step.key];
      assert.ok(key !== undefined);
      const operation = operationOf(step.kind, `value ${number}.${at}`);
      const start = time++;
      const answer = await answerOf(store, key, operation);
      if (answer === undefined) continue;
      histories[step.key]?.push({ operation, answer, start, end: time++ });
    }
  };
  await Promise.all(plan.map(client));
  await store.deleteMany(keys);
  for (const calls of histories) {
    assert.ok(isLinearizable(calls), `no register gives these answers:\n${drawn(calls)}`);
  }
}

function operationOf(kind: Operation["kind"], value: string): Operation {
  return kind === "put" || kind === "create" ? { kind, value } : { kind };
}

/** What the store answers; `undefined` where it has done nothing, and has told nothing of the key. */
async function answerOf(
  store: Store,
  key: ObjectKey,
  operation: Operation,
): Promise<Answer | undefined> {
  try {
    switch (operation.kind) {
      case "put":
        await putValue(store, key, operation.value);
        return "done";
      case "create":
        await putValue(store, key, operation.value, true);
        return "done";
      case "delete":
        await store.delete(key);
        return "done";
      case "get":
        return { value: await readValue(store, key) };
    }
  } catch (error) {
    if (!(error instanceof StowageError)) throw error;
    if (operation.kind === "create" && error.code === "already-exists") return "taken";
    // A read may fail when its object is replaced, and a write when another is made at once.
    if (!error.retryable) throw error;
    const changed = operation.kind !== "get" && error.outcome !== "not-applied";
    return changed ? "unknown" : undefined;
  }
}

async function putValue(
  store: Store,
  key: ObjectKey,
  value: string,
  absent = false,
): Promise<void> {
  const when = absent ? ({ absent: true } as const) : undefined;
  await store.put(key, bodyOf(value), { metadata: { value }, when });
}

/** The value of an object, of which bytes and metadata say the same; `undefined` without an object. */
async function readValue(store: Store, key: ObjectKey): Promise<string | undefined> {
  try {
    const { bytes, info } = await read(store, key);
    const value = info.metadata["value"] ?? "";
    sameBytes(bytes, bodyOf(value));
    return value;
  } catch (error) {
    if (error instanceof StowageError && error.code === "not-found") return undefined;
    throw error;
  }
}

/** As many bytes as a mixture would show in, and another number of them for most values. */
function bodyOf(value: string): Uint8Array {
  const seed = [...value].reduce((sum, character) => sum + character.charCodeAt(0), 0);
  return new TextEncoder().encode(`${value}\n`.repeat(100 + (seed % 50)));
}

function drawn(calls: readonly Call[]): string {
  return calls
    .toSorted((a, b) => a.start - b.start)
    .map(({ operation, answer, start, end }) => {
      const value = "value" in operation ? ` ${operation.value}` : "";
      return `${start} to ${end}: ${operation.kind}${value} -> ${JSON.stringify(answer)}`;
    })
    .join("\n");
}
