import { inject } from "vitest";
import { describeOthersChecksums } from "./others-checksums.js";

describeOthersChecksums(["s3", "minio"], "minio", inject("minio"));
describeOthersChecksums(["s3"], "localstack", inject("localstack"));
