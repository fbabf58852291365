import { inject } from "vitest";
import { describeOthersChecksums } from "../servers/others-checksums.js";

describeOthersChecksums(["s3", "minio"], "versity", inject("versity"));
