import { expect, test } from "vitest";
import { contractCases, runContract } from "../../src/ports/contract/index.js";
import type { StoreFacts } from "../../src/ports/object-store.js";
import type { SignerHonours } from "../../src/ports/url-signer.js";
import { declaring } from "./broken/broken-store.js";
import { describeContract } from "./describe-contract.js";
import { SigningStore } from "./signing-store.js";

describeContract({ name: "signing store", store: new SigningStore() });

test("a signing store that honours little passes what it declares, and all twins", async () => {
  class Limited extends SigningStore {
    override readonly facts: StoreFacts = declaring({ conditions: { put: false } });
    override signs(): SignerHonours {
      return { checksums: false };
    }
  }
  await using store = new Limited();
  const ofSigners = contractCases.filter(({ needs }) => needs?.includes("signer"));
  const { rows } = await runContract({ store }, { filter: (one) => ofSigners.includes(one) });
  expect(rows.filter(({ outcome }) => outcome === "failed")).toEqual([]);
  const twins = ofSigners.filter(({ needs }) => needs?.some((need) => need.startsWith("!")));
  const passed = rows.filter(({ outcome }) => outcome === "passed").map(({ id }) => id);
  expect(twins.length).toBeGreaterThan(2);
  expect(passed).toEqual(expect.arrayContaining(twins.map(({ id }) => id)));
});
