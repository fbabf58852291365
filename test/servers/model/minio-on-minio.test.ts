import { afterAll, inject, test } from "vitest";
import { describeRaces } from "../../model/describe-races.js";
import { REMOTE, REMOTE_RACES, remoteTrial } from "../../model/remote.js";
import { TRIAL_TIMEOUT_MS, tryStore } from "../../model/soak.js";
import { makeBucket } from "../buckets.js";
import { minioIn } from "./stores.js";

const store = minioIn(await makeBucket(inject("minio")));

afterAll(() => store[Symbol.asyncDispose]());

test("MinIO on MinIO does what the model says", { timeout: TRIAL_TIMEOUT_MS }, async () => {
  await tryStore("minio on minio", remoteTrial(store), REMOTE);
});

describeRaces("MinIO on MinIO", () => store, REMOTE_RACES);
