import type { ContractCase, ContractSubject } from "./case.js";
import { contractCases } from "./cases.js";
import { type CaseOptions, type CaseResult, freshPrefix, runCase } from "./runner.js";

export interface ContractOptions extends CaseOptions {
  /** Default: every case. */
  readonly cases?: readonly ContractCase[] | undefined;
  /** Called after each case. */
  readonly onResult?: ((result: CaseResult) => void) | undefined;
}

/** What came of the contract, as data. */
export interface ContractReport {
  /** Of the store: `s3`, `memory`. */
  readonly kind: string;
  readonly results: readonly CaseResult[];
  readonly passed: readonly CaseResult[];
  readonly failed: readonly Extract<CaseResult, { outcome: "failed" }>[];
  readonly skipped: readonly Extract<CaseResult, { outcome: "skipped" }>[];
}

/** Tries the cases one after the other. Never rejects: what fails stands in the report. */
export async function runContract(
  subject: ContractSubject,
  options: ContractOptions = {},
): Promise<ContractReport> {
  const prefix = options.prefix ?? freshPrefix();
  const results: CaseResult[] = [];
  for (const contractCase of options.cases ?? contractCases) {
    const result = await runCase(contractCase, subject, { ...options, prefix });
    options.onResult?.(result);
    results.push(result);
  }
  return {
    kind: subject.store.facts.kind,
    results,
    passed: results.filter((result) => result.outcome === "passed"),
    failed: results.filter((result) => result.outcome === "failed"),
    skipped: results.filter((result) => result.outcome === "skipped"),
  };
}
