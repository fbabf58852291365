import type { AnswerFailure, ClockReading } from "./failure.js";

/** Of the SDK too, which corrects its time by no less. Servers refuse from 15 minutes on. */
const SKEW_MS = 300_000;

/**
 * Reads the server's clock from the header `Date` of an answer.
 *
 * @param correctedMs what the request's time had been corrected by.
 */
export function clockReading(date: unknown, correctedMs: number): ClockReading | undefined {
  const server = typeof date === "string" ? Date.parse(date) : Number.NaN;
  if (Number.isNaN(server)) return undefined;
  const aheadMs = server - Date.now();
  return { aheadMs, wrong: Math.abs(aheadMs - correctedMs) >= SKEW_MS };
}

/** An answer to a HEAD tells no code: a clock that is far off is then what it is refused for. */
export function withSkew(failure: AnswerFailure): AnswerFailure {
  const { status, code, clock } = failure;
  const silent = status === 403 && (code === undefined || code === "");
  return silent && clock?.wrong === true ? { ...failure, code: "RequestTimeTooSkewed" } : failure;
}

/** Which clock is ahead, and by what, for a message. */
export function skewText({ aheadMs }: ClockReading, server: string): string {
  const seconds = Math.round(Math.abs(aheadMs) / 1000);
  const which = aheadMs > 0 ? "behind" : "ahead of";
  return `this machine's clock is ${seconds} s ${which} that of ${server}`;
}
