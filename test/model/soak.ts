import fc from "fast-check";
import { EXAMPLES } from "./examples.js";
import { emptyTally, type Tally } from "./site.js";
import { modelProperty, type Trial } from "./trial.js";

export interface Length {
  /** Commands after which a quick trial has ended. */
  readonly commands: number;
  /** Seconds after which it has, however slow the machine is. */
  readonly seconds: number;
}

/** Runs at once: between them is looked whether it is enough. */
const BATCH = 10;
/** Milliseconds that a counterexample is made smaller for. */
const SHRINKING_MS = 120_000;

/** Commands for each store in a long trial, as `npm run soak` sets it; `undefined` for a quick one. */
const soak: number | undefined = numberFrom("STOWAGE_TEST_SOAK");
/** The seed of a trial that failed, as it was printed, to see it fail again. */
const seed: number | undefined = numberFrom("STOWAGE_TEST_SEED");

/** Milliseconds that a test may take: a long trial takes as long as it takes. */
export const TRIAL_TIMEOUT_MS: number = soak === undefined ? 300_000 : 24 * 3_600_000;

/** How many rounds a race is run, in a quick trial and in a long one. */
export function rounds(quick: number): number {
  return soak === undefined ? quick : quick * 20;
}

/**
 * Tries a store with random commands until it is enough, and tells how many they were.
 *
 * What fails is made smaller and thrown, with the seed.
 */
export async function tryStore(name: string, trial: Trial, quick: Length): Promise<Tally> {
  const tally = emptyTally();
  const begun = performance.now();
  const property = modelProperty(trial, tally);
  const seconds = (): number => (performance.now() - begun) / 1_000;
  const enough = (): boolean =>
    soak === undefined
      ? tally.commands >= quick.commands || seconds() >= quick.seconds
      : tally.commands >= soak;
  for (let batch = 0; !enough(); batch++) {
    await fc.assert(property, {
      numRuns: BATCH,
      examples: batch === 0 && seed === undefined ? [...EXAMPLES] : [],
      interruptAfterTimeLimit: SHRINKING_MS,
      ...(seed === undefined ? {} : { seed: seed + batch }),
    });
  }
  const { commands, runs } = tally;
  console.log(`model ${name}: ${commands} commands in ${runs} runs, ${seconds().toFixed(1)} s`);
  return tally;
}

function numberFrom(variable: string): number | undefined {
  const text = process.env[variable];
  if (text === undefined || text === "") return undefined;
  const value = Number(text);
  if (Number.isInteger(value)) return value;
  throw new Error(`Cannot run the model: ${variable} is "${text}"; set it to a whole number`);
}
