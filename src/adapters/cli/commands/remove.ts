import type { Context } from "../context.js";
import { subjectOf } from "../owner.js";

/** Removes an object, and prints nothing. */
export async function remove(context: Context): Promise<void> {
  const { userId, object } = subjectOf(context);
  await context.stowage.remove({ userId, object, signal: context.signal });
}
