import { describe, expect, test } from "vitest";
import {
  type ContractReport,
  type ReportRow,
  reportAsText,
  reportsAsMarkdown,
} from "../../src/ports/contract/index.js";

const FOUND = "A get finds it.";
const LISTED = "A list gives `a|b`.";
const LOCKED = "A lock holds.";

function report(facts: Partial<ContractReport>, ...rows: readonly ReportRow[]): ContractReport {
  const count = (outcome: string): number => rows.filter((row) => row.outcome === outcome).length;
  const counts = {
    passed: count("passed"),
    skipped: count("skipped"),
    declared: count("declared"),
    "declared-but-passed": count("declared-but-passed"),
    failed: count("failed"),
  };
  return {
    name: "S3 on Shed",
    kind: "s3",
    location: "s3://bucket/",
    startedAt: "2026-11-25T03:00:00.000Z",
    ms: 12_345,
    ok: counts.failed + counts["declared-but-passed"] === 0,
    counts,
    rows,
    ...facts,
  };
}

const passed = (id: string, promise: string): ReportRow => ({
  id,
  promise,
  outcome: "passed",
  ms: 1,
});
const skipped = (id: string, promise: string, reason: string): ReportRow => ({
  id,
  promise,
  outcome: "skipped",
  ms: 0,
  reason,
});
const declared: ReportRow = {
  id: "L01",
  promise: LISTED,
  outcome: "declared",
  ms: 2,
  failure: "expected 1\nfound 2",
  reason: "it forgets `b`",
  source: "measured on Shed 1",
};

describe("a report as text", () => {
  test("tells what is kept, and why something was not tried", () => {
    const text = reportAsText(
      report(
        { profile: "shed" },
        passed("G01", FOUND),
        declared,
        skipped("K01", LOCKED, "the store has no locks"),
        skipped("K02", LOCKED, "the store has no locks"),
      ),
    );
    expect(text).toBe(`Contract of S3 on Shed at s3://bucket/, held against the profile shed

Skipped:
  the store has no locks:
    K01, K02

Failed as declared:
  L01  A list gives \`a|b\`.
      it forgets \`b\` (measured on Shed 1)
      expected 1
      found 2

Passed                               1
Skipped                              2
Failed as declared                   1
Passed although declared to fail     0
Failed                               0

S3 on Shed keeps the contract: 4 cases in 12.3 s
`);
  });

  test("ends with what is wrong", () => {
    const text = reportAsText(
      report(
        {},
        { id: "G01", promise: FOUND, outcome: "failed", ms: 1, failure: "it does not" },
        {
          id: "L01",
          promise: LISTED,
          outcome: "declared-but-passed",
          ms: 1,
          failure: "it passes",
          reason: "it forgets",
          source: "measured",
        },
      ),
    );
    expect(text).toContain("\nFailed:\n  G01  A get finds it.\n      it does not\n");
    expect(text).toContain("\nPassed although declared to fail:\n  L01  ");
    expect(text).toMatch(/S3 on Shed does not keep the contract: 2 cases in 12\.3 s\n$/);
    expect(reportAsText(report({ ok: false }))).toMatch(/Nothing was tried\n$/);
  });
});

test("reports as Markdown are a row for each promise, a column for each subject, and the reasons", () => {
  const locks = skipped("K01", LOCKED, "the store has no locks");
  const { reason, source } = declared;
  const race: ReportRow = { ...passed("L01", LISTED), reason, source, sometimes: true };
  const failed: ReportRow = { ...passed("G02", FOUND), outcome: "failed", failure: "it does not" };
  const table = reportsAsMarkdown([
    report({ name: "one" }, passed("G01", FOUND), passed("L01", LISTED), locks),
    report({ name: "two" }, passed("G01", FOUND), failed, declared, locks),
    report({ name: "three" }, passed("G01", FOUND), skipped("G02", FOUND, "it has none"), race),
  ]);
  expect(table).toBe(`| Promise | one | two | three |
| --- | :-: | :-: | :-: |
| A get finds it. | yes | **FAILS** (G02) | yes |
| A list gives \`a\\|b\`. | yes | no [1] | not always [1] |
| A lock holds. | – [2] | – [2] |  |

1. It forgets \`b\` (measured on Shed 1)
2. The store has no locks
`);
});
