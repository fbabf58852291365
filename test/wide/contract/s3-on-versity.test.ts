import { inject } from "vitest";
import { contractProfiles } from "../../../src/ports/contract/index.js";
import { describeContract } from "../../contract/describe-contract.js";
import { makeBucket } from "../../servers/buckets.js";
import { s3In } from "../stores.js";

const server = inject("versity");

const subject = {
  name: "S3 store on Versity GW",
  store: s3In(server, "versity", await makeBucket(server)),
  openWithoutBucket: async () => s3In(server, "versity", `missing-${crypto.randomUUID()}`),
};
describeContract(subject, contractProfiles.versity);
