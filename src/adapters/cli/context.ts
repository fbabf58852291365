import type { Stowage } from "../../app/stowage.js";
import type { Run } from "./arguments.js";
import type { Terminal } from "./terminal.js";

/** What a command works with. */
export interface Context extends Run {
  readonly terminal: Terminal;
  readonly stowage: Stowage;
  /** Aborted by Ctrl-C, or when the process is asked to end. */
  readonly signal: AbortSignal;
}
