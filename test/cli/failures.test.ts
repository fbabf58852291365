import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { openStowage } from "../../src/app/modules/open-stowage.js";
import { StowageError } from "../../src/domain/errors.js";
import { interruptible, type Ran, runInProcess, type Setting } from "./fake-terminal.js";

let cwd: string;
let store: string;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "stowage-cli-"));
  store = join(cwd, "store");
  await writeFile(join(cwd, "a.csv"), "a,b\n1,2\n");
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(cwd, { recursive: true, force: true });
});

function stowage(args: readonly string[], setting: Partial<Setting> = {}): Promise<Ran> {
  return runInProcess(args, { cwd, env: { STOWAGE_STORE: store }, ...setting });
}

async function stored(): Promise<string[]> {
  const entries = await readdir(store, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}

describe("what is refused as it was asked has exit code 2, stores nothing and prints nothing", () => {
  test.each([
    [
      ["upload", "a.csv", "--user", ""],
      /^stowage: Cannot use user id "": use an integer .*\(invalid-argument\)\.\n$/,
    ],
    [
      ["upload", "a.csv", "--user", "../8"],
      /^stowage: Cannot use user id "\.\.\/8": use an integer/,
    ],
    [
      ["upload", "a.csv", "--user", "7", "--name", "a/b.csv"],
      /^stowage: Cannot use file name "a\/b\.csv": it holds a "\/".*\(invalid-key\)\.\n$/,
    ],
    [
      ["upload", "a.csv", "--user", "7", "--metadata", "A=1"],
      /^stowage: Cannot use metadata "A": names are lower case; use "a" \(invalid-metadata\)\.\n$/,
    ],
    [
      ["upload", "a.csv", "--user", "7", "--metadata", "uploaded_at=1"],
      /reserved.*\(invalid-metadata\)\.\n$/,
    ],
    [
      ["upload", "a.csv", "--user", "7", "--content-type", "csv"],
      /content type "csv": use a media type.*\(invalid-argument\)\.\n$/,
    ],
    [
      ["upload", "a.csv", "--user", "7", "--store", "nonsense"],
      /^stowage: Cannot use the configuration: --store is "nonsense": it is of no known form; .*\(invalid-config\)\.\n$/,
    ],
    [
      ["list", "--user", "7", "--store", ""],
      /^stowage: Cannot use the configuration: --store is "": /,
    ],
    [
      ["info", "datasets//user_7/a.csv"],
      /^stowage: Cannot use key "datasets\/\/user_7\/a\.csv": it has an empty segment.*\(invalid-key\)\.\n$/,
    ],
    [["list"], /^stowage: Cannot list: --user is missing; .* See stowage list --help\.\n$/],
    [
      ["frobnicate"],
      /^stowage: Cannot do "frobnicate": there is no such command; .* See stowage --help\.\n$/,
    ],
  ])("%j", async (args, message) => {
    const { code, out, err } = await stowage(args);
    expect(err).toMatch(message);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(await stored()).toEqual([]);
  });

  test("metadata that is too large", async () => {
    const big = `big=${"x".repeat(2_100)}`;
    const { code, err } = await stowage(["upload", "a.csv", "--user", "7", "--metadata", big]);
    expect(code).toBe(2);
    expect(err).toMatch(/at most 2048 fit.*\(invalid-metadata\)\.\n$/);
    expect(await stored()).toEqual([]);
  });

  test("every mistake of a configuration is told at once, and no secret", async () => {
    const env = {
      STOWAGE_STORE: "minio://root:hunter2@host/bucket",
      STOWAGE_CONCURRENCY: "0",
      STOWAGE_ENCRYPTON: "none",
    };
    const { code, err } = await stowage(["list", "--user", "7"], { env });
    expect(code).toBe(2);
    expect(err).toMatch(/^stowage: Cannot use the configuration, for 3 reasons:\n(- .*\n){3}$/);
    for (const name of ["STOWAGE_STORE", "STOWAGE_CONCURRENCY", "STOWAGE_ENCRYPTON"]) {
      expect(err).toContain(`- ${name} `);
    }
    expect(err).not.toContain("hunter2");
  });

  test("a store's folder that is a file", async () => {
    await writeFile(store, "a file");
    const { code, err } = await stowage(["upload", "a.csv", "--user", "7"]);
    expect(code).toBe(2);
    expect(err).toMatch(
      /^stowage: Cannot open the store: ".*store" is a file.*\(invalid-config\)\.\n$/,
    );
  });
});

describe("what fails has exit code 1, and one paragraph", () => {
  test("a missing file", async () => {
    const { code, out, err } = await stowage(["upload", "nope.csv", "--user", "7"]);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toMatch(
      /^stowage: Cannot open ".*nope\.csv": there is no such file \(source-not-found, ENOENT\); nothing was stored\. Check the path\.\n$/,
    );
  });

  test("a folder", async () => {
    await mkdir(join(cwd, "folder"));
    const { code, err } = await stowage(["upload", "folder", "--user", "7"]);
    expect(code).toBe(1);
    expect(err).toMatch(/source-unreadable.*nothing was stored\./);
  });

  test("standard input that breaks", async () => {
    const input = new Readable({ read: () => undefined });
    input.push("abc");
    const running = stowage(["upload", "-", "--user", "7", "--name", "in.csv"], { input });
    await vi.waitFor(() => expect(input.listenerCount("error")).toBeGreaterThan(0));
    input.destroy(new Error("pipe burst"));
    const { code, err } = await running;
    expect(code).toBe(1);
    expect(err).toMatch(/\(source-failed.*\); nothing was stored\./);
    expect(await stored()).toEqual([]);
  });

  test("a target in a folder that is not there", async () => {
    const { out } = await stowage(["upload", "a.csv", "--user", "7"]);
    const { code, err } = await stowage(["download", out.trimEnd(), join("no", "b.csv")]);
    expect(code).toBe(1);
    expect(err).toMatch(/target-unwritable.*folder/);
  });

  test.each(["s3", "minio"])(
    "a server of %s that is not there, within the connect limit",
    async (kind) => {
      const port = await closedPort();
      const location =
        kind === "s3"
          ? `s3://bucket?region=us-east-1&endpoint=http://127.0.0.1:${port}`
          : `minio://127.0.0.1:${port}/bucket?tls=false`;
      const env = {
        STOWAGE_STORE: location,
        STOWAGE_MAX_ATTEMPTS: "2",
        MINIO_ACCESS_KEY: "someone",
        MINIO_SECRET_KEY: "hunter2-hunter2",
      };
      // The SDK of S3 reads its own variables itself.
      vi.stubEnv("AWS_ACCESS_KEY_ID", "someone");
      vi.stubEnv("AWS_SECRET_ACCESS_KEY", "hunter2-hunter2");
      const { code, out, err } = await stowage(["upload", "a.csv", "--user", "7"], { env });
      expect({ code, out }).toEqual({ code: 1, out: "" });
      expect(err).toContain(`(unavailable, after 2 attempts) at ${location}`);
      expect(err).toContain("ECONNREFUSED");
      expect(err).toMatch(/; nothing was stored\.\n$/);
      expect(err.trimEnd()).not.toContain("\n");
      expect(err).not.toContain("hunter2");
    },
  );

  test.each(["s3", "minio"])("TLS spoken by %s to a server without it, once", async (kind) => {
    const server = createHttpServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      const { port } = server.address() as AddressInfo;
      const location =
        kind === "s3"
          ? `s3://bucket?region=us-east-1&endpoint=https://127.0.0.1:${port}`
          : `minio://127.0.0.1:${port}/bucket`;
      const env = {
        STOWAGE_STORE: location,
        MINIO_ACCESS_KEY: "someone",
        MINIO_SECRET_KEY: "hunter2",
      };
      vi.stubEnv("AWS_ACCESS_KEY_ID", "someone");
      vi.stubEnv("AWS_SECRET_ACCESS_KEY", "hunter2");
      const { code, err } = await stowage(["list", "--user", "7"], { env });
      expect(code).toBe(1);
      expect(err).toContain(`no connection to https://127.0.0.1:${port} (`);
      expect(err).toContain(`(unavailable) at ${location}. `);
      expect(err).toMatch(
        /If the server speaks plain HTTP, say so: \?tls=false with minio:\/\/, an endpoint of http:\/\/ with s3:\/\/\.\n$/,
      );
      expect(err).not.toMatch(/openssl|attempts/);
    } finally {
      server.close();
    }
  });

  test("with --debug, the stack and the causes follow", async () => {
    const { err } = await stowage(["upload", "nope.csv", "--user", "7", "--debug"]);
    expect(err).toMatch(
      /\nStowageError: Cannot open .*\n {4}at .*\n[\s\S]*\ncaused by Error: ENOENT/,
    );
  });
});

