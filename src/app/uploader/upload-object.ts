import type { Source } from "../../ports/source.js";
import { sendParts } from "./send-parts.js";
import { sendWhole } from "./send-whole.js";
import type { Earlier, ObjectUpload, Prepared, Sent, Uploader } from "./uploader.js";

/**
 * Stores one object, whole or not at all. Its key is counted in `running` by whoever calls this.
 *
 * A `prepared` of kind `whole` may be sent again, under another key; one in parts is used up. An
 * upload in parts that was begun earlier is gone on with: parts are proved before they are counted on.
 *
 * @throws the store's errors, with the true `outcome` and, for parts, with `cleanup`; the reason of
 *   the signal; what reading the source throws.
 */
export function uploadObject(
  uploader: Uploader,
  source: Source,
  prepared: Prepared,
  upload: ObjectUpload,
  earlier?: Earlier,
): Promise<Sent> {
  return prepared.kind === "whole"
    ? sendWhole(uploader, prepared, upload)
    : sendParts(uploader, source, prepared, upload, earlier);
}
