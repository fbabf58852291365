import type fc from "fast-check";
import type { Checksum } from "../../../src/domain/checksum.js";
import type { ErrorCode } from "../../../src/domain/errors.js";
import {
  type Algorithm,
  type Condition,
  checksumOf,
  type Kept,
  type Model,
  wrongChecksum,
} from "../model.js";
import type { Site } from "../site.js";

export type Command = fc.AsyncCommand<Model, Site>;

/**
 * A kind of command. What it makes prints as the call that makes it again, so that a counterexample
 * can be kept as it was printed.
 */
export function command<P>(
  name: string,
  run: (model: Model, site: Site, parameters: P) => Promise<void>,
  applies: (model: Readonly<Model>) => boolean = () => true,
): (parameters: P) => Command {
  return (parameters) => ({
    check: applies,
    run: async (model, site) => {
      site.tally.commands += 1;
      await run(model, site, parameters);
    },
    toString: () => `${name}(${JSON.stringify(parameters)})`,
  });
}

/** What is kept with objects: nothing, the usual, what is hard to send as a header, and what cannot be. */
const KEPT: readonly Partial<Kept>[] = [
  {},
  { contentType: "text/csv" },
  { metadata: { a: "b" } },
  {
    contentType: "text/plain; charset=utf-8",
    metadata: {
      name: "é 住 🏠",
      spaces: "  two  ",
      empty: "",
      "marked.1": "UTF-8''%41",
      encoded_word: "=?UTF-8?Q?a?=",
    },
  },
  { metadata: { "Not a name": "a" } },
  { contentType: "text/é" },
];

/** How many of them, at the end, are refused. */
export const KEPT_REFUSED = 2;

export const KEPT_CHOICES: number = KEPT.length;

export function keptAt(choice: number): Partial<Kept> {
  return KEPT[choice % KEPT.length] ?? {};
}

/** Why these attributes are to be refused, before any I/O. */
export function refusalsOf(
  { store }: Site,
  { metadata = {}, contentType }: Partial<Kept>,
  encryption: Algorithm | undefined,
): ErrorCode[] {
  const codes: ErrorCode[] = [];
  if ("Not a name" in metadata) codes.push("invalid-metadata");
  if (contentType === "text/é") codes.push("invalid-argument");
  if (encryption !== undefined && !store.facts.honours.encryption.includes(encryption)) {
    codes.push("unsupported");
  }
  return codes;
}

/** What a store keeps of what it was given. */
export function keptOf({
  contentType = "application/octet-stream",
  metadata = {},
}: Partial<Kept>): Kept {
  return { contentType, metadata };
}

/** Which checksum goes with bytes: none, theirs, or one that is not. */
export type Sum = "right" | "wrong" | undefined;

export function sumOf(sum: "right" | "wrong", bytes: Uint8Array): Checksum {
  return sum === "right" ? checksumOf(bytes) : wrongChecksum(bytes);
}

/**
 * Why a call is to be refused: for what can be seen of it before any I/O, among that a condition
 * that the store does not honour, and else for what is there.
 */
export function refusalsInOrder(
  honoured: boolean,
  condition: Condition | undefined,
  before: readonly ErrorCode[],
  others: readonly ErrorCode[],
): readonly ErrorCode[] {
  const first: readonly ErrorCode[] =
    condition !== undefined && !honoured ? [...before, "unsupported"] : before;
  return first.length > 0 ? first : others;
}
