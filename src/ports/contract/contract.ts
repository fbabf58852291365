import { skipReason } from "./capability.js";
import type { ContractCase, ContractSubject } from "./case.js";
import { contractCases } from "./cases.js";
import { checkProfile } from "./profile.js";
import { type ContractReport, contractReport, failureText } from "./report.js";
import { type CaseOptions, type CaseResult, freshPrefix, runCaseUnder } from "./runner.js";
export interface ContractOptions extends CaseOptions {
  /** Which cases to try. Default: all. */
  readonly filter?: ((contractCase: ContractCase) => boolean) | undefined;
  /** Called after each case; by `contractTests` at once for those that do not apply. */
  readonly onResult?: ((result: CaseResult) => void) | undefined;
}

/**
 * Tries the cases one after the other, and tells what came of them: what fails stands in the report.
 *
 * @throws `invalid-argument` for a subject or a profile that makes no sense. It rejects with nothing
 *   else.
 */
export async function runContract(
  subject: ContractSubject,
  options: ContractOptions = {},
): Promise<ContractReport> {
  const startedAt = new Date();
  const { cases, prefix } = prepared(subject, options);
  const results: CaseResult[] = [];
  for (const contractCase of cases) {
    const result = await runCaseUnder(prefix, contractCase, subject, options);
    options.onResult?.(result);
    results.push(result);
  }
  return contractReport(subject, results, { profile: options.profile, startedAt });
}

/** A case as a test runner takes it. */
export interface ContractTest {
  /** Its id, its promise, and what is known of it beforehand. */
  readonly name: string;
  /** Why it does not apply. `undefined` for a case that does. */
  readonly skip: string | undefined;
  /** Rejects when the case fails undeclared, or passes although it is declared to fail. */
  readonly run: () => Promise<void>;
}

/**
 * Makes a test of each case, for any runner:
 *
 *     for (const { name, skip, run } of contractTests({ store })) (skip ? test.skip : test)(name, run);
 *
 * @throws `invalid-argument` for a subject or a profile that makes no sense.
 */
export function contractTests(
  subject: ContractSubject,
  options: ContractOptions = {},
): readonly ContractTest[] {
  const { cases, prefix } = prepared(subject, options);
  return cases.map((contractCase) => {
    const { id, promise, needs } = contractCase;
    const skip = skipReason(needs, subject.store);
    const declared = options.profile?.declared.find((declaration) => declaration.id === id);
    const known = skip ?? (declared && `declared to fail: ${declared.reason}`);
    if (skip !== undefined) {
      options.onResult?.({ id, promise, ms: 0, outcome: "skipped", reason: skip });
    }
    const run = async (): Promise<void> => {
      const result = await runCaseUnder(prefix, contractCase, subject, options);
      options.onResult?.(result);
      if (result.outcome === "failed") throw result.error;
      if (result.outcome === "declared-but-passed") throw new Error(failureText(result));
    };
    return { name: `${id} ${promise}${known === undefined ? "" : ` (${known})`}`, skip, run };
  });
}

function prepared(
  subject: ContractSubject,
  { filter = () => true, profile }: ContractOptions,
): { readonly cases: readonly ContractCase[]; readonly prefix: string } {
  const ids = contractCases.map(({ id }) => id);
  if (profile !== undefined) checkProfile(profile, ids);
  return { cases: contractCases.filter(filter), prefix: freshPrefix(subject) };
}
