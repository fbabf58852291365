import { createRequire } from "node:module";
import type * as Minio from "minio";
import type * as Signing from "minio/dist/esm/signing.mjs";

// Imported, the same code takes 9 MB more: Node then reads what lies beneath it, which is CommonJS, twice.
const require = createRequire(import.meta.url);
const minio: typeof Minio = require("minio");
const signing: typeof Signing = require("minio/dist/main/signing.js");

export type Client = Minio.Client;
export const Client: typeof Minio.Client = minio.Client;
export const presignSignatureV4: typeof Signing.presignSignatureV4 = signing.presignSignatureV4;
export const postPresignSignatureV4: typeof Signing.postPresignSignatureV4 =
  signing.postPresignSignatureV4;
