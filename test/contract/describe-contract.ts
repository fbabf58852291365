import { afterAll, beforeAll, describe, test } from "vitest";
import { type ContractSubject, contractCases, runCase } from "../../src/ports/contract/index.js";
import type { OpenStore } from "../../src/ports/store.js";

type OpenSubject = ContractSubject & { readonly store: OpenStore };

/** Makes a test of each case, and tells at the end what was passed and what was skipped, and why. */
export function describeContract(name: string, open: () => Promise<OpenSubject>): void {
  describe(`contract ${name}`, () => {
    let subject: OpenSubject;
    const skips: string[] = [];
    let passes = 0;
    beforeAll(async () => {
      subject = await open();
    });
    test.for(contractCases)("$id $promise", async (contractCase, context) => {
      const result = await runCase(contractCase, subject);
      if (result.outcome === "failed") throw result.error;
      if (result.outcome === "passed") passes += 1;
      else skips.push(`${result.id}: ${result.reason}`);
      if (result.outcome === "skipped") context.skip(result.reason);
    });
    afterAll(async () => {
      const why = skips.length === 0 ? "" : ` (${skips.join("; ")})`;
      console.log(`contract ${name}: ${passes} passed, ${skips.length} skipped${why}`);
      await subject.store[Symbol.asyncDispose]();
    });
  });
}
