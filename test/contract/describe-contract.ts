import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, test } from "vitest";
import { reportAsText } from "../../src/ports/contract/as-text.js";
import {
  type CaseResult,
  type ContractProfile,
  type ContractReport,
  type ContractSubject,
  contractReport,
  contractTests,
} from "../../src/ports/contract/index.js";
import type { OpenStore } from "../../src/ports/store.js";

export type OpenSubject = ContractSubject & { readonly name: string; readonly store: OpenStore };

/**
 * Makes a test of each case, lets go of the store, and prints at the end what was skipped and what
 * failed as declared, each with its reason.
 */
export function describeContract(subject: OpenSubject, profile?: ContractProfile): void {
  describe(`contract of ${subject.name}`, () => {
    const startedAt = new Date();
    const results: CaseResult[] = [];
    const options = { profile, onResult: (result: CaseResult) => results.push(result) };
    for (const { name, skip, run } of contractTests(subject, options)) {
      (skip === undefined ? test : test.skip)(name, run);
    }
    afterAll(async () => {
      const report = contractReport(subject, results, { profile, startedAt });
      console.log(reportAsText(report));
      await keep(report);
      await subject.store[Symbol.asyncDispose]();
    });
  });
}

/** Leaves a report in the folder that `STOWAGE_TEST_REPORTS` names, for COMPATIBILITY.md. */
async function keep(report: ContractReport): Promise<void> {
  const folder = process.env["STOWAGE_TEST_REPORTS"];
  if (folder === undefined || folder === "") return;
  await mkdir(folder, { recursive: true });
  const file = `${report.name.toLowerCase().replace(/[^a-z0-9]+/g, "-")}.json`;
  await writeFile(join(folder, file), `${JSON.stringify(report, undefined, 2)}\n`);
}
