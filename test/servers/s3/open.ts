import { openMinioStore } from "../../../src/adapters/minio/index.js";
import { openS3Store } from "../../../src/adapters/s3/index.js";
import type { OpenStore } from "../../../src/ports/store.js";
import type { ServerAddress } from "../setup/server.js";

export interface Overrides {
  readonly region?: string;
  readonly accessKey?: string;
  readonly secretKey?: string;
  readonly maxSockets?: number;
}

export type Open = (
  server: ServerAddress,
  bucket: string,
  profile: string,
  overrides?: Overrides,
) => OpenStore;

/** Both stores, opened on a real server. */
export const STORES: readonly (readonly [kind: string, open: Open])[] = [
  [
    "s3",
    (server, bucket, profile, overrides = {}) => {
      const { accessKey, secretKey, ...rest } = { ...server, ...overrides };
      const { endpoint, region, maxSockets } = rest;
      const credentials = { accessKeyId: accessKey, secretAccessKey: secretKey };
      return openS3Store({ bucket, endpoint, region, profile, credentials, maxSockets });
    },
  ],
  [
    "minio",
    (server, bucket, profile, overrides = {}) => {
      const { endpoint, region, accessKey, secretKey, maxSockets } = { ...server, ...overrides };
      return openMinioStore({
        bucket,
        endpoint,
        region,
        profile,
        accessKey,
        secretKey,
        maxSockets,
      });
    },
  ],
];

export async function taken<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** What a call rejects with. */
export async function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    (value) => {
      throw new Error(`resolved with ${JSON.stringify(value)}`);
    },
    (error: unknown) => error,
  );
}
