import type { Examination } from "../../../app/modules/examine-store.js";
import type { Fault } from "../../../app/probe/checkup.js";
import type { Finding } from "../../../app/probe/findings.js";
import type { CheckContext } from "../context.js";
import { printable, wrapped } from "../format.js";
import { locationOf } from "../location.js";
import { print } from "../terminal.js";

/** Tells what the store does. Resolves to whether that is what the configuration asks for. */
export async function doctor(context: CheckContext): Promise<boolean> {
  const { terminal, options, signal } = context;
  const { examineStore } = await import("../../../app/modules/examine-store.js");
  const found = await examineStore({ store: options.store }, terminal.env, { signal });
  const text = options.json
    ? JSON.stringify(found)
    : describe(found, locationOf(found, context, terminal));
  await print(terminal.stdout, `${printable(text)}\n`);
  return found.ok;
}

/** Columns of the table, all in all. */
const WIDTH = 100;
/** Columns that a result takes, with the mark before it. */
const RESULT_WIDTH = 12;

/** What was found, as a table, and what it comes to. */
export function describe(found: Examination, location: string): string {
  const { findings, server } = found;
  const taken = server === undefined ? [] : [`Profile  ${server}`];
  const whatWidth = Math.max(...findings.map(({ what }) => what.length)) + 2;
  const lines: string[] = [`Store    ${location}`, ...taken];
  let before: Finding | undefined;
  for (const finding of findings) {
    if (finding.topic !== before?.topic) lines.push("", finding.topic);
    // The same once more would only make the table longer.
    const said = finding.detail === before?.detail;
    lines.push(...rowsOf(said ? { ...finding, detail: undefined } : finding, whatWidth));
    before = finding;
  }
  return [...lines, "", ...verdict(found)].join("\n");
}

function rowsOf(
  { result, what, meaning, detail, dangerous }: Finding,
  whatWidth: number,
): string[] {
  const mark = dangerous ? "!" : " ";
  const row = `${mark} ${result}`.padEnd(RESULT_WIDTH) + what.padEnd(whatWidth) + meaning;
  const indent = " ".repeat(RESULT_WIDTH + whatWidth);
  return detail === undefined ? [row] : [row, ...wrapped(`(${detail})`, WIDTH, indent)];
}

function verdict({ ok, faults, advice, findings, ms }: Examination): string[] {
  const honoured = findings.filter(({ result }) => result === "honoured").length;
  const time = ms < 1_000 ? `${ms} ms` : `${(ms / 1_000).toFixed(1)} s`;
  const tally = `${honoured} of ${findings.length} honoured, found out in ${time}`;
  const marked = findings.some(({ dangerous }) => dangerous);
  return [
    ...(marked ? ["! Whoever relies on it loses data, or a secret, without a word.", ""] : []),
    `The store ${ok ? "does" : "does not do"} all that the configuration asks for: ${tally}.`,
    ...byRemedy(faults),
    ...advice.flatMap((text) => wrapped(text, WIDTH)),
  ];
}

/** Faults that one thing helps against stand together. */
function byRemedy(faults: readonly Fault[]): string[] {
  const lines: string[] = [];
  for (const remedy of new Set(faults.map((fault) => fault.remedy))) {
    for (const fault of faults) {
      if (fault.remedy === remedy) lines.push(...wrapped(fault.problem, WIDTH, "- "));
    }
    lines.push(...wrapped(remedy, WIDTH, "  "));
  }
  return lines;
}
