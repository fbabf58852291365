import type { CaseOutcome, ContractReport, ReportRow } from "./report.js";

/** Each outcome with its words, those that need an eye on them last. */
const SECTIONS: readonly (readonly [CaseOutcome, string])[] = [
  ["passed", "Passed"],
  ["skipped", "Skipped"],
  ["declared", "Failed as declared"],
  ["declared-but-passed", "Passed although declared to fail"],
  ["failed", "Failed"],
];

/** Characters of a line of ids. */
const MAX_LINE = 88;

/** A report as text for a terminal: what was skipped or failed and why, and the totals at its end. */
export function reportAsText(report: ContractReport): string {
  const { name, location, profile, rows, counts } = report;
  const held = profile === undefined ? "" : `, held against the profile ${profile}`;
  const lines = [`Contract of ${name} at ${location}${held}`, ""];
  for (const [outcome, words] of SECTIONS) {
    const of = rows.filter((row) => row.outcome === outcome);
    if (outcome === "passed" || of.length === 0) continue;
    lines.push(`${words}:`, ...(outcome === "skipped" ? skips(of) : of.flatMap(entry)), "");
  }
  const width = Math.max(...SECTIONS.map(([, words]) => words.length));
  for (const [outcome, words] of SECTIONS) {
    lines.push(`${words.padEnd(width)}  ${String(counts[outcome]).padStart(4)}`);
  }
  lines.push("", verdict(report));
  return `${lines.join("\n")}\n`;
}

function verdict({ ok, name, rows, ms }: ContractReport): string {
  const tried = `${rows.length} cases in ${(ms / 1_000).toFixed(1)} s`;
  if (rows.length === 0) return "Nothing was tried";
  return ok
    ? `${name} keeps the contract: ${tried}`
    : `${name} does not keep the contract: ${tried}`;
}

/** Those of one reason together: there may be many. */
function skips(rows: readonly ReportRow[]): string[] {
  const ids = new Map<string, string[]>();
  for (const { id, reason = "" } of rows) ids.set(reason, [...(ids.get(reason) ?? []), id]);
  return [...ids].flatMap(([reason, of]) => [
    `  ${reason}:`,
    ...wrapped(of).map((line) => `    ${line}`),
  ]);
}

/** Ids in lines that fit a terminal. */
function wrapped(ids: readonly string[]): string[] {
  const lines: string[] = [];
  let line = "";
  for (const id of ids) {
    if (line.length + id.length > MAX_LINE) {
      lines.push(`${line},`);
      line = "";
    }
    line += line === "" ? id : `, ${id}`;
  }
  return [...lines, line];
}

function entry({ id, promise, failure, reason, source }: ReportRow): string[] {
  const declared = reason === undefined ? [] : [`${reason} (${source})`];
  const seen = (failure ?? "").split("\n");
  return [`  ${id}  ${promise}`, ...[...declared, ...seen].map((line) => `      ${line}`)];
}
