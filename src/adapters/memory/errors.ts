import {
  type ErrorCode,
  type ErrorFacts,
  type Operation,
  StowageError,
} from "../../domain/errors.js";
import type { ObjectKey } from "../../domain/object-key.js";

/** Operations that change the store: their errors tell what became of it. */
const WRITES: ReadonlySet<Operation> = new Set<Operation>([
  "put",
  "delete",
  "deleteMany",
  "copy",
  "createUpload",
  "uploadPart",
  "completeUpload",
  "abortUpload",
]);

/** A call, as its errors tell of it. */
export interface Call {
  /** The kind of the store. */
  readonly store: string;
  readonly operation: Operation;
  readonly key?: ObjectKey | undefined;
}

export function refusal(call: Call, code: ErrorCode, message: string): StowageError {
  return new StowageError(code, message, factsOf(call));
}

/** Runs a rule of the domain, and tells the call with the error that it throws. */
export function checked<T>(call: Call, rule: () => T): T {
  try {
    return rule();
  } catch (error) {
    throw error instanceof StowageError ? error.with(factsOf(call)) : error;
  }
}

/** Memory refuses before it changes anything, so a failed write was never applied. */
function factsOf({ store, operation, key }: Call): ErrorFacts {
  const outcome = WRITES.has(operation) ? ("not-applied" as const) : undefined;
  return { operation, store, key, outcome };
}
