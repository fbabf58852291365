import { openMinioStore } from "../../src/adapters/minio/index.js";
import { openS3Store } from "../../src/adapters/s3/index.js";
import type { OpenStore } from "../../src/ports/store.js";
import { describeContract } from "../contract/describe-contract.js";
import { openS3Server } from "./s3-server.js";

// The server that the sweep looks at to tell right from wrong is itself held to the contract.
const likeness = {
  bucket: "bucket",
  minPartBytes: 5_242_880,
  pageSize: 100,
  confirmsUploads: true,
};
const server = await openS3Server(likeness);
const keys = { accessKeyId: "access", secretAccessKey: "secret" };

const s3 = (bucket: string) =>
  openS3Store({ bucket, endpoint: server.url, profile: "aws", credentials: keys });
const minio = (bucket: string) =>
  openMinioStore({
    bucket,
    endpoint: server.url,
    profile: "aws",
    accessKey: keys.accessKeyId,
    secretKey: keys.secretAccessKey,
  });

/** The sweep signs no URLs, and its server verifies none. */
function withoutSigner(store: OpenStore): OpenStore {
  Object.defineProperty(store, "signer", { value: undefined });
  return store;
}

for (const [name, open] of [
  ["S3 store", s3],
  ["MinIO store", minio],
] as const) {
  describeContract({
    name: `${name} on the server of the sweep`,
    store: withoutSigner(open("bucket")),
    openWithoutBucket: async () => open("missing"),
  });
}
