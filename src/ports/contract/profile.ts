import { quote, StowageError } from "../../domain/errors.js";

/** A case that a server is known to fail. It is run all the same, and is to fail. */
export interface DeclaredFailure {
  /** The case's id. */
  readonly id: string;
  /** What the server does instead, and what comes of it. */
  readonly reason: string;
  /** Who says so: "measured on …", "documented in …". */
  readonly source: string;
  /** Of a race, which the server wins in some runs: to pass is then no news. Default: `false`. */
  readonly sometimes?: boolean | undefined;
}

/**
 * Which promises a server breaks although no option is asked for. What it does not honour of the
 * options stands in `facts.honours`, and is refused before any I/O.
 */
export interface ContractProfile {
  readonly name: string;
  readonly declared: readonly DeclaredFailure[];
}

/**
 * Expects each declaration to name a case, once, and to say why.
 *
 * @throws `invalid-argument`.
 */
export function checkProfile(profile: ContractProfile, ids: readonly string[]): void {
  const seen = new Set<string>();
  for (const { id, reason, source } of profile.declared) {
    const fault = !ids.includes(id)
      ? "there is no such case"
      : seen.has(id)
        ? "it is declared twice"
        : reason === "" || source === ""
          ? "it has no reason or no source"
          : undefined;
    seen.add(id);
    if (fault === undefined) continue;
    throw new StowageError(
      "invalid-argument",
      `Cannot use profile ${quote(profile.name)} with case ${quote(id)}: ${fault}`,
    );
  }
}
