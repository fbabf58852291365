import fc from "fast-check";
import { describe, test } from "vitest";
import { objectKey } from "../../src/domain/object-key.js";
import type { Store } from "../../src/ports/store.js";
import { expectLinearizable, plans } from "./clients.js";
import { raceOfCreators, raceOfLists, raceOfRaisers, raceOfUploads } from "./races.js";
import { rounds, TRIAL_TIMEOUT_MS } from "./soak.js";
import { freshPrefix } from "./trial.js";

/** How often each race is run in a quick trial. */
export interface Races {
  readonly creators: number;
  readonly raisers: number;
  readonly uploads: number;
  readonly lists: number;
  readonly registers: number;
}

const none = (): boolean => false;
/** Who writes in parts: nobody, some, or all. */
const INVOLVED = [none, (at: number) => at % 2 === 0, () => true];

type Race = (store: Store, prefix: string, inParts: (at: number) => boolean) => Promise<void>;

/** Makes a test of each race on a store. */
export function describeRaces(name: string, storeOf: () => Store, races: Races): void {
  const race = (what: string, times: number, run: Race) =>
    test(what, { timeout: TRIAL_TIMEOUT_MS }, async () => {
      for (let round = rounds(times); round > 0; round--) {
        const [store, prefix] = [storeOf(), freshPrefix()];
        await run(store, prefix, INVOLVED[round % INVOLVED.length] ?? none);
        await store.delete(objectKey(`${prefix}object`));
      }
    });

  describe(`${name} at once`, () => {
    race("of many creators one wins", races.creators, (store, prefix, inParts) =>
      raceOfCreators(store, objectKey(`${prefix}object`), 8, inParts),
    );
    race("a number that is raised misses no raise", races.raisers, (store, prefix, inParts) =>
      raceOfRaisers(store, objectKey(`${prefix}object`), 5, 4, inParts),
    );
    race("uploads of one key are never mixed", races.uploads, (store, prefix) =>
      raceOfUploads(store, objectKey(`${prefix}object`), 3),
    );
    race("a list is whole for keys that stay", races.lists, (store, prefix) =>
      raceOfLists(store, prefix, 12),
    );
    test("each key answers as a register", { timeout: TRIAL_TIMEOUT_MS }, () =>
      fc.assert(
        fc.asyncProperty(plans, (plan) => expectLinearizable(storeOf(), freshPrefix(), plan)),
        // What failed once need not fail again: there is nothing to make smaller.
        { numRuns: rounds(races.registers), endOnFailure: true },
      ),
    );
  });
}
