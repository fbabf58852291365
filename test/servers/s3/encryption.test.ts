import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { objectKey } from "../../../src/domain/object-key.js";
import { makeBucket } from "../buckets.js";
import type { Server } from "../setup/server.js";
import { startMinio } from "../setup/servers.js";
import { failureOf, STORES } from "./open.js";

const bytes = new TextEncoder().encode("to be encrypted");
const AES256 = { algorithm: "AES256" } as const;
const KMS = { algorithm: "aws:kms" } as const;
const key = objectKey("folder/secret");

const CASES = [
  ["minio", AES256],
  ["minio", KMS],
  ["localstack", AES256],
] as const;

describe.each(STORES)("encryption, %s", (_, open) => {
  test.each(CASES)("%s confirms %o, whole, in parts and copied", async (name, encryption) => {
    const server = inject(name);
    await using store = open(server, await makeBucket(server), name);
    await store.put(key, bytes, { encryption });
    expect((await store.head(key)).encryption).toBe(encryption.algorithm);

    const joined = objectKey("joined");
    const upload = await store.createUpload(joined, { encryption });
    const part = await store.uploadPart(upload, 1, bytes);
    await store.completeUpload(upload, [part]);
    expect((await store.head(joined)).encryption).toBe(encryption.algorithm);

    const plain = objectKey("plain");
    const copied = objectKey("copied");
    await store.put(plain, bytes, { metadata: { a: "b" }, contentType: "text/a" });
    await store.copy(plain, copied, { encryption });
    expect(await store.head(copied)).toMatchObject({
      encryption: encryption.algorithm,
      contentType: "text/a",
      metadata: { a: "b" },
    });

    await store.copy(plain, plain, { encryption });
    expect(await store.head(plain)).toMatchObject({
      encryption: encryption.algorithm,
      contentType: "text/a",
      metadata: { a: "b" },
      size: bytes.length,
    });
  });
});

describe("a MinIO without a key", () => {
  let server: Server;
  beforeAll(async () => {
    server = await startMinio({ kms: false });
  });
  afterAll(async () => {
    await server.stop();
  });

  test.each(STORES)("%s: encryption is unsupported, with the remedy", async (_, open) => {
    await using store = open(server, await makeBucket(server), "minio");
    const other = objectKey("other");
    await store.put(other, bytes);
    const writes = [
      () => store.put(key, bytes, { encryption: AES256 }),
      () => store.createUpload(key, { encryption: AES256 }),
      () => store.copy(other, key, { encryption: AES256 }),
    ];
    for (const write of writes) {
      expect(await failureOf(write())).toMatchObject({
        code: "unsupported",
        outcome: "not-applied",
        status: 501,
        remedy:
          "Give the server a key (MinIO: MINIO_KMS_SECRET_KEY), or set STOWAGE_ENCRYPTION=none.",
      });
    }
    expect(await failureOf(store.head(key))).toMatchObject({ code: "not-found" });
  });
});
