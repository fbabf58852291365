import type { Stowage } from "../../app/stowage.js";
import type { Run } from "./arguments.js";
import type { Terminal } from "./terminal.js";

/** What a command works with that is about a user's objects. */
export interface Context extends CheckContext {
  readonly stowage: Stowage;
}

/** What a command works with that is about the store itself, which it opens as it needs it. */
export interface CheckContext extends Run {
  readonly terminal: Terminal;
  /** Aborted by Ctrl-C, or when the process is asked to end. */
  readonly signal: AbortSignal;
}
