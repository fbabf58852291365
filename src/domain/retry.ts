import type { StowageError } from "./errors.js";

/** How often, and how long apart, a request is sent again. */
export interface RetryPolicy {
  /** Sendings of one request in all. Default: 5. */
  readonly maxAttempts: number;
  /** Milliseconds: the longest wait before the second sending. It doubles with each. Default: 200. */
  readonly baseDelayMs: number;
  /** Milliseconds: the longest wait of all. Default: 20,000. */
  readonly maxDelayMs: number;
}

export const DEFAULT_RETRY: RetryPolicy = {
  maxAttempts: 5,
  baseDelayMs: 200,
  maxDelayMs: 20_000,
};

/**
 * Milliseconds to wait before the request that failed is sent again, or `undefined` when it is not.
 *
 * The wait is drawn evenly from zero to a bound that doubles (full jitter), so that many clients do
 * not come back at once; a server that says how long to wait is heeded, up to the longest wait.
 *
 * @param attempt how often the request was sent so far: 1 after the first failure.
 * @param random from 0 up to, not including, 1.
 */
export function retryDelayMs(
  error: StowageError,
  attempt: number,
  random: number,
  policy: RetryPolicy = DEFAULT_RETRY,
): number | undefined {
  // Bytes that are changed on their way twice are changed by something that will not go away.
  const most = error.code === "checksum-mismatch" ? 2 : policy.maxAttempts;
  if (!error.retryable || attempt >= Math.min(most, policy.maxAttempts)) return undefined;
  const bound = Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** (attempt - 1));
  const asked = Math.min(error.retryAfterMs ?? 0, policy.maxDelayMs);
  return Math.max(asked, random * bound);
}

/** Tokens that a client begins with, and never has more of. */
const MOST_TOKENS = 500;
/** Tokens of sending a request again: after a time-out more, as the server has lost more by it. */
const COST = 5;
const TIMEOUT_COST = 10;

/**
 * What all requests of a client may be sent again for: a server that is down for many requests at
 * once is not sent many times as many. Every request that goes well earns a token, and gives back
 * what its own sendings have cost. As the AWS SDKs do in their standard mode.
 */
export class RetryBudget {
  #tokens = MOST_TOKENS;

  get tokens(): number {
    return this.#tokens;
  }

  /** Tokens that were taken to send the request again; `undefined` when too few are left. */
  spend(error: StowageError): number | undefined {
    const cost = error.code === "timeout" ? TIMEOUT_COST : COST;
    if (cost > this.#tokens) return undefined;
    this.#tokens -= cost;
    return cost;
  }

  /** @param spent what its sendings have cost. */
  succeed(spent: number): void {
    this.#tokens = Math.min(MOST_TOKENS, this.#tokens + Math.max(spent, 1));
  }
}
