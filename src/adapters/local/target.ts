import { StowageError } from "../../domain/errors.js";
import type { DownloadTarget, OpenTarget, Target } from "../../ports/source.js";
import { described, pathOf } from "./arguments.js";
import { openFileTarget } from "./file-target.js";
import { isNodeWritable, openNodeTarget } from "./node-target.js";
import { openWebTarget } from "./web-target.js";

/** Opens a path, a `file:` URL, a Node stream or a web stream to be written. */
export const openLocalTarget: OpenTarget = async (
  to: DownloadTarget,
  options: { readonly overwrite: boolean },
): Promise<Target> => {
  if (typeof to === "string" || to instanceof URL) {
    return openFileTarget(pathOf(to), options.overwrite);
  }
  if (to instanceof WritableStream) return openWebTarget(to);
  if (isNodeWritable(to)) return openNodeTarget(to);
  throw new StowageError(
    "invalid-argument",
    `Cannot download to ${described(to)}: give a path, a file: URL, a Node stream or a web stream to be written`,
  );
};
