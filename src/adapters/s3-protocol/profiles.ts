import { quote, StowageError } from "../../domain/errors.js";
import type { StoreHonours } from "../../ports/object-store.js";

/** Which server is spoken to, where servers that speak S3 differ. */
export type ProfileName = "aws" | "minio" | "localstack" | "versity" | "ceph" | "generic";

/** What a server honours, and how it wants to be asked. Each divergence from S3 has its reason. */
export interface Profile {
  /** For messages. */
  readonly name: string;
  readonly honours: StoreHonours;
  /** Whether keys in lists may be asked for percent-encoded. */
  readonly encodedLists: boolean;
  /** Whether the answer to a new upload tells its encryption. Where not, the complete is looked at. */
  readonly confirmsUploads: boolean;
  /** By what the server refuses bytes of a put or a part that were changed on their way. */
  readonly verifies: readonly Proof[];
  /** Whether parts that are copied on the server get a checksum of their own. */
  readonly checksumsCopiedParts: boolean;
  /** Bytes of the largest object that is copied in one request. */
  readonly maxCopyBytes: number;
  /** Default: none. */
  readonly quirks?: readonly Quirk[] | undefined;
}

/** What goes along with bytes, for the server to hold them against. */
export type Proof =
  /** `x-amz-checksum-crc32`; on a complete, that of the whole object. Such a server keeps it too. */
  | "crc32"
  /** `x-amz-content-sha256`, where the payload is signed. */
  | "payload-hash"
  /** `Content-MD5`. */
  | "content-md5";

/** What one server does that nobody expects. */
export type Quirk =
  /** Gives `-` for `_` in names of metadata, as CGI does: they are sent with `~` in its place. */
  | "folds-underscores"
  /** Compares what If-Match has, quotes and all, on a put with an ETag that has none. */
  | "bare-put-etags"
  /** Encodes the keys of a list of uploads when asked to, and does not say so: it is not asked to. */
  | "unmarked-upload-lists"
  /** Answers 500 to a complete of an upload that is not there, as if it were busy: it is looked for. */
  | "busy-without-upload";

export function doesVerify({ verifies }: Profile, proof: Proof): boolean {
  return verifies.includes(proof);
}

export function hasQuirk({ quirks = [] }: Profile, quirk: Quirk): boolean {
  return quirks.includes(quirk);
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
    verifies: ["crc32", "payload-hash", "content-md5"],
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
    verifies: ["crc32", "payload-hash", "content-md5"],
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
      // Writes new bytes where the old ones were: readers of a complete still get the old size and
      // ETag, and a put that is refused for its checksum leaves an object that nobody can read.
      replacesWhole: false,
    },
    // Compares encoded keys with markers that are not, and so loses keys behind a page's end.
    encodedLists: false,
    confirmsUploads: true,
    // Takes any hash of a payload.
    verifies: ["crc32", "content-md5"],
    checksumsCopiedParts: true,
    maxCopyBytes: 5 * GIB,
  },
  /** As measured on Versity GW 1.8.0 over a folder of ext4. */
  versity: {
    name: "versity",
    honours: {
      // Ignores conditions on CopyObject. Looks at those on DeleteObject before it removes the file, so
      // that another may come in between, and not at all where there is no object.
      conditions: { put: true, complete: true, copy: false, delete: false },
      // Swallows the headers of SSE.
      encryption: [],
      listUploads: "prefix",
      // Keeps objects as files: refuses `a/b` while `a` is there, and `a` while `a/b` is.
      keyBesideItsPrefix: false,
      replacesWhole: true,
    },
    // Takes encoding-type, and gives keys as they are.
    encodedLists: false,
    confirmsUploads: false,
    verifies: ["crc32", "payload-hash", "content-md5"],
    checksumsCopiedParts: true,
    // Says nothing while it copies.
    maxCopyBytes: GIB,
  },
  /** As measured on Ceph RGW 16.2.15. */
  ceph: {
    name: "ceph",
    honours: {
      // Ignores conditions on CompleteMultipartUpload, CopyObject and DeleteObject.
      conditions: { put: true, complete: false, copy: false, delete: false },
      // Swallows the header of SSE-S3 over TLS, and answers 400 to it without.
      encryption: [],
      listUploads: "prefix",
      keyBesideItsPrefix: true,
      replacesWhole: true,
    },
    encodedLists: true,
    confirmsUploads: false,
    // Takes the headers of checksums, and neither verifies nor keeps them.
    verifies: ["payload-hash", "content-md5"],
    checksumsCopiedParts: false,
    maxCopyBytes: GIB,
    quirks: ["folds-underscores", "bare-put-etags", "unmarked-upload-lists", "busy-without-upload"],
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
    // Ceph RGW 16 verifies no checksum, LocalStack no hash of a payload; all verify this, the oldest.
    verifies: ["content-md5"],
    checksumsCopiedParts: false,
    maxCopyBytes: GIB,
  },
};

/**
 * Claims everything, and leaves everything to the server: to find out what of it is true. Nobody's
 * objects are to be kept by it.
 */
export const trustingProfile: Profile = {
  ...PROFILES.aws,
  name: "trusting",
  // It is the end that counts: whether the object lies encrypted.
  confirmsUploads: false,
};

const QUIRKS = ["folds-underscores", "bare-put-etags", "unmarked-upload-lists"] as const;

/** As `trustingProfile`, and asks in every other way that there is. */
export const otherwiseProfile: Profile = {
  ...trustingProfile,
  name: "otherwise",
  encodedLists: false,
  quirks: QUIRKS,
};

/** What was found out of a server. */
export interface FoundHonours extends Pick<Profile, "honours" | "verifies"> {
  /** Ways of asking that it needs. */
  readonly ways: readonly ("plain-lists" | (typeof QUIRKS)[number])[];
}

/** A profile of what was found out of a server, and as careful as `generic` in all else. */
export function probedProfile({ honours, verifies, ways }: FoundHonours): Profile {
  const quirks = QUIRKS.filter((quirk) => ways.includes(quirk));
  return {
    ...PROFILES.generic,
    name: "probed",
    honours,
    verifies,
    encodedLists: !ways.includes("plain-lists"),
    // To look once more does no harm where there is no need.
    quirks: [...quirks, "busy-without-upload"],
  };
}

/** The ways of asking that a profile has, of those that can be found out. */
export function waysOf(profile: Profile): FoundHonours["ways"] {
  const has = (quirk: Quirk): boolean => hasQuirk(profile, quirk);
  if (profile.encodedLists) return QUIRKS.filter(has);
  // Where no list is asked for encoded, none of uploads is.
  return ["plain-lists", ...QUIRKS.filter((it) => it === "unmarked-upload-lists" || has(it))];
}

/** The profiles that there are by name. */
export const PROFILE_NAMES: readonly string[] = Object.keys(PROFILES);

/**
 * Finds a profile by its name; one that is given as data is taken as it is.
 *
 * @throws `invalid-config`.
 */
export function profileOf(profile: string | Profile): Profile {
  if (typeof profile !== "string") return profile;
  if (Object.hasOwn(PROFILES, profile)) return PROFILES[profile as ProfileName];
  throw new StowageError(
    "invalid-config",
    `Cannot use profile ${quote(profile)}: the known ones are ${PROFILE_NAMES.join(", ")}`,
    { operation: "open" },
  );
}
