import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import type { ServerAddress } from "../setup/server.js";

/** Makes a bucket that only this run has, and tells its name. */
export async function freshBucket(server: ServerAddress): Promise<string> {
  const bucket = `contract-${crypto.randomUUID()}`;
  const client = new S3Client({
    endpoint: server.endpoint,
    region: server.region,
    credentials: { accessKeyId: server.accessKey, secretAccessKey: server.secretKey },
    forcePathStyle: true,
  });
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  client.destroy();
  return bucket;
}
