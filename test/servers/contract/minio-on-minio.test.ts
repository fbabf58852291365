import { inject } from "vitest";
import { openMinioStore } from "../../../src/adapters/minio/index.js";
import { contractProfiles } from "../../../src/ports/contract/index.js";
import { describeContract } from "../../contract/describe-contract.js";
import { makeBucket } from "../buckets.js";

const server = inject("minio");
const { endpoint, accessKey, secretKey, region } = server;

const open = (bucket: string) => openMinioStore({ endpoint, bucket, accessKey, secretKey, region });

const subject = {
  name: "MinIO store on MinIO",
  store: open(await makeBucket(server)),
  openWithoutBucket: async () => open(`missing-${crypto.randomUUID()}`),
};
describeContract(subject, contractProfiles.minio);
