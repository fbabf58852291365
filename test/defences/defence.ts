/** A line of defence, and how it is turned off to see that its tests notice. */
export interface Defence {
  readonly id: string;
  /** What it sees to. */
  readonly sees: string;
  readonly file: string;
  /** What stands there once, and what takes its place. */
  readonly off: readonly [there: string, instead: string];
  /** Files of tests, of which at least one is to fail. */
  readonly tests: readonly string[];
}
