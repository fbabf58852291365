import { quote, StowageError } from "./errors.js";
import { type ObjectKey, objectKey, segmentFault } from "./object-key.js";
import { type OwnerId, ownerId, ownerPrefix } from "./owner.js";

/** What an uploaded object's key is made of. */
export interface UploadKeyParts {
  /** The prefix of all objects of its sort, such as `datasets`, without a `/` at the end. */
  readonly root: string;
  readonly owner: OwnerId;
  /** When the upload began. Milliseconds are dropped. */
  readonly at: Date;
  /** The file's own name. */
  readonly filename: string;
  /** 1 for the first to try; 2 and so on when a key is taken. */
  readonly attempt: number;
}

const KEY =
  /^(?<root>.+)\/user_(?<owner>[^/]+)\/(?<stamp>\d{8}_\d{6})(?:-(?<attempt>[2-9]|[1-9]\d+))?_(?<filename>[^/]+)$/;

/**
 * Makes the key `{root}/user_{owner}/{YYYYMMDD_HHMMSS}_{filename}`, in UTC. From the second attempt
 * on, its number follows the time: `…_143045-2_housing_data.csv`.
 *
 * @throws `invalid-key` when the file name cannot be part of a key.
 */
export function uploadKey(parts: UploadKeyParts): ObjectKey {
  checkFilename(parts.filename);
  const again = parts.attempt === 1 ? "" : `-${parts.attempt}`;
  const name = `${timestamp(parts.at)}${again}_${parts.filename}`;
  return objectKey(ownerPrefix(parts.root, parts.owner) + name);
}

/**
 * Takes a key apart again. `undefined` when `uploadKey` did not make it.
 *
 * For all `p` that `uploadKey` accepts, `parseUploadKey(uploadKey(p))` equals `p` (with the
 * milliseconds of `at` dropped).
 */
export function parseUploadKey(key: string): UploadKeyParts | undefined {
  const groups = KEY.exec(key)?.groups;
  if (groups === undefined) return undefined;
  const { root = "", owner = "", stamp = "", attempt = "1", filename = "" } = groups;
  const parts = { root, at: instant(stamp), filename, attempt: Number(attempt) };
  if (timestamp(parts.at) !== stamp) return undefined;
  try {
    const whole = { ...parts, owner: ownerId(owner) };
    return uploadKey(whole) === key ? whole : undefined;
  } catch (error) {
    if (error instanceof StowageError) return undefined;
    throw error;
  }
}

/**
 * Checks a file name: it becomes part of one segment of a key.
 *
 * @throws `invalid-key`, naming the rule that was broken.
 */
export function checkFilename(filename: string): void {
  const fault = typeof filename === "string" ? segmentFault(filename) : "is not a string";
  if (fault !== undefined) {
    throw new StowageError("invalid-key", `Cannot use file name ${quote(filename)}: it ${fault}`);
  }
}

/**
 * Checks the prefix of all objects of a sort: a key of its own, without a segment that could be
 * taken for an owner's.
 *
 * @throws `invalid-key`.
 */
export function checkRoot(root: string): void {
  objectKey(root);
  if (root.split("/").some((segment) => segment.startsWith("user_"))) {
    throw new StowageError(
      "invalid-key",
      `Cannot use prefix ${quote(root)}: a segment begins with "user_", as the owners' own do; use another`,
    );
  }
}

/** An instant as `YYYYMMDD_HHMMSS`, in UTC. */
export function timestamp(at: Date): string {
  if (!(at.getTime() >= 0 && at.getUTCFullYear() <= 9999)) {
    throw new StowageError(
      "invalid-argument",
      `Cannot use time ${String(at.getTime())}: it lies outside 1970 to 9999`,
    );
  }
  const iso = at.toISOString();
  const cut = (start: number, end: number): string => iso.slice(start, end);
  return `${cut(0, 4)}${cut(5, 7)}${cut(8, 10)}_${cut(11, 13)}${cut(14, 16)}${cut(17, 19)}`;
}

function instant(stamp: string): Date {
  const [, year, month, day, hour, minute, second] =
    /^(....)(..)(..)_(..)(..)(..)$/.exec(stamp) ?? [];
  const at = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(at.getTime()) ? new Date(0) : at;
}
