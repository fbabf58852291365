import { inject } from "vitest";
import { contractProfiles } from "../../../src/ports/contract/index.js";
import { describeContract } from "../../contract/describe-contract.js";
import { makeBucket } from "../../servers/buckets.js";
import { minioIn } from "../stores.js";

const server = inject("ceph");

const subject = {
  name: "MinIO store on Ceph RGW",
  store: minioIn(server, "ceph", await makeBucket(server)),
  openWithoutBucket: async () => minioIn(server, "ceph", `missing-${crypto.randomUUID()}`),
};
describeContract(subject, contractProfiles.ceph);
