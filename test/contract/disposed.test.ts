import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { openFilesystemStore } from "../../src/adapters/filesystem/index.js";
import { openMemoryStore } from "../../src/adapters/memory/index.js";
import { openMinioStore } from "../../src/adapters/minio/index.js";
import { openS3Store } from "../../src/adapters/s3/index.js";
import { objectKey } from "../../src/domain/object-key.js";
import type { Part, Upload } from "../../src/ports/multipart-store.js";
import type { OpenStore } from "../../src/ports/store.js";

const KEY = objectKey("user_1/a.csv");
const BYTES = new TextEncoder().encode("x");

/** Nobody listens there: a request that is sent is refused with another code. */
const NOWHERE = "http://127.0.0.1:9";

const STORES: readonly [string, () => Promise<OpenStore>][] = [
  ["memory", async () => openMemoryStore()],
  [
    "filesystem",
    async () => {
      const directory = await mkdtemp(join(tmpdir(), "stowage-disposed-"));
      onTestFinished(() => rm(directory, { recursive: true }));
      return openFilesystemStore({ directory });
    },
  ],
  [
    "s3",
    async () =>
      openS3Store({
        bucket: "bucket",
        endpoint: NOWHERE,
        region: "us-east-1",
        profile: "aws",
        credentials: { accessKeyId: "id", secretAccessKey: "secret" },
      }),
  ],
  [
    "minio",
    async () =>
      openMinioStore({
        bucket: "bucket",
        endpoint: NOWHERE,
        accessKey: "id",
        secretKey: "secret",
      }),
  ],
];

const UPLOAD: Upload = { key: KEY, uploadId: "0".repeat(32) };
const PART: Part = { partNumber: 1, size: 1, etag: "etag" };

const CALLS: readonly [string, (store: OpenStore) => Promise<unknown>][] = [
  ["put", (store) => store.put(KEY, BYTES)],
  ["get", (store) => store.get(KEY)],
  ["head", (store) => store.head(KEY)],
  ["delete", (store) => store.delete(KEY)],
  ["deleteMany", (store) => store.deleteMany([KEY])],
  ["copy", (store) => store.copy(KEY, objectKey("b"))],
  ["list", (store) => Array.fromAsync(store.list())],
  ["createUpload", (store) => store.createUpload(KEY)],
  ["uploadPart", (store) => store.uploadPart(UPLOAD, 1, BYTES)],
  ["completeUpload", (store) => store.completeUpload(UPLOAD, [PART])],
  ["abortUpload", (store) => store.abortUpload(UPLOAD)],
  ["listParts", (store) => Array.fromAsync(store.listParts(UPLOAD))],
  ["listUploads", (store) => Array.fromAsync(store.listUploads({ key: KEY }))],
];

describe.each(STORES)("a store that was disposed of: %s", (kind, open) => {
  it.each(CALLS)("refuses %s with invalid-argument, and sends nothing", async (operation, call) => {
    const store = await open();
    await store[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
    const error: unknown = await call(store).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ code: "invalid-argument", store: kind, operation });
    expect(error).toHaveProperty("message", expect.stringContaining("the store is disposed of"));
    expect(store.keyOf(store.uri(KEY))).toBe(KEY);
  });
});
