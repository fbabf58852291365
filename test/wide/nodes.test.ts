import { createHash, randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openLocalSource } from "../../src/adapters/local/index.js";
import { openS3Store } from "../../src/adapters/s3/index.js";
import { systemClock } from "../../src/adapters/system/clock.js";
import { RetryingStore } from "../../src/app/retrying-store.js";
import { Running } from "../../src/app/uploader/lost-uploads.js";
import { MEMORY_BUDGET_BYTES, partMemory, Rooms } from "../../src/app/uploader/part-memory.js";
import { inParts } from "../../src/app/uploader/prepare.js";
import { uploadObject } from "../../src/app/uploader/upload-object.js";
import type { Sent } from "../../src/app/uploader/uploader.js";
import { StowageError } from "../../src/domain/errors.js";
import { type ObjectKey, objectKey } from "../../src/domain/object-key.js";
import { DEFAULT_RETRY } from "../../src/domain/retry.js";
import type { Store } from "../../src/ports/store.js";
import { makeBucket } from "../servers/buckets.js";
import { type CephServer, startCeph } from "../servers/setup/wide-servers.js";

const PART = 5_242_880;
const BYTES = randomBytes(20 * PART);

/** Uploads in parts, replacing what is there: Ceph does not promise to complete create-only. */
async function uploadTo(store: Store, key: ObjectKey): Promise<Sent> {
  const writeToken = systemClock.token();
  const uploader = {
    store: new RetryingStore(store, systemClock, { retry: { ...DEFAULT_RETRY, maxAttempts: 3 } }),
    clock: systemClock,
    wishes: {},
    concurrency: 4,
    cleanupTimeoutMs: 90_000,
    running: new Running(),
  };
  using rooms = new Rooms(partMemory, MEMORY_BUDGET_BYTES, undefined);
  await using source = await openLocalSource(BYTES);
  const prepared = inParts(uploader, source, rooms, BYTES.length, PART);
  return await uploadObject(uploader, source, prepared, {
    key,
    contentType: "application/octet-stream",
    metadata: { write_token: writeToken },
    writeToken,
    encryption: undefined,
    when: undefined,
    signal: undefined,
    onProgress: () => undefined,
  });
}

/** The store, with something done at the n-th call of an operation. */
function at(store: Store, operation: keyof Store, nth: number, act: () => void): Store {
  let calls = 0;
  return new Proxy(store, {
    get: (_, name) => {
      const member: unknown = Reflect.get(store, name);
      if (typeof member !== "function") return member;
      if (name !== operation) return member.bind(store);
      return (...args: unknown[]) => {
        calls += 1;
        if (calls === nth) act();
        return Reflect.apply(member, store, args);
      };
    },
  });
}

describe("an upload of 100 MB to three nodes", () => {
  let server: CephServer;
  let bucket: string;

  beforeAll(async () => {
    server = await startCeph({ osds: 3 });
    bucket = await makeBucket(server);
  });
  afterAll(() => server?.[Symbol.asyncDispose]());

  const open = () => {
    const { endpoint, region, accessKey, secretKey } = server;
    const credentials = { accessKeyId: accessKey, secretAccessKey: secretKey };
    const where = { bucket, region, endpoint, profile: "ceph", credentials };
    return openS3Store({ ...where, idleTimeoutMs: 5_000 });
  };

  async function expectStored(store: Store, key: ObjectKey): Promise<void> {
    const hash = createHash("sha256");
    await using object = await store.get(key);
    for await (const chunk of object.body) hash.update(chunk);
    expect(hash.digest("hex")).toBe(createHash("sha256").update(BYTES).digest("hex"));
  }

  const kill = (osd: number): void => {
    process.kill(server.osds[osd] ?? 0, "SIGKILL");
  };

  it("goes through while one of them is killed", async () => {
    await using store = open();
    const key = objectKey("one.bin");
    await uploadTo(
      at(store, "uploadPart", 10, () => kill(0)),
      key,
    );
    await expectStored(store, key);
  });

  it("ends in time when two are killed, and leaves nothing once they are back", async () => {
    await using store = open();
    const key = objectKey("two.bin");
    const killing = at(store, "uploadPart", 10, () => kill(1));
    // The clean-up begins when the upload has been given up: they come back while it goes on.
    const returning = at(killing, "abortUpload", 2, () => server.startEndedOsds());
    const begun = performance.now();
    const error = await uploadTo(returning, key).catch((reason: unknown) => reason);
    const seconds = (performance.now() - begun) / 1_000;
    expect(error).toBeInstanceOf(StowageError);
    expect(error).toMatchObject({ outcome: "not-applied", cleanup: "done", retryable: true });
    expect(["timeout", "unavailable"]).toContain((error as StowageError).code);
    console.log(`two of three nodes killed: ended after ${seconds.toFixed(1)} s`);
    expect(await Array.fromAsync(store.listUploads({ prefix: "" }))).toEqual([]);
    await expect(store.head(key)).rejects.toMatchObject({ code: "not-found" });
    await uploadTo(store, key);
    await expectStored(store, key);
  }, 240_000);
});
