import { StowageError } from "../../domain/errors.js";
import type { ContractSubject } from "./case.js";
import { contractCases } from "./cases.js";
import type { ContractProfile, DeclaredFailure } from "./profile.js";
import type { CaseResult } from "./runner.js";

export type CaseOutcome = CaseResult["outcome"];

/** What came of the contract, as plain data: it stays the same through JSON. */
export interface ContractReport {
  /** What the subject is called: `S3 on MinIO`. */
  readonly name: string;
  /** Of the store: `s3`, `memory`. */
  readonly kind: string;
  readonly location: string;
  /** The name of the profile that it was held against. */
  readonly profile?: string | undefined;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** Milliseconds, of all cases together. */
  readonly ms: number;
  /** Something was tried, nothing failed undeclared, and nothing passed that is declared to fail. */
  readonly ok: boolean;
  readonly counts: Readonly<Record<CaseOutcome, number>>;
  /** In the order of the contract. */
  readonly rows: readonly ReportRow[];
}

export interface ReportRow {
  readonly id: string;
  readonly promise: string;
  readonly outcome: CaseOutcome;
  /** Milliseconds. */
  readonly ms: number;
  /** What was seen, of a case that did not go as it is to. */
  readonly failure?: string | undefined;
  /** Why it does not apply, or is declared to fail. */
  readonly reason?: string | undefined;
  /** Of a declaration. */
  readonly source?: string | undefined;
  /** Of the declaration of a race, which fails in some runs: it stands here also where it passed. */
  readonly sometimes?: boolean | undefined;
}

/** Characters of a failure that are told: a difference between two long lists is of no use whole. */
const MAX_FAILURE = 2_000;

/** Adds up what came of cases that were run one by one. */
export function contractReport(
  subject: ContractSubject,
  results: readonly CaseResult[],
  { profile, startedAt }: { profile?: ContractProfile | undefined; startedAt: Date },
): ContractReport {
  const { kind, location } = subject.store.facts;
  const order = new Map(contractCases.map(({ id }, at) => [id, at]));
  const place = ({ id }: ReportRow): number => order.get(id) ?? contractCases.length;
  const rows = results.map(rowOf).sort((a, b) => place(a) - place(b));
  const count = (outcome: CaseOutcome): number =>
    rows.filter((row) => row.outcome === outcome).length;
  const counts = {
    passed: count("passed"),
    declared: count("declared"),
    skipped: count("skipped"),
    failed: count("failed"),
    "declared-but-passed": count("declared-but-passed"),
  };
  return {
    name: subject.name ?? kind,
    kind,
    location,
    ...(profile === undefined ? {} : { profile: profile.name }),
    startedAt: startedAt.toISOString(),
    ms: Math.round(rows.reduce((sum, { ms }) => sum + ms, 0)),
    ok: counts.passed > 0 && counts.failed === 0 && counts["declared-but-passed"] === 0,
    counts,
    rows,
  };
}

/** What was seen of a case that did not go as it is to; `undefined` for one that did. */
export function failureText(result: CaseResult): string | undefined {
  if (result.outcome === "declared-but-passed") {
    return "the case passes although it is declared to fail; take it out of the profile";
  }
  return "error" in result ? errorText(result.error) : undefined;
}

function rowOf(result: CaseResult): ReportRow {
  const { id, promise, outcome } = result;
  const failure = failureText(result);
  return {
    id,
    promise,
    outcome,
    ms: Math.round(result.ms),
    ...(failure === undefined ? {} : { failure }),
    ...("reason" in result ? { reason: result.reason } : {}),
    ...("declared" in result && result.declared !== undefined ? told(result.declared) : {}),
  };
}

function told({ reason, source, sometimes }: DeclaredFailure): Partial<ReportRow> {
  return { reason, source, ...(sometimes === true ? { sometimes } : {}) };
}

function errorText(error: unknown): string {
  const text =
    error instanceof StowageError
      ? `${error.message} (${error.code})`
      : error instanceof Error
        ? error.message
        : String(error);
  // Node colours the differences that it finds where it writes to a terminal.
  const plain = text.replace(/\u001b\[[\d;]*m/g, "").trim();
  return plain.length > MAX_FAILURE ? `${plain.slice(0, MAX_FAILURE - 1)}…` : plain;
}
