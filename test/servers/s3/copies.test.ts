import { crc32 } from "node:zlib";
import { Client } from "minio";
import { describe, expect, inject, test } from "vitest";
import { MinioObjectStore, minioTransport } from "../../../src/adapters/minio/index.js";
import { S3ObjectStore } from "../../../src/adapters/s3/index.js";
import { profileOf } from "../../../src/adapters/s3-protocol/profiles.js";
import { crc32Checksum } from "../../../src/domain/checksum.js";
import { objectKey } from "../../../src/domain/object-key.js";
import type { Store } from "../../../src/ports/store.js";
import { makeBucket, sdkClient } from "../buckets.js";
import { failureOf, taken } from "./open.js";

/** As little as a part may have: what is larger is copied in parts. */
const LIMIT = 5_242_880;
const bytes = new Uint8Array(2 * LIMIT + 77).map((_, index) => index % 251);
const from = objectKey("a b/c+d/%41 é");
const to = objectKey("copy of/日本");

const NAMES = ["minio", "localstack"] as const;

/** The two stores, made by hand with another limit than their profiles have. */
const STORES = [
  [
    "s3",
    (name: (typeof NAMES)[number], bucket: string): Store => {
      const profile = { ...profileOf(name), maxCopyBytes: LIMIT };
      return new S3ObjectStore({ client: sdkClient(inject(name)), bucket, profile });
    },
  ],
  [
    "minio",
    (name: (typeof NAMES)[number], bucket: string): Store => {
      const { endpoint, accessKey, secretKey } = inject(name);
      const { hostname, port } = new URL(endpoint);
      const client = new Client({
        endPoint: hostname,
        port: Number(port),
        useSSL: false,
        accessKey,
        secretKey,
        transport: minioTransport,
        retryOptions: { disableRetry: true },
      });
      const profile = { ...profileOf(name), maxCopyBytes: LIMIT };
      return new MinioObjectStore({ client, bucket, profile });
    },
  ],
] as const;

describe.each(STORES)("a copy in parts, %s", (_, storeOf) => {
  test.each(NAMES)("%s: has the bytes, the type and the metadata of its source", async (name) => {
    const store = storeOf(name, await makeBucket(inject(name)));
    const checksum = crc32Checksum(crc32(bytes));
    const metadata = { name: "日本", plain: "a b" };
    await store.put(from, bytes, { contentType: "text/a", metadata, checksum });
    const { size, etag } = await store.copy(from, to);
    expect(size).toBe(bytes.length);
    const info = await store.head(to);
    expect(info).toMatchObject({ size, etag, contentType: "text/a", metadata });
    // MinIO takes no checksum for parts that it copies: it keeps none rather than a wrong one.
    expect(info.checksum).toEqual(name === "minio" ? undefined : checksum);
    await using opened = await store.get(to);
    expect(Buffer.concat(await taken(opened.body)).equals(bytes)).toBe(true);
    // More parts than one: the ETag is that of parts.
    expect(etag).toMatch(/-3$/);
  });

  test.each(NAMES)("%s: leaves nothing behind when it is aborted", async (name) => {
    const store = storeOf(name, await makeBucket(inject(name)));
    await store.put(from, bytes);
    const abort = new AbortController();
    const reason = new Error("no longer wanted");
    const copying = store.copy(from, to, { signal: abort.signal });
    const poll = async (): Promise<void> => {
      for (;;) {
        if ((await taken(store.listUploads({ key: to }))).length > 0) return abort.abort(reason);
      }
    };
    const [failure] = await Promise.all([failureOf(copying), poll()]);
    expect(failure).toBe(reason);
    expect(await taken(store.listUploads({ key: to }))).toEqual([]);
    expect(await failureOf(store.head(to))).toMatchObject({ code: "not-found" });
  });

  test.each(NAMES)("%s: conditions on copies are refused, not dropped", async (name) => {
    const store = storeOf(name, await makeBucket(inject(name)));
    expect(await failureOf(store.copy(from, to, { when: { absent: true } }))).toMatchObject({
      code: "unsupported",
      outcome: "not-applied",
    });
  });
});

test("a client of MinIO that goes past the transport is refused", async () => {
  const { endpoint, accessKey, secretKey } = inject("minio");
  const { hostname, port } = new URL(endpoint);
  const client = new Client({
    endPoint: hostname,
    port: Number(port),
    useSSL: false,
    accessKey,
    secretKey,
  });
  const store = new MinioObjectStore({ client, bucket: await makeBucket(inject("minio")) });
  const put = store.put(from, new Uint8Array(1));
  expect(await failureOf(put)).toMatchObject({ code: "invalid-config" });
});
