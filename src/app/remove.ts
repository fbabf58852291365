import { StowageError } from "../domain/errors.js";
import type { ObjectKey } from "../domain/object-key.js";
import type { CallOptions } from "../ports/object-store.js";
import { cleanupLimit, LATE_MS } from "./uploader/outcome.js";
import type { Uploader } from "./uploader/uploader.js";

/**
 * Removes an object.
 *
 * @throws the store's errors; where it is not known whether the object is gone, with `resolve`.
 */
export async function remove(
  uploader: Uploader,
  key: ObjectKey,
  { signal }: CallOptions,
): Promise<void> {
  const { store, clock } = uploader;
  try {
    await store.delete(key, { signal });
  } catch (error) {
    if (!(error instanceof StowageError) || error.outcome !== "unknown") throw error;
    const since = clock.now().getTime();
    throw error.with({}, async () => {
      const there = await store.head(key, { signal: cleanupLimit(uploader) }).then(
        () => true,
        (fault: unknown) => (isMissing(fault) ? false : undefined),
      );
      if (there === false) return "applied";
      const late = clock.now().getTime() - since >= LATE_MS;
      return there === true && late ? "not-applied" : "unknown";
    });
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof StowageError && error.code === "not-found";
}
