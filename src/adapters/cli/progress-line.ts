import { cells, formatBytes, formatDuration, shorten } from "./format.js";

/** How far a transfer has come, for one line of text. */
export interface ProgressView {
  readonly name: string;
  /** `undefined` until the first bytes have got through. */
  readonly doneBytes: number | undefined;
  /** `undefined` for a stream of unknown length. */
  readonly totalBytes: number | undefined;
  /** Bytes in a second; `undefined` while there is nothing to tell it from. */
  readonly rate: number | undefined;
  /** Of the terminal. */
  readonly columns: number;
}

/** Below this many columns a name says too little. */
const LEAST_NAME = 8;

/**
 * The line for a terminal, one column short of its width so that it never wraps:
 *
 *     housing_data.csv  42%  5.2 MiB of 12.4 MiB  3.1 MiB/s  3 s left
 */
export function progressLine(view: ProgressView): string {
  const room = view.columns - 1;
  const details = detailsOf(view).join("  ");
  const forName = room - cells(details) - 2;
  if (forName < LEAST_NAME) return shorten(details, room);
  return `${shorten(view.name, forName)}  ${details}`;
}

function detailsOf({ doneBytes, totalBytes, rate }: ProgressView): string[] {
  if (doneBytes === undefined) return ["starting"];
  const speed = rate === undefined ? [] : [`${formatBytes(rate)}/s`];
  if (totalBytes === undefined) return [formatBytes(doneBytes), ...speed];
  const done = `${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}`;
  // To join the parts of a large object may take a store minutes.
  if (doneBytes >= totalBytes) return ["100%", done, "finishing"];
  const percent = `${Math.floor((100 * doneBytes) / totalBytes)}%`;
  const left = rate ? [`${formatDuration((1000 * (totalBytes - doneBytes)) / rate)} left`] : [];
  return [percent, done, ...speed, ...left];
}

/** Milliseconds over which a rate is averaged. Parts arrive in bursts; a shorter span would flicker. */
const WINDOW_MS = 10_000;
/** Milliseconds of which a rate can be told. */
const LEAST_MS = 500;

/** The rate of a transfer, averaged over its last ten seconds. */
export class RateMeter {
  readonly #samples: { readonly ms: number; readonly bytes: number }[];

  constructor(ms: number) {
    this.#samples = [{ ms, bytes: 0 }];
  }

  /** Takes what is done by now, and returns bytes in a second. */
  rate(ms: number, bytes: number): number | undefined {
    this.#samples.push({ ms, bytes });
    while ((this.#samples[1]?.ms ?? ms) <= ms - WINDOW_MS) this.#samples.shift();
    const first = this.#samples[0] ?? { ms, bytes };
    if (ms - first.ms < LEAST_MS || bytes === 0) return undefined;
    return Math.max(0, (1000 * (bytes - first.bytes)) / (ms - first.ms));
  }
}
