import type { Progress } from "../../app/stowage.js";
import { printable } from "./format.js";
import { progressLine, RateMeter } from "./progress-line.js";
import type { Terminal } from "./terminal.js";

/** Milliseconds between two drawings. */
const REDRAW_MS = 100;

/** The progress of one transfer as it is shown. Disposing of it leaves a clean line. */
export interface ProgressDisplay extends Disposable {
  readonly onProgress: (progress: Progress) => void;
}

/** Shows progress on one line of standard error, where that is a terminal that can rewrite it. */
export function showProgress(terminal: Terminal, name: string, quiet: boolean): ProgressDisplay {
  const { stderr, env } = terminal;
  if (quiet || stderr.isTTY !== true || env["TERM"] === "dumb") return NOTHING_SHOWN;

  const meter = new RateMeter(terminal.elapsedMs());
  const shownName = printable(name);
  let latest: Pick<Progress, "doneBytes" | "totalBytes"> | undefined;
  let drawn = "";

  const draw = (): void => {
    const line = progressLine({
      name: shownName,
      doneBytes: latest?.doneBytes,
      totalBytes: latest?.totalBytes,
      rate: meter.rate(terminal.elapsedMs(), latest?.doneBytes ?? 0),
      // A terminal that does not know its width says 0.
      columns: stderr.columns || 80,
    });
    if (line !== drawn) stderr.write(`\r${line}\x1b[K`);
    drawn = line;
  };
  const timer = setInterval(draw, REDRAW_MS);

  return {
    onProgress: (progress) => {
      latest = progress;
    },
    [Symbol.dispose]: () => {
      clearInterval(timer);
      if (drawn !== "") stderr.write("\r\x1b[K");
    },
  };
}

const NOTHING_SHOWN: ProgressDisplay = {
  onProgress: () => undefined,
  [Symbol.dispose]: () => undefined,
};
