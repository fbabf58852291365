import { inject } from "vitest";
import { openMinioStore } from "../../../src/adapters/minio/index.js";
import { openS3Store } from "../../../src/adapters/s3/index.js";
import type { OpenStore } from "../../../src/ports/store.js";

/**
 * Milliseconds. LocalStack leaves the reader of an object that is replaced waiting for bytes that do
 * not come: the shorter the wait, the sooner the read has failed, as it may.
 */
const IDLE_TIMEOUT_MS = 4_000;

/** The S3 store in a bucket of a server. */
export function s3In(bucket: string, name: "minio" | "localstack"): OpenStore {
  const { endpoint, region, accessKey, secretKey } = inject(name);
  return openS3Store({
    bucket,
    region,
    endpoint,
    pathStyle: true,
    profile: name,
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
    idleTimeoutMs: name === "localstack" ? IDLE_TIMEOUT_MS : undefined,
  });
}

/** The MinIO store in a bucket of MinIO. */
export function minioIn(bucket: string): OpenStore {
  const { endpoint, region, accessKey, secretKey } = inject("minio");
  return openMinioStore({ endpoint, bucket, accessKey, secretKey, region });
}
