import fc from "fast-check";
import type { Store } from "../../src/ports/store.js";
import type { Repertoire } from "./commands/any.js";
import type { Races } from "./describe-races.js";
import type { Length } from "./soak.js";
import { freshPrefix, type Trial } from "./trial.js";

/** Bytes of a part that is good anywhere on a server that keeps to the limits of Amazon S3. */
const WHOLE_PART_BYTES = 5_242_880;

/** Commands for a server: few bytes, and seldom an upload of more than one part. */
const remoteRepertoire: Repertoire = {
  sizes: fc.oneof(
    { weight: 10, arbitrary: fc.constantFrom(0, 1, 17, 1_000) },
    { weight: 2, arbitrary: fc.constantFrom(65_536, 70_001) },
    // More than the sockets between the two sides hold.
    { weight: 1, arbitrary: fc.constant(1_000_000) },
  ),
  partSizes: fc.oneof(
    { weight: 60, arbitrary: fc.constantFrom(1, 999, 1_000, 70_001) },
    { weight: 1, arbitrary: fc.constant(WHOLE_PART_BYTES) },
  ),
  uploadSizes: fc.oneof(
    { weight: 30, arbitrary: fc.tuple(fc.constantFrom(1, 1_000, 70_001)) },
    { weight: 1, arbitrary: fc.tuple(fc.constant(WHOLE_PART_BYTES), fc.constantFrom(1, 1_000)) },
  ),
  maxParts: 10_000,
  interrupts: false,
};

/** How a store on a server is tried. */
export function remoteTrial(store: Store): Trial {
  const how = { prefix: freshPrefix, thorough: false, maxCommands: 60 };
  return { ...remoteRepertoire, store, ...how };
}

/** As long as a quick trial of a server may be. */
export const REMOTE: Length = { commands: 1_000, seconds: 12 };

export const REMOTE_RACES: Races = { creators: 6, raisers: 3, uploads: 1, lists: 2, registers: 15 };
