import { inject } from "vitest";
import { openS3Store } from "../../../src/adapters/s3/index.js";
import { contractProfiles } from "../../../src/ports/contract/index.js";
import { describeContract } from "../../contract/describe-contract.js";
import { makeBucket } from "../buckets.js";

const server = inject("localstack");

const open = (bucket: string) =>
  openS3Store({
    bucket,
    region: server.region,
    endpoint: server.endpoint,
    pathStyle: true,
    profile: "localstack",
    credentials: { accessKeyId: server.accessKey, secretAccessKey: server.secretKey },
  });

const subject = {
  name: "S3 store on LocalStack",
  store: open(await makeBucket(server)),
  openWithoutBucket: async () => open(`missing-${crypto.randomUUID()}`),
};
describeContract(subject, contractProfiles.localstack);
