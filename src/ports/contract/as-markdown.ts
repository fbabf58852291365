import type { ContractReport, ReportRow } from "./report.js";

/** Reasons by number, each once. */
class Notes {
  readonly #numbers = new Map<string, number>();

  /** The marks of the reasons, as they stand behind a word. */
  marks(reasons: readonly string[]): string {
    const numbers = new Set(
      reasons.map((reason) => {
        const number = this.#numbers.get(reason) ?? this.#numbers.size + 1;
        this.#numbers.set(reason, number);
        return number;
      }),
    );
    return [...numbers].map((number) => ` [${number}]`).join("");
  }

  list(): string[] {
    return [...this.#numbers].map(([reason, number]) => `${number}. ${reason}`);
  }
}

/**
 * Reports as a table in Markdown: a row for each promise, a column for each subject, and below it the
 * reasons for whatever is not a plain `yes`.
 *
 * `no` is a failure that the profile declares, `not always` that of a race, `–` a promise that the
 * store does not make, and `FAILS` any other failure.
 */
export function reportsAsMarkdown(reports: readonly ContractReport[]): string {
  const promises = new Set(reports.flatMap(({ rows }) => rows.map(({ promise }) => promise)));
  const notes = new Notes();
  const table = [...promises].map((promise) => [
    cell(promise),
    ...reports.map(({ rows }) =>
      wordOf(
        rows.filter((row) => row.promise === promise),
        notes,
      ),
    ),
  ]);
  const head = ["Promise", ...reports.map(({ name }) => cell(name))];
  const reasons = notes.list();
  return [
    line(head),
    line(head.map((_, at) => (at === 0 ? "---" : ":-:"))),
    ...table.map(line),
    ...(reasons.length === 0 ? [] : ["", ...reasons]),
    "",
  ].join("\n");
}

function wordOf(rows: readonly ReportRow[], notes: Notes): string {
  const of = (...outcomes: readonly ReportRow["outcome"][]): ReportRow[] =>
    rows.filter(({ outcome }) => outcomes.includes(outcome));
  if (rows.length === 0) return "";
  const failed = of("failed", "declared-but-passed");
  if (failed.length > 0) return `**FAILS** (${failed.map(({ id }) => id).join(", ")})`;
  // Also a race that was passed this time: another run would give another table.
  const declared = rows.filter(({ source }) => source !== undefined);
  if (declared.length > 0) {
    const always = declared.some(({ sometimes }) => sometimes !== true);
    return `${always ? "no" : "not always"}${notes.marks(declared.map(declaration))}`;
  }
  const skipped = of("skipped");
  if (skipped.length < rows.length) return "yes";
  return `–${notes.marks(skipped.map(({ reason = "" }) => sentence(reason)))}`;
}

function declaration({ reason = "", source = "" }: ReportRow): string {
  return `${sentence(reason)} (${source})`;
}

function sentence(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
