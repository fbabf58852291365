import { type Operation, quote, StowageError } from "../domain/errors.js";
import { type ObjectKey, objectKey } from "../domain/object-key.js";
import { ownerId, ownerPrefix } from "../domain/owner.js";
import type { Store } from "../ports/store.js";
import type { Kind, ObjectRequest } from "./stowage.js";

/** The prefixes below which users' objects stand. */
export interface Roots {
  readonly dataset: string;
  readonly model: string;
}

/**
 * The key that a user may reach by a key or URI.
 *
 * @throws `invalid-argument` for another store's URI; `invalid-key`; `access-denied` for what is not
 *   this user's: before any I/O, so that nobody learns what others have.
 */
export function ownKey(
  store: Store,
  roots: Roots,
  operation: Operation,
  request: ObjectRequest,
): ObjectKey {
  const owner = ownerId(request.userId);
  const key = keyOf(store, request.object);
  const own = [roots.dataset, roots.model].some((root) => {
    const prefix = ownerPrefix(root, owner);
    return key.startsWith(prefix) && !key.slice(prefix.length).includes("/");
  });
  if (own) return key;
  throw new StowageError(
    "access-denied",
    `Cannot reach ${quote(key)}: it does not belong to user ${quote(owner)}`,
    { operation, store: store.facts.kind, bucket: store.facts.bucket, key },
  );
}

/**
 * The prefix of a kind.
 *
 * @throws `invalid-argument` for what is no kind; `act` begins its message.
 */
export function rootOf(roots: Roots, kind: Kind, act: string): string {
  if (Object.hasOwn(roots, kind)) return roots[kind];
  throw new StowageError(
    "invalid-argument",
    `Cannot ${act} ${quote(kind)}: use "dataset" or "model"`,
  );
}

/** The key of a key or URI of this store. */
export function keyOf(store: Store, object: string): ObjectKey {
  if (typeof object !== "string" || !/^[a-z][a-z0-9+.-]*:\/\//i.test(object)) {
    return objectKey(object);
  }
  const key = store.keyOf(object);
  if (key !== undefined) return key;
  throw new StowageError(
    "invalid-argument",
    `Cannot use ${quote(object)}: it is no URI of this store, whose URIs begin with ${quote(store.facts.location)}`,
  );
}
