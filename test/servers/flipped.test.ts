import { inject } from "vitest";
import { describeFlippedBytes } from "./flipped.js";

describeFlippedBytes(["s3", "minio"], "minio", inject("minio"));
describeFlippedBytes(["s3"], "localstack", inject("localstack"));
describeFlippedBytes(["s3", "minio"], "generic", inject("minio"));
