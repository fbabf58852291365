import { quote, StowageError } from "../../domain/errors.js";

const WHY: Readonly<Record<string, string>> = {
  EACCES: "permission is denied",
  EPERM: "permission is denied",
  EROFS: "the disk is read-only",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  ENOTDIR: "it leads through a file",
  EEXIST: "it is a file",
  EMFILE: "too many files are open",
  ENFILE: "too many files are open",
  EIO: "the disk failed to read or write",
};

/** What an error of the system means to the journal in a folder. */
export function journalError(error: unknown, directory: string): StowageError {
  if (error instanceof StowageError) return error;
  const providerCode = errnoOf(error);
  const message = error instanceof Error ? error.message : quote(error);
  const why = (providerCode && WHY[providerCode]) ?? message;
  return new StowageError(
    "journal-failed",
    `Cannot use the journal of uploads at ${quote(directory)}: ${why}`,
    {
      operation: "upload",
      providerCode,
      remedy:
        "Set journal (STOWAGE_JOURNAL) to a folder that can be written to, or to none to do without it.",
    },
    { cause: error },
  );
}

/** The system's own name for an error, such as `ENOENT`. */
export function errnoOf(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : undefined;
}

export function isMissing(error: unknown): boolean {
  return errnoOf(error) === "ENOENT";
}
