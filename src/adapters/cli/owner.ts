import { keyOf } from "../../app/references.js";
import { quote } from "../../domain/errors.js";
import { parseUploadKey } from "../../domain/upload-key.js";
import { UsageError } from "./arguments.js";
import type { Context } from "./context.js";

/** The object that a command is about, and on whose behalf. */
export interface Subject {
  readonly userId: string;
  /** As it was given: a key, or a URI. */
  readonly object: string;
  /** The name it was uploaded under, where the key tells it. */
  readonly filename: string | undefined;
}

/**
 * Reads the operand `KEY|URI`. The user is the one of `--user`, else the owner that the key names.
 *
 * @throws `UsageError` when neither tells a user; `invalid-key`; `invalid-argument` for the URI of
 *   another store.
 */
export function subjectOf({ operands, options, stowage, command }: Context): Subject {
  const [object = ""] = operands;
  const parts = parseUploadKey(keyOf(stowage.store, object));
  const userId = options.user ?? parts?.owner;
  if (userId === undefined) {
    throw new UsageError(
      `Cannot ${command} ${quote(object)}: its owner cannot be told from it; name the owner, as in --user 12345`,
      command,
    );
  }
  return { userId, object, filename: parts?.filename };
}
