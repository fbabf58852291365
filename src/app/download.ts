import { pipeline } from "node:stream/promises";
import { crc32Checksum } from "../domain/checksum.js";
import type { ObjectKey } from "../domain/object-key.js";
import type { OpenTarget } from "../ports/source.js";
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
  const isPath = typeof to === "string" || to instanceof URL;
  // The target first: to find out that it cannot be written costs no request.
  await using target = isPath ? await downloads.openTarget(to, { overwrite }) : undefined;
  await using object = await openVerified(downloads, key, signal);
  const { info } = object;
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const bytes of object.body) {
      yield bytes;
      tell(onProgress, { key, doneBytes: object.soFar.bytes, totalBytes: info.size });
    }
  };
  if (target === undefined) {
    await pipeline(counted, to as NodeJS.WritableStream, { signal }).catch((error: unknown) => {
      throw signal?.aborted === true ? signal.reason : error;
    });
  } else {
    for await (const bytes of counted()) await target.write(bytes);
    signal?.throwIfAborted();
    await target.commit();
  }
  return {
    key,
    size: object.soFar.bytes,
    checksum: crc32Checksum(object.soFar.crc),
    verified: info.checksum !== undefined,
  };
}
