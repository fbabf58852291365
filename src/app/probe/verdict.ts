import { type ErrorCode, StowageError } from "../../domain/errors.js";
import type { Seen } from "./findings.js";

/** Codes that tell of trouble, and nothing of what was asked for. */
const TROUBLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "invalid-credentials",
  "access-denied",
  "wrong-region",
  "clock-skew",
  "no-space",
  "conflict",
  "throttled",
  "timeout",
  "unavailable",
]);

/** Codes of a store that saw for itself that what it asked for was not done. */
const NOT_DONE: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["bad-answer", "not-encrypted"]);

export const HONOURED: Seen = { result: "honoured" };

export function ignored(detail?: string): Seen {
  return { result: "ignored", ...(detail === undefined ? {} : { detail }) };
}

/** What the failure of something that ought to go through tells of it. */
export function seenBy(error: unknown): Seen {
  if (!(error instanceof StowageError)) return { result: "unknown", detail: textOf(error) };
  const detail = reasonOf(error);
  if (NOT_DONE.has(error.code)) return { result: "ignored", detail };
  // What is of no known code is an answer to what was asked for, where it is an answer at all.
  const isTrouble = TROUBLE.has(error.code) || (error.code === "unexpected" && !error.status);
  return { result: isTrouble ? "unknown" : "refused", detail };
}

/** As `seenBy`, of what asks for nothing but to be let in. */
export function accessSeen(error: unknown): Seen {
  const isDenied = error instanceof StowageError && error.code === "access-denied";
  return isDenied ? { ...seenBy(error), result: "refused" } : seenBy(error);
}

/** What becomes of something that is to be refused with this code. */
export async function refusal(code: ErrorCode, call: Promise<unknown>): Promise<Seen> {
  try {
    await call;
    return ignored();
  } catch (error) {
    return error instanceof StowageError && error.code === code ? HONOURED : seenBy(error);
  }
}

/** The end of an error's message: what could not be done is known, why is not. */
function reasonOf({ message }: StowageError): string {
  return message.replace(/^Cannot .*?: /, "");
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
