import type { ErrorCode, StowageError } from "../../domain/errors.js";
import type { CommandName } from "./commands.js";

/** What to do about an error, where the error itself does not say. As sentences, without a full stop. */
const REMEDIES: Readonly<Partial<Record<ErrorCode, string>>> = {
  "too-large": "Store it in pieces",
  "source-not-found": "Check the path",
  "source-unreadable": "Give a file that you may read",
  "source-changed": "Upload it again once nothing writes to it",
  "source-failed": "Check what the bytes come from, and try again",
  "target-unwritable": "Give a FILE in a folder that you may write to",
  "not-found": "See what is there with: stowage list --user ID",
  "bucket-not-found": "Create the bucket, or correct --store (STOWAGE_STORE)",
  "already-exists": "Try again",
  "journal-failed": "Set STOWAGE_JOURNAL to a folder that you may write to, or to none",
  "checksum-mismatch":
    "Try again; when it comes back, the network or a disk on the way damages bytes",
  "not-encrypted": "Set up encryption on the server, or do without it by STOWAGE_ENCRYPTION=none",
  "invalid-credentials":
    "Check MINIO_ACCESS_KEY and MINIO_SECRET_KEY for MinIO, AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY for S3",
  "access-denied": "Ask whoever runs the store for the permission",
  "wrong-region": "Give the bucket's own region, as in --store s3://bucket?region=eu-central-1",
  "clock-skew": "Set the clock of this machine",
  "no-space": "Make room where the store keeps its data",
  conflict: "Try again",
  throttled: "Try again later",
  timeout: "Check the network and the server, and try again",
  unavailable: "Check that the server runs and that --store (STOWAGE_STORE) names it",
  "bad-answer": "Check that what answers there is an object store, and try again",
  unexpected: "Run it again with --debug to see more",
};

const DOWNLOAD_REMEDIES: typeof REMEDIES = {
  "already-exists": "Give another FILE, or replace it with --force",
  "no-space": "Make room on the disk, or give a FILE on another",
};

/**
 * What a person can do about an error that a command met: what the error says itself, else what goes
 * for its code, unless its message ends in what would be right.
 */
export function remedyOf(
  error: StowageError,
  command: CommandName | undefined,
): string | undefined {
  if (error.remedy !== undefined) return error.remedy;
  if (error.code === "aborted") return remedyOfAborted(error);
  if (error.message.includes("; ")) return undefined;
  const ownersAffair = error.code === "access-denied" && error.status === undefined;
  if (ownersAffair && command !== "upload") return "Give the --user whose object it is";
  const ofDownload = command === "download" ? DOWNLOAD_REMEDIES[error.code] : undefined;
  return ofDownload ?? REMEDIES[error.code];
}

/** What was to be removed and was not. */
function remedyOfAborted({ key, outcome }: StowageError): string {
  if (outcome === "applied" || outcome === "unknown") {
    return `Remove it, once the store answers again, with: stowage remove ${key}`;
  }
  return `Remove them, once the store answers again, with: stowage uploads clean --older-than 0 --prefix ${key}`;
}
