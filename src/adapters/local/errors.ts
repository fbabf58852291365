import { type ErrorCode, quote, StowageError } from "../../domain/errors.js";

interface Meaning {
  readonly code: ErrorCode;
  readonly why: string;
  readonly retryable?: boolean;
  readonly remedy?: string;
}

const NO_SUCH_FILE: Meaning = { code: "source-not-found", why: "there is no such file" };
const NOT_ALLOWED: Meaning = { code: "source-unreadable", why: "permission is denied" };
const TOO_MANY_FILES = {
  why: "this process has too many files open",
  retryable: true,
  remedy: "Open fewer files at once, or raise the limit (ulimit -n)",
};

const OPENING: Readonly<Record<string, Meaning>> = {
  ENOENT: NO_SUCH_FILE,
  ENOTDIR: NO_SUCH_FILE,
  ENAMETOOLONG: { code: "source-not-found", why: "no file can have so long a name" },
  ELOOP: { code: "source-not-found", why: "its symbolic links lead in a circle" },
  EACCES: NOT_ALLOWED,
  EPERM: NOT_ALLOWED,
  EMFILE: { code: "source-unreadable", ...TOO_MANY_FILES },
  ENFILE: { code: "source-unreadable", ...TOO_MANY_FILES },
  ENXIO: { code: "source-unreadable", why: "it is a socket, or a device that is not there" },
  ERR_INVALID_ARG_VALUE: { code: "invalid-argument", why: "it holds a NUL character" },
};

const FULL: Meaning = { code: "no-space", why: "the disk is full" };
const NO_QUOTA: Meaning = { code: "no-space", why: "the disk quota is used up" };
const NOT_WRITABLE: Meaning = {
  code: "target-unwritable",
  why: "permission is denied",
  remedy: "Give a file in a folder that you may write to",
};
const NO_FOLDER: Meaning = {
  code: "target-unwritable",
  why: "its folder does not exist",
  remedy: "Create the folder first, or give a file in another",
};

const WRITING: Readonly<Record<string, Meaning>> = {
  ENOSPC: FULL,
  EDQUOT: NO_QUOTA,
  EACCES: NOT_WRITABLE,
  EPERM: NOT_WRITABLE,
  EROFS: { ...NOT_WRITABLE, why: "the disk is read-only" },
  ENOENT: NO_FOLDER,
  ENOTDIR: { ...NO_FOLDER, why: "a folder on the way to it is a file" },
  EEXIST: { code: "already-exists", why: "there is a file of that name" },
  EFBIG: { code: "target-unwritable", why: "the disk holds no file so large" },
  ENAMETOOLONG: { code: "target-unwritable", why: "the disk takes no name so long" },
  EMFILE: { code: "target-unwritable", ...TOO_MANY_FILES },
  ENFILE: { code: "target-unwritable", ...TOO_MANY_FILES },
  ERR_INVALID_ARG_VALUE: { code: "invalid-argument", why: "it holds a NUL character" },
};

/** What the system's refusal to open a file for an upload means. */
export function openingError(error: unknown, path: string): StowageError {
  return meant(error, OPENING, "source-unreadable", `Cannot open ${quote(path)}`);
}

/** What an error means that came while a source was read. */
export function readingError(error: unknown, what: string): StowageError {
  if (error instanceof StowageError) return error;
  const providerCode = errnoOf(error);
  const message = `Cannot read ${what}: ${messageOf(error)}`;
  return new StowageError("source-failed", message, { providerCode }, { cause: error });
}

/** What the system's refusal to write a file of the caller's means. */
export function writingError(error: unknown, path: string): StowageError {
  if (error instanceof StowageError) return error;
  return meant(error, WRITING, "target-unwritable", `Cannot write ${quote(path)}`);
}

const SINKING: Readonly<Record<string, Meaning>> = {
  ENOSPC: FULL,
  EDQUOT: NO_QUOTA,
  ERR_STREAM_PREMATURE_CLOSE: {
    code: "target-unwritable",
    why: "it was closed before its end",
  },
};

/** What an error means that came from a stream that was written to. */
export function sinkError(error: unknown): StowageError {
  if (error instanceof StowageError) return error;
  return meant(error, SINKING, "target-unwritable", "Cannot write to the stream");
}

/** A stream that was given as a target, and takes no bytes. */
export function unfitTarget(why: string, cause?: unknown): StowageError {
  const message = `Cannot write to the stream: ${why}; give one that is open`;
  return new StowageError("invalid-argument", message, {}, { cause });
}

/** A call to a target that has come to its end. */
export function targetEnded(what: string, state: "ended" | "committed" | "closed"): StowageError {
  return new StowageError("invalid-argument", `Cannot write ${what}: it is ${state} already`);
}

/** The system's own name for an error, such as `ENOENT`. */
export function errnoOf(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : undefined;
}

function meant(
  error: unknown,
  meanings: Readonly<Record<string, Meaning>>,
  otherwise: ErrorCode,
  start: string,
): StowageError {
  const providerCode = errnoOf(error);
  const known = providerCode === undefined ? undefined : meanings[providerCode];
  const { code, why, ...facts } = known ?? { code: otherwise, why: messageOf(error) };
  return new StowageError(code, `${start}: ${why}`, { providerCode, ...facts }, { cause: error });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : quote(error);
}
