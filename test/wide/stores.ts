import { openMinioStore } from "../../src/adapters/minio/index.js";
import { openS3Store } from "../../src/adapters/s3/index.js";
import type { OpenStore } from "../../src/ports/store.js";
import type { ServerAddress } from "../servers/setup/server.js";

/** The S3 store in a bucket of a server. */
export function s3In(server: ServerAddress, profile: string, bucket: string): OpenStore {
  const { endpoint, region, accessKey, secretKey } = server;
  const credentials = { accessKeyId: accessKey, secretAccessKey: secretKey };
  return openS3Store({ bucket, region, endpoint, profile, credentials });
}

/** The MinIO store in a bucket of a server. */
export function minioIn(server: ServerAddress, profile: string, bucket: string): OpenStore {
  const { endpoint, region, accessKey, secretKey } = server;
  return openMinioStore({ bucket, region, endpoint, profile, accessKey, secretKey });
}
