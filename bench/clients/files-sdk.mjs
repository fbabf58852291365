import { openAsBlob } from "node:fs";
import { Readable } from "node:stream";
import { Files } from "files-sdk";
import { s3 } from "files-sdk/s3";
import { CONCURRENCY, PART_BYTES, REGION, smallKey } from "../constants.mjs";

/** `files-sdk` over its S3 adapter. It takes no path: a file is a `Blob` to it. */
export function open({ endpoint, bucket, accessKey, secretKey }) {
  const adapter = s3({
    bucket,
    endpoint,
    region: REGION,
    forcePathStyle: true,
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
  });
  const files = new Files({ adapter });
  const multipart = { partSize: PART_BYTES, concurrency: CONCURRENCY };
  return {
    file: async (path) => files.upload("bench.bin", await openAsBlob(path), { multipart }),
    stream: (stream) => files.upload("bench.bin", Readable.toWeb(stream), { multipart }),
    small: (index, bytes) => files.upload(smallKey(index), bytes),
    close: () => files.raw.destroy(),
  };
}