describe("what is interrupted has exit code 130", () => {
  test("an upload from a slow stream leaves nothing", async () => {
    const { signal, interrupt } = interruptible();
    const input = new Readable({ read: () => undefined });
    input.push(Buffer.alloc(6_000_000));
    const running = stowage(["upload", "-", "--user", "7", "--name", "in.csv"], { input, signal });
    setTimeout(interrupt, 300);
    expect(await running).toEqual({
      code: 130,
      out: "",
      err: "stowage: Interrupted: nothing was stored\n",
    });
    expect(await stored()).toEqual([]);
  });

  test("an upload that could not be cleaned up after says what may be left", async () => {
    const { signal, interrupt } = interruptible();
    const open: Setting["open"] = async (...args) => ({
      ...(await openStowage(...args)),
      uploadDataset: async ({ signal: aborted }) => {
        interrupt();
        throw new StowageError(
          "aborted",
          'Cannot clean up after "datasets/a" was aborted: its parts could not be removed',
          { operation: "upload", key: "datasets/a", outcome: "not-applied", cleanup: "pending" },
          { cause: aborted?.reason },
        );
      },
    });
    const args = ["upload", "a.csv", "--user", "7"];
    const { code, out, err } = await stowage(args, { signal, open });
    expect({ code, out }).toEqual({ code: 130, out: "" });
    expect(err).toMatch(
      /^stowage: Interrupted: Cannot clean up after "datasets\/a" was aborted: its parts could not be removed \(aborted\) at file:\/\/\/\S+; nothing was stored, but parts of it may still lie on the server, out of sight\. .*\.\n$/,
    );
  });

  test("before it begins, a command does nothing", async () => {
    const { signal, interrupt } = interruptible();
    interrupt();
    const { code } = await stowage(["upload", "a.csv", "--user", "7"], { signal });
    expect(code).toBe(130);
    expect(await stored()).toEqual([]);
  });
});

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 1;
}
