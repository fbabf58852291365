import fc from "fast-check";
import type { ByteRange } from "../../../src/domain/range.js";
import type { Condition, Tag } from "../model.js";
import type { Body } from "../site.js";
import {
  ABORTED_CALLS,
  abortedRead,
  interruptedComplete,
  interruptedPut,
  tooLate,
} from "./aborts.js";
import { type Command, KEPT_CHOICES, KEPT_REFUSED } from "./command.js";
import {
  copy,
  fill,
  get,
  head,
  type List,
  list,
  listAcross,
  put,
  remove,
  removeMany,
  type Text,
  uris,
} from "./objects.js";
import { goOn, leave, open } from "./reads.js";
import { abort, begin, complete, part, parts, send, uploads } from "./uploads.js";

/** What commands a store is given. */
export interface Repertoire {
  /** Bytes of objects that are put. */
  readonly sizes: fc.Arbitrary<number>;
  /** Bytes of parts, good or not. */
  readonly partSizes: fc.Arbitrary<number>;
  /** Bytes of the parts of uploads, most of which can be completed. */
  readonly uploadSizes: fc.Arbitrary<readonly number[]>;
  readonly maxParts: number;
  /**
   * Whether writes are aborted on their way. Of a server nobody knows whether what it has received
   * will still be carried out.
   */
  readonly interrupts: boolean;
}

const TAGS: readonly Tag[] = ["current", "current", "former", "other", "made-up"];

const slot = fc.nat(9);
const which = fc.oneof(
  { weight: 2, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.nat(3) },
);
/** The last choices are refused, so they are seldom made. */
const kept = fc.oneof(
  { weight: 9, arbitrary: fc.nat(KEPT_CHOICES - KEPT_REFUSED - 1) },
  { weight: 1, arbitrary: fc.integer({ min: KEPT_CHOICES - KEPT_REFUSED, max: KEPT_CHOICES - 1 }) },
);
const tag = maybe(fc.constantFrom(...TAGS), 2);
const condition = maybe(fc.constantFrom<Condition>("absent", "absent", ...TAGS), 2);
const sum = maybe(fc.constantFrom("right", "right", "right", "wrong"), 1);
const seldom = maybe(fc.constant(true), 7);
const encrypt = maybe(fc.constantFrom("AES256", "AES256", "aws:kms"), 8);
const seed = fc.integer({ min: 1, max: 3 });

const offset = fc.oneof(fc.nat(20), fc.constantFrom(999, 1_000, 65_535, 65_536, 70_001));
const range: fc.Arbitrary<ByteRange> = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(offset, offset).map(([start, more]) => within(start, more)) },
  { weight: 2, arbitrary: offset.map((start) => ({ start })) },
  { weight: 2, arbitrary: offset.map((suffix) => ({ suffix: suffix + 1 })) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<ByteRange>(
      { start: -1 },
      { start: 3, end: 3 },
      { start: 0.5 },
      { suffix: 0 },
    ),
  },
);

const TAILS = ["", "", "", "/", "!", "0", "ｚ", "\u{10ffff}", "no such"];

function textWith(tails: readonly string[]): fc.Arbitrary<Text> {
  const cut = fc.oneof(fc.nat(12), fc.constant(10_000));
  return fc.record({ slot, cut, tail: fc.constantFrom(...tails) });
}

const after = fc.oneof(textWith(TAILS), fc.constantFrom("", "!", "\u{10ffff}"));

const listing: fc.Arbitrary<List> = fc.record({
  prefix: maybe(textWith([...TAILS, "//", "/../"]), 2),
  after: maybe(after, 2),
  fold: fc.boolean(),
  pageSize: fc.constantFrom(undefined, 1, 1, 2, 3, 1_000),
  most: maybe(fc.constantFrom(1, 2), 5),
});

/** Any command that the store is given, some more often than others. */
export function anyCommand(repertoire: Repertoire): fc.Arbitrary<Command> {
  const { sizes, partSizes, uploadSizes, maxParts, interrupts } = repertoire;
  const body: fc.Arbitrary<Body> = bodyOf(sizes);
  const partBody = bodyOf(partSizes);
  const bodies = fc
    .tuple(uploadSizes, seed)
    .map(([several, first]) => several.map((size, at) => ({ size, seed: first + at })));
  const number = fc.oneof(
    { weight: 12, arbitrary: fc.integer({ min: 1, max: 3 }) },
    { weight: 1, arbitrary: fc.constantFrom(0, 1.5, maxParts, maxParts + 1) },
  );
  const naming = fc.constantFrom(
    ...(["all", "all", "all", "all", "all", "all", "last", "first"] as const),
    ...(["none", "former", "made-up", "foreign", "descending"] as const),
  );
  const turns = fc.nat(40);
  const [pageSize, most] = [fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })];
  const interruptions: [number, fc.Arbitrary<Command>][] = [
    [2, some({ turns, slot, body, kept }, interruptedPut)],
    [2, some({ turns, which }, interruptedComplete)],
  ];
  const commands: [number, fc.Arbitrary<Command>][] = [
    [14, some({ slot, body, kept, when: condition, sum, encrypt }, put)],
    [4, some({ seed }, fill)],
    [6, some({ slot, range: maybe(range, 1), when: tag }, get)],
    [2, some({ slot }, head)],
    [9, listing.map(list)],
    [3, some({ pageSize, most, put: slot, remove: slot, seed }, listAcross)],
    [4, some({ slot, when: tag }, remove)],
    [1, some({ slots: fc.array(slot, { maxLength: 4 }) }, removeMany)],
    [6, some({ from: slot, to: slot, when: condition }, copy)],
    [4, some({ slot, kept, checksummed: fc.boolean(), encrypt }, begin)],
    [6, some({ slot, kept, checksummed: fc.boolean(), bodies }, send)],
    [5, some({ which, number, body: partBody, wrong: seldom }, part)],
    [9, some({ which, naming, when: condition, wrong: seldom }, complete)],
    [2, some({ which }, abort)],
    [2, some({ which }, parts)],
    [2, some({ slot, cut: maybe(fc.nat(12), 1) }, uploads)],
    [4, some({ slot, range: maybe(range, 2), chunks: fc.nat(1) }, open)],
    [3, some({ which, chunks: maybe(fc.constant(1), 1) }, goOn)],
    [1, some({ which }, leave)],
    [1, some({ call: fc.constantFrom(...ABORTED_CALLS), slot, which }, tooLate)],
    [1, some({ slot, chunks: fc.nat(1) }, abortedRead)],
    [1, fc.constant(uris({}))],
    ...(interrupts ? interruptions : []),
  ];
  return fc.oneof(...commands.map(([weight, arbitrary]) => ({ weight, arbitrary })));
}

/** Arbitrary parameters, and the command that is made of them. */
function some<P extends object>(
  parameters: { [K in keyof P]-?: fc.Arbitrary<P[K]> },
  make: (parameters: P) => Command,
): fc.Arbitrary<Command> {
  return fc.record(parameters as { [K in keyof P]: fc.Arbitrary<P[K]> }).map((p) => make(p as P));
}

/** A value, or, so many times as often, none. */
function maybe<T>(value: fc.Arbitrary<T>, none: number): fc.Arbitrary<T | undefined> {
  return fc.oneof(
    { weight: none, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: value },
  );
}

/** Few bodies of each size, so that bytes come back that have been there before. */
function bodyOf(sizes: fc.Arbitrary<number>): fc.Arbitrary<Body> {
  return fc.record({ size: sizes, seed });
}

function within(start: number, more: number): ByteRange {
  return { start, end: start + more + 1 };
}
