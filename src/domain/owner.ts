import { quote, StowageError } from "./errors.js";

declare const checked: unique symbol;

/** A user id that has passed its rule, as the text that stands in keys. */
export type OwnerId = string & { readonly [checked]: "OwnerId" };

/** Characters: the most that a user id may have. UUIDs, ULIDs, Firebase's and Auth0's ids fit. */
export const MAX_OWNER_ID_LENGTH = 128;

const RULE =
  `use an integer from 0 (above 2^53 - 1 as a bigint), or a text of 1 to ${MAX_OWNER_ID_LENGTH} characters ` +
  'out of A-Z, a-z, 0-9, "-", "_" and ".", of which the first is a letter or a digit';
const ALPHABET = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;

/**
 * Checks a user id.
 *
 * Two ids are the same when their texts are: `7` and `"7"` are one id, `"07"` and `"7"` are two.
 *
 * @throws `invalid-argument`.
 */
export function ownerId(userId: number | bigint | string): OwnerId {
  const text = typeof userId === "string" ? userId : integerText(userId);
  if (typeof text !== "string" || text.length > MAX_OWNER_ID_LENGTH || !ALPHABET.test(text)) {
    const value = typeof userId === "number" ? String(userId) : quote(userId);
    throw new StowageError("invalid-argument", `Cannot use user id ${value}: ${RULE}`);
  }
  return text as OwnerId;
}

/**
 * The prefix under which everything of one owner stands. It ends in `/`, so that `user_1` never
 * matches `user_10`.
 */
export function ownerPrefix(root: string, owner: OwnerId): string {
  return `${root}/user_${owner}/`;
}

function integerText(userId: number | bigint): string | undefined {
  const isExact = typeof userId === "bigint" || Number.isSafeInteger(userId);
  return isExact && userId >= 0 ? String(userId) : undefined;
}
