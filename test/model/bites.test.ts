import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { MemoryStoreOptions } from "../../src/adapters/memory/index.js";
import { objectKey } from "../../src/domain/object-key.js";
import type { OpenStore, Store } from "../../src/ports/store.js";
import { GALLERY } from "../contract/broken/gallery.js";
import { expectLinearizable, plans } from "./clients.js";
import { raceOfCreators, raceOfRaisers } from "./races.js";
import { emptyTally } from "./site.js";
import { SMALL_LIMITS, smallRepertoire } from "./small.js";
import { subtleStores } from "./subtle-stores.js";
import { freshPrefix, modelProperty } from "./trial.js";

/** Faults of the contract's gallery that show in what one call after the other is answered. */
const FAULTS: readonly string[] = [
  "ignores the condition of a put",
  "drops metadata",
  "trims metadata values, as servers do",
  "merges new metadata with old",
  "guesses the content type",
  "empties an object before a refused write",
  "keeps the caller's own bytes",
  "ignores the checksum",
  "drops the encryption asked for",
  "says that it cannot do conditions, and goes on without",
  "leaves out metadata that breaks a rule",
  "takes the end of a range as included",
  "takes a suffix for a start",
  "reads a missing object as an empty one",
  "gives nothing for a range past the end",
  "ignores the condition of a get",
  "reads on after an abort",
  "tells an ETag of before the last write",
  "describes a folder as an object",
  "sorts by UTF-16",
  "sorts folder by folder",
  "gives the key to start after once more",
  "gives the common prefix to start after once more, as S3 does",
  "gives a common prefix on each page that it spans",
  "takes a page of common prefixes alone for the end",
  "gives the first page alone",
  "takes a prefix for a folder",
  "goes on after it was left",
  "removes all that begins with the key",
  "ignores the condition of a delete",
  "refuses to delete what is not there",
  "copies bytes without metadata",
  "copies by a link, so that source and target are one",
  "ignores the condition of a copy",
  "folds case",
  "normalises Unicode",
  "decodes percent signs",
  "takes plus signs for spaces",
  "gives two keys one URI",
  "does nothing on abort",
  "aborts all uploads of the key",
  "joins an unfinished upload of the same key",
  "shows parts before the complete",
  "keeps the first of two parts of a number",
  "joins parts in the order in which they came",
  "joins all parts that it has, not those named",
  "ignores the condition of a complete",
  "takes small parts anywhere",
  "leaves an object of the bytes of a refused complete",
  "brings an upload back to life on a second complete",
  "lists uploads of all keys that begin with the key",
  "lists uploads among objects",
];

const SEED = 20_251_023;

function broken(fault: string): new (options?: MemoryStoreOptions) => OpenStore {
  const found = GALLERY.find((store) => store.fault === fault);
  if (found === undefined) throw new Error(`The gallery has no store that ${fault}`);
  return found.store;
}

async function isFound(store: Store): Promise<boolean> {
  const how = { prefix: freshPrefix, thorough: true, maxCommands: 60 };
  const property = modelProperty({ ...smallRepertoire, ...how, store }, emptyTally());
  const details = await fc.check(property, { seed: SEED, numRuns: 600, endOnFailure: true });
  return details.failed;
}

describe("the commands find a store that", () => {
  test.for(FAULTS)("%s", async (fault) => {
    const Broken = broken(fault);
    expect(await isFound(new Broken({ limits: SMALL_LIMITS }))).toBe(true);
  });

  test.for(subtleStores)("$fault", async ({ store: Subtle }) => {
    expect(await isFound(new Subtle({ limits: SMALL_LIMITS }))).toBe(true);
  });
});

describe("calls at once find a store that", () => {
  const key = objectKey("object");
  const registers = (store: Store): Promise<void> =>
    fc.assert(
      fc.asyncProperty(plans, (plan) => expectLinearizable(store, "", plan)),
      { seed: SEED, endOnFailure: true },
    );

  test.for<[string, (store: Store) => Promise<void>]>([
    ["looks first and writes then", (store) => raceOfCreators(store, key, 8, () => false)],
    ["looks first and writes then", registers],
    ["ignores the condition of a put", (store) => raceOfRaisers(store, key, 4, 4, () => false)],
    ["looks first and completes then", (store) => raceOfCreators(store, key, 8, () => true)],
    ["writes bytes and attributes one after the other", registers],
  ])("%s", async ([fault, race]) => {
    const Broken = broken(fault);
    await expect(race(new Broken())).rejects.toThrow();
  });
});
