import type { CheckContext } from "../context.js";
import { print, type Terminal } from "../terminal.js";

/** Runs the contract against the store. Resolves to whether it keeps it. */
export async function contract(context: CheckContext): Promise<boolean> {
  const { terminal, options, signal } = context;
  const { reportAsText } = await import("../../../ports/contract/index.js");
  const { tryContract } = await import("../../../app/modules/try-contract.js");
  using line = showCases(terminal, options.quiet);
  const report = await tryContract({ store: options.store }, terminal.env, {
    filter: options.filter,
    prefix: options.prefix,
    signal,
    onCase: line.onCase,
  });
  line[Symbol.dispose]();
  const text = options.json ? `${JSON.stringify(report)}\n` : reportAsText(report);
  await print(terminal.stdout, text);
  return report.ok;
}

interface CasesLine extends Disposable {
  readonly onCase: (id: string, number: number, count: number) => void;
}

/** Shows on a terminal which case is being tried. Disposing of it leaves a clean line. */
function showCases({ stderr, env }: Terminal, quiet: boolean): CasesLine {
  const shown = !quiet && stderr.isTTY === true && env["TERM"] !== "dumb";
  let drawn = false;
  return {
    onCase: (id, number, count) => {
      if (shown) stderr.write(`\r${number} of ${count}  ${id}\u001b[K`);
      drawn = shown;
    },
    [Symbol.dispose]: () => {
      if (drawn) stderr.write("\r\u001b[K");
      drawn = false;
    },
  };
}
