import type { Source } from "../../ports/source.js";
import { sendParts } from "./send-parts.js";
import { sendWhole } from "./send-whole.js";
import type { ObjectUpload, Prepared, Sent, Uploader } from "./uploader.js";

/**
 * Stores one object, whole or not at all.
 *
 * A `prepared` of kind `whole` may be sent again, under another key; one in parts is used up.
 *
 * @throws the store's errors, with the true `outcome` and, for parts, with `cleanup`; the reason of
 *   the signal; what reading the source throws.
 */
export function uploadObject(
  uploader: Uploader,
  source: Source,
  prepared: Prepared,
  upload: ObjectUpload,
): Promise<Sent> {
  return prepared.kind === "whole"
    ? sendWhole(uploader, prepared, upload)
    : sendParts(uploader, source, prepared, upload);
}
