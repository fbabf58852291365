import { inject } from "vitest";
import { openS3Store } from "../../../src/adapters/s3/index.js";
import { describeContract } from "../../contract/describe-contract.js";
import { freshBucket } from "./bucket.js";

const server = inject("minio");

const open = (bucket: string) =>
  openS3Store({
    bucket,
    region: server.region,
    endpoint: server.endpoint,
    pathStyle: true,
    profile: "minio",
    credentials: { accessKeyId: server.accessKey, secretAccessKey: server.secretKey },
  });

describeContract("s3 on minio", async () => ({
  store: open(await freshBucket(server)),
  openWithoutBucket: async () => open(`missing-${crypto.randomUUID()}`),
}));
