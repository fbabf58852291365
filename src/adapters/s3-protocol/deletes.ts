import type { ObjectKey } from "../../domain/object-key.js";
import type { CallOptions, DeleteResult } from "../../ports/object-store.js";
import type { Context } from "./context.js";
import { badAnswer, type Call, errorOf } from "./errors.js";
import type { Failure } from "./failure.js";
import type { Deleted } from "./wire.js";

/** What S3 takes in one request. */
const KEYS_PER_REQUEST = 1_000;

/**
 * Deletes a thousand keys to a request. A request that fails ends the call: the keys may be given
 * again, since to delete a missing object is no error.
 */
export async function deleteObjects(
  context: Context,
  keys: readonly ObjectKey[],
  { signal }: CallOptions,
): Promise<readonly DeleteResult[]> {
  const call: Call = { operation: "deleteMany", signal };
  signal?.throwIfAborted();
  const unique = [...new Set(keys)];
  const errors = new Map<ObjectKey, Error | undefined>();
  for (let at = 0; at < unique.length; at += KEYS_PER_REQUEST) {
    const batch = unique.slice(at, at + KEYS_PER_REQUEST);
    const told = await context.send(call, (wire) => wire.deleteObjects({ keys: batch, signal }));
    const byKey = new Map(told.map((deleted) => [deleted.key, deleted]));
    for (const key of batch) errors.set(key, deleteError(context, key, byKey.get(key)));
  }
  return keys.map((key) => {
    const error = errors.get(key);
    return error === undefined ? { key } : { key, error };
  });
}

function deleteError(
  { site }: Context,
  key: ObjectKey,
  told: Deleted | undefined,
): Error | undefined {
  const call: Call = { operation: "deleteMany", key };
  if (told === undefined) return badAnswer(site, call, "the answer does not tell of it");
  const { code, text } = told;
  // Some servers answer so for a key without an object, which is deleted as it should be.
  if (code === undefined || code === "NoSuchKey") return undefined;
  const failure: Failure = { kind: "answer", status: 200, code, text };
  const outcome = code === "InternalError" ? "unknown" : "not-applied";
  return errorOf(site, call, failure, new Error(text ?? code)).with({ outcome });
}
