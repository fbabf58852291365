/** What a client does to one key, as a register: its values are texts, and it may hold none. */
export type Operation =
  | { readonly kind: "put"; readonly value: string }
  | { readonly kind: "create"; readonly value: string }
  | { readonly kind: "delete" }
  | { readonly kind: "get" };

/** What the client was told: that it is done, that the key is taken, or the value; or nothing. */
export type Answer =
  | "done"
  | "taken"
  | { readonly value: string | undefined }
  /** The call has failed and may have been carried out, then or later, or never. */
  | "unknown";

/** One call on one key. Two calls overlap where neither ends before the other begins. */
export interface Call {
  readonly operation: Operation;
  readonly answer: Answer;
  readonly start: number;
  readonly end: number;
}

/**
 * Whether the calls can be put in one order, each at some time between its start and its end, in
 * which a register would give these answers. The search of Wing and Gong: it tries the orders, and
 * leaves each state that it has been in before.
 *
 * For a dozen calls or so: their orders are many.
 */
export function isLinearizable(calls: readonly Call[], initial?: string): boolean {
  const ends = calls.map(({ answer, end }) =>
    answer === "unknown" ? Number.POSITIVE_INFINITY : end,
  );
  const seen = new Set<string>();
  const search = (done: ReadonlySet<number>, value: string | undefined): boolean => {
    const left = calls.flatMap((_, at) => (done.has(at) ? [] : [at]));
    if (left.every((at) => calls[at]?.answer === "unknown")) return true;
    const state = `${left.join()} ${value}`;
    if (seen.has(state)) return false;
    seen.add(state);
    // What begins after another has ended cannot come before it.
    const horizon = Math.min(...left.map((at) => ends[at] ?? 0));
    return left.some((at) => {
      const call = calls[at];
      if (call === undefined || call.start > horizon) return false;
      const next = applied(call, value);
      return next.possible && search(new Set([...done, at]), next.value);
    });
  };
  return search(new Set(), initial);
}

/** What a register holds after a call, and whether it would have given this answer. */
function applied(
  { operation, answer }: Call,
  value: string | undefined,
): { readonly possible: boolean; readonly value: string | undefined } {
  const told = (expected: "done" | "taken"): boolean => answer === "unknown" || answer === expected;
  switch (operation.kind) {
    case "put":
      return { possible: told("done"), value: operation.value };
    case "create":
      return value === undefined
        ? { possible: told("done"), value: operation.value }
        : { possible: told("taken"), value };
    case "delete":
      return { possible: told("done"), value: undefined };
    case "get":
      return { possible: typeof answer === "object" && answer.value === value, value };
  }
}
