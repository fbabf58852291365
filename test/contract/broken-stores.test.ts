import assert from "node:assert/strict";
import { describe, expect, test } from "vitest";
import { contractCases, runContract } from "../../src/ports/contract/index.js";
import type { BrokenStore } from "./broken/broken-store.js";
import { brokenCopies, brokenDeletes, brokenKeys, brokenLists } from "./broken/lists.js";
import { brokenPuts } from "./broken/puts.js";
import { brokenReads } from "./broken/reads.js";
import { brokenRefusals, brokenUploadRefusals } from "./broken/refusals.js";
import { brokenDeclarations, brokenUploads } from "./broken/uploads.js";

const BROKEN: readonly BrokenStore[] = [
  ...brokenPuts,
  ...brokenReads,
  ...brokenLists,
  ...brokenDeletes,
  ...brokenCopies,
  ...brokenKeys,
  ...brokenUploads,
  ...brokenDeclarations,
  ...brokenRefusals,
  ...brokenUploadRefusals,
];

describe("a store that", () => {
  test.for(BROKEN)("$fault is caught", async ({ caughtBy, store: Store }) => {
    const cases = contractCases.filter(({ id }) => caughtBy.includes(id));
    const subject = { store: new Store(), openWithoutBucket: async () => new Store() };
    const { results } = await runContract(subject, { cases, timeoutMs: 5_000 });
    expect(results.map(({ id }) => id).sort()).toEqual(caughtBy.toSorted());
    for (const result of results) {
      assert.equal(result.outcome, "failed", `${result.id} lets the store pass`);
      expect(String(result.error)).not.toMatch(/has not ended|Cannot clear/);
    }
  });
});

test("each promise has a store that breaks it, and a case that says so", () => {
  const biting = new Set(BROKEN.flatMap(({ caughtBy }) => caughtBy));
  const bitten = new Set(contractCases.filter(({ id }) => biting.has(id)).map((c) => c.promise));
  const unproven = contractCases.filter(({ promise }) => !bitten.has(promise));
  expect([...new Set(unproven.map(({ promise }) => promise))]).toEqual([]);
});
