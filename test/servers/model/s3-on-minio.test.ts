import { afterAll, inject, test } from "vitest";
import { describeRaces } from "../../model/describe-races.js";
import { REMOTE, REMOTE_RACES, remoteTrial } from "../../model/remote.js";
import { TRIAL_TIMEOUT_MS, tryStore } from "../../model/soak.js";
import { makeBucket } from "../buckets.js";
import { s3In } from "./stores.js";

const store = s3In(await makeBucket(inject("minio")), "minio");

afterAll(() => store[Symbol.asyncDispose]());

test("S3 on MinIO does what the model says", { timeout: TRIAL_TIMEOUT_MS }, async () => {
  await tryStore("s3 on minio", remoteTrial(store), REMOTE);
});

describeRaces("S3 on MinIO", () => store, REMOTE_RACES);
