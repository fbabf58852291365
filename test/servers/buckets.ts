import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import type { StowageConfig } from "../../src/app/config/config.js";
import type { ServerAddress } from "./setup/server.js";

/** A client of the SDK's own, for what Stowage does not do: to make buckets, and to look. */
export function sdkClient(server: ServerAddress): S3Client {
  return new S3Client({
    endpoint: server.endpoint,
    region: server.region,
    credentials: { accessKeyId: server.accessKey, secretAccessKey: server.secretKey },
    forcePathStyle: true,
  });
}

/** Makes a bucket that nobody else uses. */
export async function makeBucket(server: ServerAddress): Promise<string> {
  const bucket = `stowage-${crypto.randomUUID()}`;
  const client = sdkClient(server);
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  client.destroy();
  return bucket;
}

export type Way = "s3" | "minio";

/** Where a store stands, as `--store` takes it. */
export function locationOf(
  way: Way,
  server: ServerAddress,
  bucket: string,
  profile: string,
  endpoint: string = server.endpoint,
): string {
  return way === "s3"
    ? `s3://${bucket}?region=${server.region}&endpoint=${endpoint}&profile=${profile}`
    : `minio://${new URL(endpoint).host}/${bucket}?tls=false&profile=${profile}`;
}

/** The credentials of a server, as the environment holds them. */
export function credentialsOf(server: ServerAddress): Record<string, string> {
  return {
    AWS_ACCESS_KEY_ID: server.accessKey,
    AWS_SECRET_ACCESS_KEY: server.secretKey,
    MINIO_ACCESS_KEY: server.accessKey,
    MINIO_SECRET_KEY: server.secretKey,
  };
}

/** The same, as a configuration holds them. */
export function configOf(
  server: ServerAddress,
): Pick<StowageConfig, "s3Credentials" | "minioCredentials"> {
  const { accessKey, secretKey } = server;
  return {
    s3Credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
    minioCredentials: { accessKey, secretKey },
  };
}
