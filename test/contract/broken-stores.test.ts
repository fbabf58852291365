import assert from "node:assert/strict";
import { describe, expect, test } from "vitest";
import { type ContractCase, contractCases, runContract } from "../../src/ports/contract/index.js";
import { brokenBoundaries, brokenOrder, brokenUploadsAlone } from "./broken/boundaries.js";
import type { BrokenStore } from "./broken/broken-store.js";
import { GALLERY } from "./broken/gallery.js";
import { brokenRaces } from "./broken/races.js";
import { brokenSigners } from "./broken/signers.js";

const BROKEN: readonly BrokenStore[] = [
  ...GALLERY,
  ...brokenRaces,
  ...brokenBoundaries,
  ...brokenUploadsAlone,
  ...brokenOrder,
  ...brokenSigners,
];

describe("a store that", () => {
  test.for(BROKEN)("$fault is caught", async ({ caughtBy, store: Store }) => {
    await using store = new Store();
    const subject = { store, openWithoutBucket: async () => new Store() };
    const filter = ({ id }: ContractCase): boolean => caughtBy.includes(id);
    const { rows } = await runContract(subject, { filter, timeoutMs: 5_000 });
    expect(rows.map(({ id }) => id).sort()).toEqual(caughtBy.toSorted());
    for (const { id, outcome, failure } of rows) {
      assert.equal(outcome, "failed", `${id} lets the store pass`);
      expect(failure).not.toMatch(/has not ended|Cannot clear|Cannot touch/);
    }
  });
});

test("each promise has a store that breaks it, and a case that says so", () => {
  const biting = new Set(BROKEN.flatMap(({ caughtBy }) => caughtBy));
  const bitten = new Set(contractCases.filter(({ id }) => biting.has(id)).map((c) => c.promise));
  const unproven = contractCases.filter(({ promise }) => !bitten.has(promise));
  expect([...new Set(unproven.map(({ promise }) => promise))]).toEqual([]);
});
