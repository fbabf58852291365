import { createReadStream } from "node:fs";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { CONCURRENCY, PART_BYTES, REGION, smallKey } from "../constants.mjs";

/** `@aws-sdk/client-s3` with its defaults, and `@aws-sdk/lib-storage` on it. */
export function open({ endpoint, bucket, accessKey, secretKey }) {
  const client = new S3Client({
    endpoint,
    region: REGION,
    forcePathStyle: true,
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
  });
  const upload = (body) =>
    new Upload({
      client,
      params: { Bucket: bucket, Key: "bench.bin", Body: body },
      partSize: PART_BYTES,
      queueSize: CONCURRENCY,
    }).done();
  return {
    file: (path) => upload(createReadStream(path)),
    stream: upload,
    small: (index, bytes) =>
      client.send(new PutObjectCommand({ Bucket: bucket, Key: smallKey(index), Body: bytes })),
    close: () => client.destroy(),
  };
}
