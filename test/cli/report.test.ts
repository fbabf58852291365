import { describe, expect, test } from "vitest";
import { UsageError } from "../../src/adapters/cli/arguments.js";
import { Interruption } from "../../src/adapters/cli/interruption.js";
import { isRefusal, report, reportInterruption, trace } from "../../src/adapters/cli/report.js";
import { StowageError } from "../../src/domain/errors.js";

const MINIO = {
  command: "upload",
  location: "minio://127.0.0.1:9000/nope?tls=false",
} as const;
const KEY = "datasets/user_7/20251023_143045_x.csv";

describe("report", () => {
  test("tells what, which code, where, what was left behind and what to do", () => {
    const error = new StowageError(
      "bucket-not-found",
      'Cannot upload "x.csv": the bucket "nope" does not exist',
      {
        operation: "put",
        store: "minio",
        bucket: "nope",
        key: KEY,
        providerCode: "NoSuchBucket",
        status: 404,
        requestId: "17A4B0",
        outcome: "not-applied",
      },
    );
    expect(report(error, MINIO)).toBe(
      'stowage: Cannot upload "x.csv": the bucket "nope" does not exist (bucket-not-found, NoSuchBucket, HTTP 404, request 17A4B0) at minio://127.0.0.1:9000/nope?tls=false, as "datasets/user_7/20251023_143045_x.csv"; nothing was stored. Create the bucket, or correct --store (STOWAGE_STORE).',
    );
  });

  test("names a key and a provider's code once", () => {
    const error = new StowageError("not-found", `Cannot get "${KEY}": it answers NoSuchKey`, {
      store: "s3",
      key: KEY,
      providerCode: "NoSuchKey",
    });
    expect(report(error, { command: "download", location: "s3://b" })).toBe(
      `stowage: Cannot get "${KEY}": it answers NoSuchKey (not-found) at s3://b. See what is there with: stowage list --user ID.`,
    );
  });

  test("prefers the error's own remedy, and tells how often was tried", () => {
    const error = new StowageError("unavailable", "Cannot put: no answer", {
      attempts: 5,
      remedy: "Plug it in",
    });
    expect(report(error, { command: "list", location: undefined })).toBe(
      "stowage: Cannot put: no answer (unavailable, after 5 attempts). Plug it in.",
    );
  });

  test.each([
    ["applied", undefined, "the object was stored all the same"],
    ["unknown", undefined, "whether the object was stored could not be found out"],
    ["not-applied", undefined, "nothing was stored."],
    ["not-applied", "done", "nothing was stored."],
    ["not-applied", "pending", "nothing was stored, but parts of it may still lie on the server"],
    [undefined, undefined, "nothing was stored."],
  ] as const)("of an upload with outcome %s, cleanup %s: %s", (outcome, cleanup, text) => {
    const error = new StowageError("timeout", "Cannot upload: no answer", { outcome, cleanup });
    expect(report(error, MINIO)).toContain(`; ${text}`);
  });

  test.each(["download", "list", "info"] as const)("of %s says nothing of storing", (command) => {
    const error = new StowageError("timeout", "Cannot read: no answer", { outcome: "not-applied" });
    expect(report(error, { ...MINIO, command })).not.toMatch(/stored|removed/);
  });

  test("keeps the lines of a list of mistakes", () => {
    const message =
      'Cannot use the configuration, for 2 reasons:\n- store is "x": a\n- STOWAGE_B is "y": b';
    expect(report(new StowageError("invalid-config", message), MINIO)).toBe(
      'stowage: Cannot use the configuration, for 2 reasons:\n- --store is "x": a\n- STOWAGE_B is "y": b',
    );
  });

  test("makes one line of a server's page", () => {
    const error = new StowageError("bad-answer", "Cannot get: <html>\n  <b>502</b>\r\n</html>");
    expect(report(error, { ...MINIO, command: "info" })).toMatch(
      /^stowage: Cannot get: <html> <b>502<\/b> <\/html> \(bad-answer\)\. Check /,
    );
  });

  test("claims nothing of a write that does not tell its outcome", () => {
    const error = new StowageError("unexpected", "Cannot put: what", { operation: "put" });
    expect(report(error, MINIO)).not.toContain("stored");
  });

  test("points a usage error to the help", () => {
    expect(report(new UsageError("Cannot list: --user is missing", "list"), undefined)).toBe(
      "stowage: Cannot list: --user is missing. See stowage list --help.",
    );
    expect(report(new UsageError("Cannot: did you mean list?"), undefined)).toBe(
      "stowage: Cannot: did you mean list? See stowage --help.",
    );
  });

  test("owns up to a fault of its own", () => {
    expect(report(new TypeError("x is not a function"), MINIO)).toBe(
      "stowage: Cannot go on: x is not a function. This is a fault of Stowage itself: report it with what --debug prints.",
    );
  });

  test("does not let a server's words steer the terminal", () => {
    const error = new StowageError("unexpected", "Cannot get: \u001b[2Jboo", { store: "s3" });
    expect(report(error, MINIO)).toContain("\\x1b[2Jboo");
  });
});

