import { inject } from "vitest";
import { contractProfiles } from "../../../src/ports/contract/index.js";
import { describeContract } from "../../contract/describe-contract.js";
import { makeBucket } from "../../servers/buckets.js";
import { minioIn } from "../stores.js";

const server = inject("versity");

const subject = {
  name: "MinIO store on Versity GW",
  store: minioIn(server, "versity", await makeBucket(server)),
  openWithoutBucket: async () => minioIn(server, "versity", `missing-${crypto.randomUUID()}`),
};
describeContract(subject, contractProfiles.versity);
