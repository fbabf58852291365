import { describe, expect, it } from "vitest";
import { errnoOf, fromErrno, isNothing } from "../../src/adapters/filesystem/errors.js";
import { key } from "./fixtures.js";

/** As Node 24 on Linux gave them. */
function systemError(code: string, syscall: string, path: string | undefined): Error {
  const where = path === undefined ? "" : ` '${path}'`;
  return Object.assign(new Error(`${code}: recorded, ${syscall}${where}`), {
    errno: -1,
    code,
    syscall,
    ...(path === undefined ? {} : { path }),
  });
}

describe("an error of the system", () => {
  it.each([
    ["ENOSPC", "write", undefined, "no-space", false],
    ["EDQUOT", "write", undefined, "no-space", false],
    ["EACCES", "open", "/srv/data/.stowage/drafts/1", "access-denied", false],
    ["EPERM", "link", "/srv/data/.stowage/drafts/1", "access-denied", false],
    ["EROFS", "mkdir", "/srv/data/user_1", "access-denied", false],
    ["EFBIG", "write", undefined, "too-large", false],
    ["EMFILE", "open", "/srv/data/a", "unavailable", true],
    ["ENFILE", "open", "/srv/data/a", "unavailable", true],
    ["EBUSY", "rename", "/srv/data/a", "unavailable", true],
    ["ESTALE", "lstat", "/srv/data/a", "unavailable", true],
    ["ENAMETOOLONG", "open", "/srv/data/a", "invalid-key", false],
    ["EXDEV", "link", "/srv/data/.stowage/drafts/1", "invalid-config", false],
    ["EIO", "fsync", undefined, "unexpected", false],
    ["EUCLEAN", "read", undefined, "unexpected", false],
  ])("%s of %s at %s is %s", (errno, syscall, path, code, retryable) => {
    const cause = systemError(errno, syscall, path);
    const error = fromErrno(cause, { operation: "put", key: key("user_1/a.csv") });
    expect(error).toMatchObject({
      code,
      retryable,
      providerCode: errno,
      operation: "put",
      store: "filesystem",
      key: "user_1/a.csv",
      outcome: "not-applied",
      cause,
    });
    expect(error.message).toMatch(/^Cannot store "user_1\/a\.csv": /);
    if (path !== undefined) expect(error.message).toContain(`(${errno} at "${path}")`);
  });

  it("tells no outcome of a read", () => {
    const error = fromErrno(systemError("EIO", "read", undefined), { operation: "get" });
    expect(error.outcome).toBeUndefined();
  });

  it("says what to do where there is something to do", () => {
    const call = { operation: "put" } as const;
    for (const code of ["ENOSPC", "EDQUOT", "EACCES", "EPERM", "EROFS", "EMFILE", "EIO"]) {
      expect(fromErrno(systemError(code, "open", undefined), call).remedy).toMatch(/^[A-Z].+[^.]$/);
    }
  });

  it("is nothing there, when no file can be at the path", () => {
    for (const code of ["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG"]) {
      expect(isNothing(systemError(code, "lstat", "/x"))).toBe(true);
    }
    for (const code of ["EACCES", "EIO", "EMFILE"]) {
      expect(isNothing(systemError(code, "lstat", "/x"))).toBe(false);
    }
  });

  it("has its own name, if it is one", () => {
    expect(errnoOf(systemError("EIO", "read", undefined))).toBe("EIO");
    expect(errnoOf(new Error("no"))).toBeUndefined();
    expect(errnoOf("EIO")).toBeUndefined();
  });
});