describe("reportInterruption", () => {
  const interruption = new Interruption("SIGTERM");

  test.each([
    ["upload", "stowage: Interrupted: nothing was stored"],
    ["download", "stowage: Interrupted: it is not complete, and no file was written"],
    ["list", "stowage: Interrupted: the list is not complete"],
  ] as const)("of %s", (command, text) => {
    expect(reportInterruption(interruption, interruption, { ...MINIO, command })).toBe(text);
  });

  test.each([
    ["doctor", "stowage: Interrupted: the store was not tried whole"],
    ["contract", "stowage: Interrupted: the contract was not tried whole"],
  ] as const)("of %s", (command, text) => {
    expect(reportInterruption(interruption, interruption, { ...MINIO, command })).toContain(text);
  });

  test.each([
    [
      { outcome: "not-applied", cleanup: "pending" },
      "its parts could not be removed",
      `(aborted) at minio://127.0.0.1:9000/nope?tls=false; nothing was stored, but parts of it may still lie on the server, out of sight. Remove them, once the store answers again, with: stowage uploads clean --older-than 0 --prefix ${KEY}.`,
    ],
    [
      { outcome: "applied", cleanup: "done" },
      "it was stored all the same, and could not be removed",
      `(aborted) at minio://127.0.0.1:9000/nope?tls=false. Remove it, once the store answers again, with: stowage remove ${KEY}.`,
    ],
    [
      { outcome: "unknown", cleanup: "pending" },
      "whether it was stored could not be found out",
      `(aborted) at minio://127.0.0.1:9000/nope?tls=false. Remove it, once the store answers again, with: stowage remove ${KEY}.`,
    ],
  ] as const)(
    "that could not be cleaned up after says what may be left: %j",
    (facts, what, end) => {
      const message = `Cannot clean up after "${KEY}" was aborted: ${what}`;
      const error = new StowageError("aborted", message, { key: KEY, ...facts });
      expect(reportInterruption(error, interruption, MINIO)).toBe(
        `stowage: Interrupted: ${message} ${end}`,
      );
    },
  );

  test("tells what an error knows of the outcome", () => {
    const error = new StowageError("timeout", "Cannot abort: no answer", { outcome: "unknown" });
    expect(reportInterruption(error, interruption, MINIO)).toMatch(
      /^stowage: Interrupted: Cannot abort: no answer \(timeout\); whether the object was stored could not be found out: look before you do it again\./,
    );
  });
});

test("isRefusal tells input from failure", () => {
  const codes = ["invalid-argument", "invalid-config", "invalid-key", "invalid-metadata"] as const;
  for (const code of codes) expect(isRefusal(new StowageError(code, "no"))).toBe(true);
  expect(isRefusal(new UsageError("no"))).toBe(true);
  expect(isRefusal(new StowageError("too-large", "no"))).toBe(false);
  expect(isRefusal(new Error("no"))).toBe(false);
});

test("trace gives the stacks of all causes, and nothing that hangs on them", () => {
  const deepest = Object.assign(new Error("socket"), { headers: { authorization: "s3cr3t" } });
  const error = new StowageError("unavailable", "Cannot get", {}, { cause: deepest });
  expect(trace(error)).toMatch(
    /^StowageError: Cannot get\n {4}at [\s\S]*\ncaused by Error: socket\n/,
  );
  expect(trace(error)).not.toContain("s3cr3t");
});
