import {
  type ErrorCode,
  type ErrorFacts,
  type Operation,
  quote,
  StowageError,
} from "../../domain/errors.js";
import type { ObjectKey } from "../../domain/object-key.js";

/** A directory signs nothing. */
type Act = Exclude<Operation, `sign${string}`>;

/** A call, as its errors tell of it. */
export interface Call {
  readonly operation: Act;
  readonly key?: ObjectKey | undefined;
}

/** How error messages name what was being done. */
const VERBS: Readonly<Record<Act, string>> = {
  put: "store",
  get: "read",
  head: "look up",
  delete: "delete",
  deleteMany: "delete",
  copy: "copy",
  list: "list objects",
  createUpload: "begin an upload of",
  uploadPart: "store a part of",
  completeUpload: "complete the upload of",
  abortUpload: "abort the upload of",
  listParts: "list the parts of",
  listUploads: "list uploads",
  open: "open the store",
  upload: "upload",
  download: "download",
};

/** Operations that change an object: their errors tell what became of it. */
const WRITES: ReadonlySet<Operation> = new Set<Operation>([
  "put",
  "copy",
  "delete",
  "deleteMany",
  "createUpload",
  "uploadPart",
  "completeUpload",
  "abortUpload",
]);

interface Meaning {
  readonly code: ErrorCode;
  readonly why: string;
  readonly retryable?: boolean;
  readonly remedy?: string;
}

const DENIED: Meaning = {
  code: "access-denied",
  why: "permission is denied",
  remedy: "Give the user of this process the right to read and write the store's directory",
};
const FULL: Meaning = {
  code: "no-space",
  why: "the disk is full",
  remedy: "Make room on the disk of the store's directory",
};
const TOO_MANY_FILES: Meaning = {
  code: "unavailable",
  why: "too many files are open",
  remedy: "Do less at once, or raise the limit (ulimit -n)",
};
const GONE_AWAY: Meaning = { code: "unavailable", why: "the disk does not answer" };
const BUSY: Meaning = { code: "unavailable", why: "the disk is busy" };

const MEANINGS: Readonly<Record<string, Meaning>> = {
  EACCES: DENIED,
  EPERM: DENIED,
  EROFS: {
    ...DENIED,
    why: "the disk is read-only",
    remedy: "Put the store in a directory on a disk that can be written to",
  },
  ENOSPC: FULL,
  EDQUOT: { ...FULL, why: "the disk quota is used up", remedy: "Delete something, or raise it" },
  EFBIG: { code: "too-large", why: "the disk holds no file so large" },
  EMFILE: TOO_MANY_FILES,
  ENFILE: TOO_MANY_FILES,
  EBUSY: BUSY,
  EAGAIN: BUSY,
  ETXTBSY: BUSY,
  ESTALE: GONE_AWAY,
  ETIMEDOUT: GONE_AWAY,
  ENAMETOOLONG: {
    code: "invalid-key",
    why: "the path is longer than the system takes; use a shorter key, or a directory higher up",
  },
  EXDEV: {
    code: "invalid-config",
    why: "a folder within the store's directory lies on another disk; keep the directory on one",
  },
  EIO: {
    code: "unexpected",
    why: "the disk failed to read or write",
    remedy: "Look for errors of the disk in the system's log",
  },
};

/** What an error of the system means, in a call to the store. */
export function fromErrno(error: unknown, call: Call): StowageError {
  const providerCode = errnoOf(error);
  const { code, why, ...facts } = (providerCode && MEANINGS[providerCode]) || {
    code: "unexpected" as const,
    why: error instanceof Error ? error.message : quote(error),
  };
  const where = pathOf(error);
  const place = where === undefined ? "" : ` (${providerCode} at ${quote(where)})`;
  const told = { ...factsOf(call), providerCode, ...facts };
  return new StowageError(code, `${doing(call)}: ${why}${place}`, told, { cause: error });
}

/** A refusal of the store's own. */
export function refusal(
  call: Call,
  code: ErrorCode,
  why: string,
  facts: ErrorFacts = {},
): StowageError {
  return new StowageError(code, `${doing(call)}: ${why}`, { ...factsOf(call), ...facts });
}

/** Runs a rule of the domain, and tells the call with the error that it throws. */
export function checked<T>(call: Call, rule: () => T): T {
  try {
    return rule();
  } catch (error) {
    throw error instanceof StowageError ? error.with(factsOf(call)) : error;
  }
}

/** Until told otherwise, a write that failed changed nothing. */
export function factsOf({ operation, key }: Call): ErrorFacts {
  const outcome = WRITES.has(operation) ? ("not-applied" as const) : undefined;
  return { operation, store: "filesystem", key, outcome };
}

function doing({ operation, key }: Call): string {
  return `Cannot ${VERBS[operation]}${key === undefined ? "" : ` ${quote(key)}`}`;
}

/** The system's own name for an error, such as `ENOENT`. */
export function errnoOf(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : undefined;
}

/** Whether a path leads to nothing: it is missing, or runs through a file, or no disk can hold it. */
export function isNothing(error: unknown): boolean {
  return NOTHING.has(errnoOf(error) ?? "");
}

const NOTHING: ReadonlySet<string> = new Set([
  "ENOENT",
  "ENOTDIR",
  "ELOOP",
  "ENAMETOOLONG",
  "EILSEQ",
  "EINVAL",
]);

function pathOf(error: unknown): string | undefined {
  const path = error instanceof Error && "path" in error ? error.path : undefined;
  return typeof path === "string" ? path : undefined;
}
