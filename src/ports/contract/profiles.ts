import type { ContractProfile } from "./profile.js";

const MINIO = "measured on MinIO of 12 February 2026 (7aac2a2), November 2026";
const LOCALSTACK = "measured on LocalStack 4.13.1, November 2026";
const VERSITY = "measured on Versity GW 1.8.0 over a folder, November 2026";
const CEPH = "measured on Ceph RGW 16.2.15, November 2026";

const ONE_FILE =
  "Versity GW keeps objects as files: beside `a` it refuses `a/b`, and beside `a/b` it refuses `a` (409)";
const NO_CHECKSUMS =
  "Ceph RGW takes the header of a checksum, and keeps nothing of it; the adapter verifies the bytes before it sends them";

/**
 * What known servers are known to fail, under the names that the S3 store has for them. A race is
 * declared to fail sometimes.
 */
export const contractProfiles: Readonly<
  Record<"aws" | "minio" | "localstack" | "versity" | "ceph" | "generic", ContractProfile>
> = {
  aws: { name: "aws", declared: [] },
  minio: {
    name: "minio",
    declared: [
      {
        id: "P26-listed",
        reason:
          "MinIO keeps objects as folders: beside `a` it takes `a/b` and gives it to a get, but leaves it out of every list while `a` is there",
        source: MINIO,
      },
    ],
  },
  localstack: {
    name: "localstack",
    declared: [
      {
        id: "E08-complete",
        reason:
          "LocalStack writes the joined bytes where the old ones were: a reader may find the new under the old size and ETag",
        source: LOCALSTACK,
        sometimes: true,
      },
      {
        id: "U05-race",
        reason:
          "LocalStack lets two completes of one upload write over each other: both may be answered, and the object is left empty",
        source: LOCALSTACK,
        sometimes: true,
      },
      {
        id: "U13",
        reason:
          "LocalStack looks at the condition of a complete before it joins the parts: of eight at once, up to six succeeded in 26 of 100 rounds",
        source: LOCALSTACK,
        sometimes: true,
      },
      {
        id: "C12",
        reason:
          "LocalStack copies the bytes after it has looked at the source: those of a newer version come under the old one's metadata",
        source: LOCALSTACK,
        sometimes: true,
      },
      {
        id: "S02",
        reason:
          "LocalStack asks nobody for credentials: what is private on Amazon S3 is read and written by all",
        source: LOCALSTACK,
      },
      {
        id: "S10-signature",
        reason:
          "LocalStack holds a form to its policy, but verifies no signature of it, and takes one without a policy",
        source: LOCALSTACK,
      },
      {
        id: "S10-added",
        reason:
          "LocalStack takes fields of a form that its policy does not name, and keeps what metadata they bring",
        source: LOCALSTACK,
      },
    ],
  },
  versity: {
    name: "versity",
    declared: [
      {
        id: "P20-form",
        reason:
          "Versity GW reads a body of the type multipart/form-data as a form, and answers 500",
        source: VERSITY,
      },
      { id: "P26", reason: ONE_FILE, source: VERSITY },
      { id: "P26-listed", reason: ONE_FILE, source: VERSITY },
      { id: "P26-uncovered", reason: ONE_FILE, source: VERSITY },
    ],
  },
  ceph: {
    name: "ceph",
    declared: [
      {
        id: "P14",
        reason: "Ceph RGW may answer 500 to a put that loses a race, which says nothing of it",
        source: CEPH,
        sometimes: true,
      },
      {
        id: "E08-complete",
        reason:
          "Ceph RGW may answer 500 to a get while a complete replaces the object: seen once in eleven runs",
        source: CEPH,
        sometimes: true,
      },
      { id: "P21", reason: NO_CHECKSUMS, source: CEPH },
      { id: "U21", reason: NO_CHECKSUMS, source: CEPH },
      {
        id: "U01-some",
        reason:
          "Ceph RGW wants every part named that was sent, and answers InvalidPart to a complete of some of them",
        source: CEPH,
      },
      {
        id: "U05-race",
        reason: "Ceph RGW answers 500 to a complete while another of the same upload is under way",
        source: CEPH,
        sometimes: true,
      },
    ],
  },
  generic: { name: "generic", declared: [] },
};
