import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MemoryObjectStore } from "../../src/adapters/memory/index.js";
import { objectKey } from "../../src/domain/object-key.js";
import { type ReadObject, read } from "../../src/ports/contract/assertions.js";
import type { Store } from "../../src/ports/store.js";
import { bodyOf } from "../contract/broken/broken-store.js";
import { expectLinearizable, plans } from "./clients.js";
import { raceOfCreators, raceOfRaisers, raceOfUploads } from "./races.js";
import { scheduled } from "./scheduled.js";
import { SMALL_LIMITS } from "./small.js";
import { rounds, TRIAL_TIMEOUT_MS } from "./soak.js";

const everyOther = (at: number): boolean => at % 2 === 0;

const KEY = objectKey("object");

/** Races of calls whose turns fast-check deals out: in every order, as far as it gets. */
const RACES: Record<string, (store: Store) => Promise<void>> = {
  creators: (store) => raceOfCreators(store, KEY, 4, everyOther),
  raisers: (store) => raceOfRaisers(store, KEY, 3, 2, everyOther),
  uploads: (store) => raceOfUploads(store, KEY, 2),
};

function inAnyOrder(
  open: () => Store,
  race: (store: Store) => Promise<void>,
): fc.IAsyncProperty<[fc.Scheduler]> {
  return fc.asyncProperty(fc.scheduler(), (scheduler) =>
    scheduler.waitFor(race(scheduled(open(), scheduler))),
  );
}

const openMemory = (): Store => new MemoryObjectStore({ limits: SMALL_LIMITS });

describe("whoever's turn it is", () => {
  const timeout = TRIAL_TIMEOUT_MS;

  test.for(Object.entries(RACES))("the %s come out right", { timeout }, ([, race]) =>
    fc.assert(inAnyOrder(openMemory, race), { numRuns: rounds(100) }),
  );

  test("each key answers as a register", { timeout }, () =>
    fc.assert(
      fc.asyncProperty(plans, fc.scheduler(), (plan, scheduler) =>
        scheduler.waitFor(expectLinearizable(scheduled(openMemory(), scheduler), "", plan)),
      ),
      { numRuns: rounds(100) },
    ),
  );
});

describe("the scheduler finds a store that", () => {
  const seed = 20_251_023;

  test("looks first and writes then", async () => {
    const creators = inAnyOrder(openMemory, (store) =>
      raceOfCreators(lookingFirst(store), KEY, 4, everyOther),
    );
    const result = await fc.check(creators, { seed });
    expect(String(result.errorInstance)).toMatch(/[2-4] of 4 creators have won/);
  });

  test("compares first and swaps then", async () => {
    const raisers = inAnyOrder(openMemory, (store) =>
      raceOfRaisers(lookingFirst(store), KEY, 3, 2, everyOther),
    );
    const result = await fc.check(raisers, { seed });
    expect(String(result.errorInstance)).toMatch(/[1-5] !== 6/);
  });

  test("forgets what it has read before it writes", async () => {
    const registers = fc.asyncProperty(plans, fc.scheduler(), (plan, scheduler) => {
      const store = forgettingTooSoon(scheduled(openMemory(), scheduler));
      return scheduler.waitFor(expectLinearizable(store, "", plan));
    });
    const result = await fc.check(registers, { seed, endOnFailure: true });
    expect(String(result.errorInstance)).toMatch(/no register gives these answers/);
  });
});

/** Checks conditions itself, and writes without. */
function lookingFirst(store: Store): Store {
  return overriding(store, {
    put: async (key, bytes, options) => {
      const when = options?.when;
      const there = await store.head(key).catch(() => undefined);
      const holds = when?.absent ? there === undefined : when?.etag === there?.etag;
      const unheeded = when === undefined || holds ? undefined : when;
      return store.put(key, bytes, { ...options, when: unheeded });
    },
  });
}

/** Forgets what it has read of a key before it writes, not after: what is read between stays. */
function forgettingTooSoon(store: Store): Store {
  const known = new Map<string, ReadObject>();
  return overriding(store, {
    get: async (key) => {
      const object = known.get(key) ?? (await read(store, key));
      known.set(key, object);
      return { ...object, body: bodyOf([object.bytes]), [Symbol.asyncDispose]: async () => {} };
    },
    put: (key, ...others) => {
      known.delete(key);
      return store.put(key, ...others);
    },
    delete: (key, ...others) => {
      known.delete(key);
      return store.delete(key, ...others);
    },
  });
}

function overriding(store: Store, methods: Partial<Store>): Store {
  return new Proxy(store, {
    get: (_, name) => {
      const own: unknown = Reflect.get(methods, name);
      const member: unknown = own ?? Reflect.get(store, name);
      return typeof member === "function" && own === undefined ? member.bind(store) : member;
    },
  });
}
