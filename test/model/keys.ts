import fc from "fast-check";
import { isObjectKey, type ObjectKey, objectKey } from "../../src/domain/object-key.js";
import { longestName, NASTY, PAIRS } from "../../src/ports/contract/keys.js";

/** Stands for the longest name that fits behind a prefix, which is known when the test runs. */
export const LONGEST = "(the longest name)";

/** Names that get in the way of each other: by order, as folders, as prefixes, as a store's own. */
const FAMILIES: readonly (readonly string[])[] = [
  ["a", "a/b", "a/b/c", "a/b.c", "a!", "a-", "a.", "a0", "aa"],
  ["d/1", "d/2", "e/1", "e/f/1", "e/f/2", "e/g/1", "h/1", "i"],
  ["user_1", "user_1/x", "user_10/x", "user_1.csv", "user_1/x/y"],
  [".stowage", ".stowage/uploads/x", ".stowage/annex/_a/object", "object", "_a", "+a"],
  ["ｚ", "𝒛", "ｚ/a", "𝒛/a", "z"],
  ["%", "%2F", "%252F", "a%2Fb", "a/b"],
  ["part.1", "xl.meta", "null", "undefined", "__proto__"],
];

/** Pieces of names that are made up, `/` among them. */
const PIECES = [..."ab/./%+ é住ｚ~-_0&=?#'\"", "e\u0301", "🏠", "𝒛", "%2F", "A", "\u00a0"];

const madeUp: fc.Arbitrary<string> = fc
  .array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 6 })
  .map((pieces) => pieces.join(""))
  .filter(isObjectKey);

const several: fc.Arbitrary<readonly string[]> = fc.oneof(
  { weight: 2, arbitrary: fc.shuffledSubarray(Object.values(NASTY), { maxLength: 4 }) },
  { weight: 2, arbitrary: fc.constantFrom(...Object.values(PAIRS)) },
  { weight: 4, arbitrary: fc.constantFrom(...FAMILIES) },
  { weight: 2, arbitrary: fc.array(madeUp, { minLength: 1, maxLength: 4 }) },
  { weight: 1, arbitrary: fc.constant([LONGEST]) },
);

/** The names that one run works with: few, so that its commands meet. */
export const nasty: fc.Arbitrary<readonly string[]> = fc
  .tuple(several, several)
  .map(([some, more]) => [...new Set([...some, ...more])].slice(0, 10))
  .filter((names) => names.length > 0);

/** The keys of a run. Where two cannot both be, the later of them is left out. */
export function keysUnder(
  prefix: string,
  names: readonly string[],
  besideItsPrefix: boolean,
): readonly ObjectKey[] {
  const keys: ObjectKey[] = [];
  for (const name of [...names, "the last resort"]) {
    const key = objectKey(prefix + (name === LONGEST ? longestName(prefix) : name));
    const clashes = keys.some((k) => k.startsWith(`${key}/`) || key.startsWith(`${k}/`));
    const usable = besideItsPrefix || !clashes;
    if (usable && (name !== "the last resort" || keys.length === 0)) keys.push(key);
  }
  return keys;
}
