import type { ObjectKey } from "../domain/object-key.js";
import type { OpenTarget } from "../ports/source.js";
import { untilAborted } from "./abortable.js";
import { openVerified, type Reader } from "./reading.js";
import type { Downloaded, DownloadRequest } from "./stowage.js";
import { tell } from "./uploads.js";

/** What downloads are made with. */
export interface Downloads extends Reader {
  readonly openTarget: OpenTarget;
}

/** Brings an object to a file, which appears whole or not at all, or to a stream. */
export async function download(
  downloads: Downloads,
  key: ObjectKey,
  request: DownloadRequest,
): Promise<Downloaded> {
  const { to, signal, onProgress, overwrite = false } = request;
  signal?.throwIfAborted();
  // The target first: to find out that it cannot be written costs no request.
  await using target = await downloads.openTarget(to, { overwrite });
  await using object = await openVerified(downloads, key, signal);
  const { info, proof } = object;
  for await (const bytes of object.body) {
    await untilAborted(target.write(bytes), signal);
    tell(onProgress, { key, doneBytes: proof.bytes, totalBytes: info.size });
  }
  signal?.throwIfAborted();
  // A file gets its name at once; a stream may be as slow to end as it likes.
  const isFile = typeof to === "string" || to instanceof URL;
  await (isFile ? target.commit() : untilAborted(target.commit(), signal));
  const { bytes: size, checksum, sha256, proves: verified } = proof;
  return { key, size, checksum, sha256, verified };
}
