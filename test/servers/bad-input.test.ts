import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { openStowage } from "../../src/app/modules/open-stowage.js";
import type { Stowage } from "../../src/app/stowage.js";
import { StowageError } from "../../src/domain/errors.js";
import { configOf, locationOf, makeBucket, type Way } from "./buckets.js";
import type { Server, ServerAddress } from "./setup/server.js";
import { startMinio } from "./setup/servers.js";

const minio = inject("minio");
const localstack = inject("localstack");
const source = new TextEncoder().encode("a,b\n1,2\n");
const key = "datasets/user_1/20251023_143045_nothing.csv";
let bucket: string;

beforeAll(async () => {
  bucket = await makeBucket(minio);
});

async function failure(
  store: string,
  config: object,
  call: (stowage: Stowage) => Promise<unknown>,
): Promise<StowageError> {
  await using stowage = await openStowage({ store, maxAttempts: 1, ...config }, {});
  const error = await call(stowage).catch((reason: unknown) => reason);
  if (error instanceof StowageError) return error;
  throw new Error(`expected a StowageError, got ${String(error)}`);
}

const uploading = (stowage: Stowage): Promise<unknown> =>
  stowage.uploadDataset({ userId: 1, source, name: "x.csv" });
const asking = (stowage: Stowage): Promise<unknown> => stowage.info({ userId: 1, object: key });

const subjects: readonly (readonly [Way, "minio" | "localstack", ServerAddress])[] = [
  ["s3", "minio", minio],
  ["s3", "localstack", localstack],
  ["minio", "minio", minio],
];

describe.each(subjects)("%s on %s", (way, profile, server) => {
  it("tells a missing bucket from a missing object", async () => {
    const there = await makeBucket(server);
    const found = locationOf(way, server, there, profile);
    expect(await failure(found, configOf(server), asking)).toMatchObject({
      code: "not-found",
      key,
      bucket: there,
    });
    const missing = locationOf(way, server, "no-such-bucket-here", profile);
    for (const call of [asking, uploading]) {
      const error = await failure(missing, configOf(server), call);
      expect(error.code).toBe("bucket-not-found");
      expect(error.message).toContain("no-such-bucket-here");
    }
  });

  it("says within the connect limit that nobody answers", async () => {
    const store = locationOf(way, server, "some-bucket", profile, "http://127.0.0.1:9");
    const began = performance.now();
    const error = await failure(store, { ...configOf(server), connectTimeoutMs: 500 }, uploading);
    expect(error.code).toBe("unavailable");
    expect(error.message).toContain("127.0.0.1:9");
    expect(performance.now() - began).toBeLessThan(3_000);
  });
});

describe.each(["s3", "minio"] as const)("%s on minio", (way) => {
  it.each([
    ["access key", { accessKey: "nobody" }],
    ["secret key", { secretKey: "canary-secret" }],
  ])("refuses a wrong %s, and never shows a secret", async (_, wrong) => {
    const config = configOf({ ...minio, ...wrong });
    const error = await failure(locationOf(way, minio, bucket, "minio"), config, uploading);
    expect(error.code).toBe("invalid-credentials");
    expect(JSON.stringify(error) + String(error.stack)).not.toContain("canary-secret");
  });
});

describe("a MinIO that has a region", () => {
  let elsewhere: Server;

  beforeAll(async () => {
    elsewhere = await startMinio({ region: "eu-central-1" });
  });

  afterAll(() => elsewhere.stop());

  it.each(["s3", "minio"] as const)("asked for another by %s names the right one", async (way) => {
    const there = await makeBucket(elsewhere);
    const location = locationOf(way, { ...elsewhere, region: "eu-west-3" }, there, "minio");
    const store = way === "minio" ? `${location}&region=eu-west-3` : location;
    const error = await failure(store, configOf(elsewhere), uploading);
    expect(error).toMatchObject({ code: "wrong-region", outcome: "not-applied" });
    expect(error.message).toContain("eu-central-1");
  });
});

describe("a MinIO without a KMS key", () => {
  let bare: Server;
  let there: string;

  beforeAll(async () => {
    bare = await startMinio({ kms: false });
    there = await makeBucket(bare);
  });

  afterAll(() => bare.stop());

  it.each(["s3", "minio"] as const)(
    "by %s cannot encrypt, and names the two ways out",
    async (way) => {
      const store = locationOf(way, bare, there, "minio");
      for (const size of [10, 6_000_000]) {
        const error = await failure(store, configOf(bare), (stowage) =>
          stowage.uploadDataset({ userId: 1, source: new Uint8Array(size), name: "x.bin" }),
        );
        expect(error).toMatchObject({ code: "unsupported", outcome: "not-applied" });
        expect(error.remedy).toMatch(/MINIO_KMS_SECRET_KEY/);
        expect(error.remedy).toMatch(/STOWAGE_ENCRYPTION=none/);
      }
      await using stowage = await openStowage({ store, encryption: "none", ...configOf(bare) }, {});
      const stored = await stowage.uploadDataset({ userId: 1, source, name: "x.csv" });
      expect(stored.encryption).toBe("none");
    },
  );
});
