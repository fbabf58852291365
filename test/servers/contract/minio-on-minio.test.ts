import { inject } from "vitest";
import { openMinioStore } from "../../../src/adapters/minio/index.js";
import { describeContract } from "../../contract/describe-contract.js";
import { freshBucket } from "./bucket.js";

const { endpoint, accessKey, secretKey, region } = inject("minio");

const open = (bucket: string) => openMinioStore({ endpoint, bucket, accessKey, secretKey, region });

describeContract("minio on minio", async () => ({
  store: open(await freshBucket(inject("minio"))),
  openWithoutBucket: async () => open(`missing-${crypto.randomUUID()}`),
}));
