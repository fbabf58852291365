import { inject } from "vitest";
import { contractProfiles } from "../../../src/ports/contract/index.js";
import { describeContract } from "../../contract/describe-contract.js";
import { makeBucket } from "../../servers/buckets.js";
import { s3In } from "../stores.js";

const server = inject("ceph");

const subject = {
  name: "S3 store on Ceph RGW",
  store: s3In(server, "ceph", await makeBucket(server)),
  openWithoutBucket: async () => s3In(server, "ceph", `missing-${crypto.randomUUID()}`),
};
describeContract(subject, contractProfiles.ceph);
