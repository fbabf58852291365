import fc from "fast-check";
import { expect, test } from "vitest";
import { MemoryObjectStore } from "../../src/adapters/memory/index.js";
import type { Stowage, Uploaded } from "../../src/app/stowage.js";
import { partMemory } from "../../src/app/uploader/part-memory.js";
import type { StoreLimits } from "../../src/domain/upload-plan.js";
import type { Store } from "../../src/ports/store.js";
import { bytesOf, keysOf, uploadsOf } from "../app/scripted-store.js";
import { stowageOn } from "../app/stowage-on.js";
import { scheduled } from "./scheduled.js";
import { rounds, TRIAL_TIMEOUT_MS } from "./soak.js";

/** Limits of few bytes, so that there are parts. */
const LIMITS: StoreLimits = {
  maxObjectBytes: 1_000,
  maxPutBytes: 500,
  minPartBytes: 10,
  maxPartBytes: 100,
  maxParts: 20,
};
const LEFT = new Error("the caller has left");

interface Wanted {
  readonly size: number;
  readonly stream: boolean;
  /** After how many of all calls the caller leaves. */
  readonly leavesAt: number | undefined;
}

const wanted: fc.Arbitrary<Wanted> = fc.record({
  size: fc.integer({ min: 0, max: 45 }),
  stream: fc.boolean(),
  leavesAt: fc.option(fc.integer({ min: 1, max: 30 }), { nil: undefined, freq: 4 }),
});

function narrow(store: Store): Stowage {
  const wishes = { thresholdBytes: 10, partBytes: 10, streamPartCapBytes: 10 };
  return stowageOn(store, { wishes, concurrency: 2, memoryBudgetBytes: 25 });
}

/** Bytes that no other upload of the run has. */
function bytesFor(size: number, number: number): Buffer {
  return Buffer.alloc(size, number + 1);
}

async function* streamOf(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 4) yield bytes.subarray(at, at + 4);
}

/** Calls `act` at the n-th call of all. */
function counting(store: Store, act: (call: number) => void): Store {
  let calls = 0;
  return new Proxy(store, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function" || name === "uri") return member;
      return (...args: unknown[]) => {
        calls += 1;
        act(calls);
        return Reflect.apply(member, target, args);
      };
    },
  });
}

test(
  "uploads of one name in one second come out right, in whatever order their calls are answered",
  { timeout: TRIAL_TIMEOUT_MS },
  () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(wanted, { minLength: 2, maxLength: 4 }),
        fc.scheduler(),
        async (all, scheduler) => {
          const store = new MemoryObjectStore({ limits: LIMITS });
          const callers = all.map(() => new AbortController());
          const counted = counting(scheduled(store, scheduler), (call) => {
            for (const [at, { leavesAt }] of all.entries()) {
              if (leavesAt === call) callers[at]?.abort(LEFT);
            }
          });
          const stowage = narrow(counted);
          const uploads = all.map(({ size, stream }, at) => {
            const bytes = bytesFor(size, at);
            const source = stream ? streamOf(bytes) : bytes;
            const { signal } = callers[at] ?? new AbortController();
            return stowage.uploadDataset({ userId: 7, source, name: "x.csv", signal });
          });
          const results = await scheduler.waitFor(Promise.allSettled(uploads));
          const stored: Uploaded[] = [];
          for (const [at, result] of results.entries()) {
            if (result.status === "rejected") {
              expect(result.reason).toBe(LEFT);
              continue;
            }
            stored.push(result.value);
            const bytes = bytesFor(all[at]?.size ?? 0, at);
            expect(await bytesOf(store, result.value.key)).toEqual(bytes);
          }
          const keys = stored.map(({ key }) => key);
          expect((await keysOf(store)).toSorted()).toEqual(keys.toSorted());
          expect(await uploadsOf(store)).toEqual([]);
          expect(partMemory.heldBytes).toBe(0);
        },
      ),
      { numRuns: rounds(200) },
    ),
);
