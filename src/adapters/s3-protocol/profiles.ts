import { quote, StowageError } from "../../domain/errors.js";
import type { StoreHonours } from "../../ports/object-store.js";

/** Which server is spoken to, where servers that speak S3 differ. */
export type ProfileName = "aws" | "minio" | "localstack" | "generic";

/** What a server honours, and how it wants to be asked. Each divergence from S3 has its reason. */
export interface Profile {
  readonly name: ProfileName;
  readonly honours: StoreHonours;
  /** Whether keys in lists may be asked for percent-encoded. */
  readonly encodedLists: boolean;
  /** Whether the answer to a new upload tells its encryption. Where not, the complete is looked at. */
  readonly confirmsUploads: boolean;
  /** Whether a wrong checksum can be left to the server to find, with nothing lost by it. */
  readonly verifiesBytes: boolean;
  /** Whether parts that are copied on the server get a checksum of their own. */
  readonly checksumsCopiedParts: boolean;
  /** Bytes of the largest object that is copied in one request. */
  readonly maxCopyBytes: number;
}

const GIB = 1_073_741_824;

const PROFILES: Readonly<Record<ProfileName, Profile>> = {
  /** As the user guide of Amazon S3 has it; conditions on copies and deletes are of autumn 2025. */
  aws: {
    name: "aws",
    honours: {
      conditions: { put: true, complete: true, copy: true, delete: true },
      encryption: ["AES256", "aws:kms"],
      listUploads: "prefix",
      keyBesideItsPrefix: true,
      replacesWhole: true,
    },
    encodedLists: true,
    confirmsUploads: true,
    verifiesBytes: true,
    checksumsCopiedParts: true,
    maxCopyBytes: 5 * GIB,
  },
  /** As measured on the last commit of the community edition (February 2026). */
  minio: {
    name: "minio",
    honours: {
      // Takes If-Match and If-None-Match on CopyObject and If-Match on DeleteObject, and ignores them.
      conditions: { put: true, complete: true, copy: false, delete: false },
      encryption: ["AES256", "aws:kms"],
      // Answers ListMultipartUploads for an exact key; for a prefix it answers with nothing.
      listUploads: "key",
      // Takes `a` and `a/b`, and gives both to a get, but leaves `a/b` out of every list.
      keyBesideItsPrefix: false,
      replacesWhole: true,
    },
    encodedLists: true,
    // Refuses with 501 when it has no key; where it has one, only a part or a HEAD tells.
    confirmsUploads: false,
    verifiesBytes: true,
    // Refuses UploadPartCopy into an upload of ChecksumType FULL_OBJECT (InvalidArgument).
    checksumsCopiedParts: false,
    // Says nothing while it copies: a copy of more would outlast the idle time of a slow disk.
    maxCopyBytes: GIB,
  },
  /** As measured on LocalStack 4.13.1. */
  localstack: {
    name: "localstack",
    honours: {
      // Ignores conditions on CopyObject, and answers 501 to If-Match on DeleteObject.
      conditions: { put: true, complete: true, copy: false, delete: false },
      // KMS is a service of its own there, and mostly not started.
      encryption: ["AES256"],
      listUploads: "prefix",
      keyBesideItsPrefix: true,
      // Writes the joined bytes where the old ones were, while readers still get the old size and ETag.
      replacesWhole: false,
    },
    // Compares encoded keys with markers that are not, and so loses keys behind a page's end.
    encodedLists: false,
    confirmsUploads: true,
    // Writes the bytes of a put where the old ones were, and verifies them after that.
    verifiesBytes: false,
    checksumsCopiedParts: true,
    maxCopyBytes: 5 * GIB,
  },
  /** What most servers do. The rest is refused rather than silently dropped by some of them. */
  generic: {
    name: "generic",
    honours: {
      conditions: { put: true, complete: true, copy: false, delete: false },
      encryption: ["AES256"],
      listUploads: "key",
      keyBesideItsPrefix: true,
      replacesWhole: true,
    },
    encodedLists: true,
    // Some swallow the header (Ceph RGW), some tell no sooner than a HEAD (MinIO).
    confirmsUploads: false,
    // Ceph RGW 16 takes checksums, and verifies none.
    verifiesBytes: false,
    checksumsCopiedParts: false,
    maxCopyBytes: GIB,
  },
};

/**
 * Finds a profile by its name.
 *
 * @throws `invalid-config`.
 */
export function profileOf(name: string): Profile {
  if (Object.hasOwn(PROFILES, name)) return PROFILES[name as ProfileName];
  throw new StowageError(
    "invalid-config",
    `Cannot use profile ${quote(name)}: the known ones are ${Object.keys(PROFILES).join(", ")}`,
    { operation: "open" },
  );
}
