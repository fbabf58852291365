import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { objectKey } from "../../../src/domain/object-key.js";
import type { Store } from "../../../src/ports/store.js";
import { makeBucket } from "../buckets.js";
import type { Server } from "../setup/server.js";
import { startMinio } from "../setup/servers.js";
import { failureOf, STORES, taken } from "./open.js";

const key = objectKey("folder/name");
const bytes = new TextEncoder().encode("hello");

const CALLS: readonly (readonly [string, (store: Store) => Promise<unknown>])[] = [
  ["put", (store) => store.put(key, bytes)],
  ["get", (store) => store.get(key)],
  ["head", (store) => store.head(key)],
  ["delete", (store) => store.delete(key)],
  ["deleteMany", (store) => store.deleteMany([key])],
  ["list", (store) => taken(store.list())],
  ["createUpload", (store) => store.createUpload(key)],
];

describe.each(STORES)("%s", (_, open) => {
  // LocalStack does not verify what is signed in headers.
  test.each([
    ["access key", { accessKey: "nobody-has-this" }],
    ["secret key", { secretKey: "not-the-secret-key" }],
  ])("MinIO refuses a wrong %s, for every call", async (__, wrong) => {
    const server = inject("minio");
    await using store = open(server, await makeBucket(server), "minio", wrong);
    for (const [operation, call] of CALLS) {
      expect(await failureOf(call(store)), operation).toMatchObject({
        code: "invalid-credentials",
        operation,
        status: 403,
        requestId: expect.stringMatching(/./),
        retryable: false,
      });
    }
  });

  test.each(["minio", "localstack"] as const)(
    "%s: a missing bucket is not taken for a missing object",
    async (name) => {
      const server = inject(name);
      await using store = open(server, await makeBucket(server), name);
      await using nowhere = open(server, `missing-${crypto.randomUUID()}`, name);
      for (const call of [(it: Store) => it.get(key), (it: Store) => it.head(key)]) {
        expect(await failureOf(call(store))).toMatchObject({ code: "not-found" });
        expect(await failureOf(call(nowhere))).toMatchObject({ code: "bucket-not-found" });
      }
    },
  );
});

describe("a MinIO of one region", () => {
  let server: Server;
  beforeAll(async () => {
    server = await startMinio({ region: "eu-central-1" });
  });
  afterAll(async () => {
    await server.stop();
  });

  test.each(STORES)("%s: another one is refused, and the right one named", async (_, open) => {
    const bucket = await makeBucket(server);
    await using store = open(server, bucket, "minio", { region: "us-west-2" });
    const refused = {
      code: "wrong-region",
      remedy: "Set region to eu-central-1.",
      retryable: false,
    };
    for (const [operation, call] of CALLS) {
      if (operation === "deleteMany") continue;
      expect(await failureOf(call(store)), operation).toMatchObject({ ...refused, operation });
    }
    // A batch is answered with 200, and with an error for each key.
    expect(await store.deleteMany([key])).toMatchObject([{ key, error: refused }]);
    await using right = open(server, bucket, "minio");
    await right.put(key, bytes);
  });
});
