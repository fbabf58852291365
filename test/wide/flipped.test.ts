import { inject } from "vitest";
import { describeFlippedBytes } from "../servers/flipped.js";

describeFlippedBytes(["s3", "minio"], "versity", inject("versity"));
describeFlippedBytes(["s3", "minio"], "ceph", inject("ceph"));
