import { afterAll, inject, test } from "vitest";
import { alternating } from "../../model/alternating.js";
import { describeRaces } from "../../model/describe-races.js";
import { REMOTE, REMOTE_RACES, remoteTrial } from "../../model/remote.js";
import { TRIAL_TIMEOUT_MS, tryStore } from "../../model/soak.js";
import { makeBucket } from "../buckets.js";
import { minioIn, s3In } from "./stores.js";

const bucket = await makeBucket(inject("minio"));
const [s3, minio] = [s3In(bucket, "minio"), minioIn(bucket)];
const store = alternating(s3, minio);

afterAll(async () => {
  await s3[Symbol.asyncDispose]();
  await minio[Symbol.asyncDispose]();
});

test("S3 and MinIO take turns in one bucket", { timeout: TRIAL_TIMEOUT_MS }, async () => {
  await tryStore("s3 and minio on minio", remoteTrial(store), REMOTE);
});

describeRaces("S3 and MinIO in one bucket", () => store, REMOTE_RACES);
