import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Capture, type Ran, runInProcess, type Setting } from "./fake-terminal.js";

const CSV = "a,b\n1,2\n";
const KEY = /^datasets\/user_7\/\d{8}_\d{6}(-\d+)?_housing\.csv$/;

let cwd: string;
let store: string;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "stowage-cli-"));
  store = join(cwd, "store");
  await writeFile(join(cwd, "housing.csv"), CSV);
});

afterEach(async () => {
  await rm(cwd, { recursive: true, force: true });
});

function stowage(args: string, setting: Partial<Setting> = {}): Promise<Ran> {
  return runInProcess(args.split(" "), { cwd, env: { STOWAGE_STORE: store }, ...setting });
}

async function uploaded(args = "upload housing.csv --user 7"): Promise<string> {
  const { code, out, err } = await stowage(args);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  return out.trimEnd();
}

async function keyOfUpload(args?: string): Promise<string> {
  return decodeURIComponent((await uploaded(args)).split("/store/")[1] ?? "");
}

/** Every file below the store's folder. */
async function stored(): Promise<string[]> {
  const entries = await readdir(store, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}

describe("upload", () => {
  test("prints the URI alone, which names a readable file", async () => {
    const { code, out, err } = await stowage("upload housing.csv --user 7");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/^file:\/\/\/\S+\n$/);
    expect(await readFile(fileURLToPath(out.trimEnd()), "utf8")).toBe(CSV);
    expect(await keyOfUpload()).toMatch(KEY);
  });

  test("with --json prints all that is known, as one object on one line", async () => {
    const args =
      "upload housing.csv --user 7 --json --name prices.csv --content-type text/x-prices --metadata source=census";
    const { code, out } = await stowage(args);
    expect(code).toBe(0);
    expect(out.split("\n")).toHaveLength(2);
    expect(JSON.parse(out)).toMatchObject({
      uri: expect.stringMatching(/^file:\/\/\/.*_prices\.csv$/),
      key: expect.stringMatching(/^datasets\/user_7\/.*_prices\.csv$/),
      size: 8,
      etag: expect.any(String),
      checksum: { algorithm: "CRC32", value: expect.any(String) },
      contentType: "text/x-prices",
      metadata: { source: "census", original_filename: "prices.csv" },
      encryption: "none",
      parts: 0,
    });
  });

  test("with --model stores below models", async () => {
    expect(await keyOfUpload("upload housing.csv --user 7 --model")).toMatch(/^models\/user_7\//);
  });

  test("with --sha256 records what the file is, and tells it", async () => {
    const sha256 = createHash("sha256").update(CSV).digest("hex");
    const plain = await stowage("upload housing.csv --user 7 --sha256");
    expect(plain).toMatchObject({ code: 0, err: `stowage: SHA-256 ${sha256}\n` });
    expect(plain.out).toMatch(/^file:\/\/\/\S+\n$/);
    const { out, err } = await stowage("upload housing.csv --user 7 --sha256 --json");
    expect(err).toBe("");
    const told = JSON.parse(out) as { uri: string };
    expect(told).toMatchObject({ sha256, metadata: { sha256 } });
    const info = await stowage(`info ${told.uri} --user 7`);
    expect(info.out).toMatch(new RegExp(`^sha-256 +${sha256}$`, "m"));
    const asJson = await stowage(`info ${told.uri} --user 7 --json`);
    expect(JSON.parse(asJson.out)).toMatchObject({ sha256 });
  });

  test("reads standard input under a name", async () => {
    const input = Readable.from([Buffer.from("a,b\n"), Buffer.from("3,4\n")]);
    const { code, out } = await stowage("upload - --user 7 --name in.csv --quiet", { input });
    expect(code).toBe(0);
    expect(out).toMatch(/_in\.csv\n$/);
    expect(await readFile(fileURLToPath(out.trimEnd()), "utf8")).toBe("a,b\n3,4\n");
  });

  test("takes --store before STOWAGE_STORE", async () => {
    const other = join(cwd, "other");
    const { out } = await stowage(`upload housing.csv --user 7 --store ${other}`);
    expect(out).toContain("/other/datasets/");
    expect(await stored()).toEqual([]);
  });

  test("says that memory keeps nothing", async () => {
    const { code, err } = await stowage("upload housing.csv --user 7 --store memory:");
    expect(code).toBe(0);
    expect(err).toBe("stowage: Note: this store is in memory, and gone when the command ends\n");
  });

  test("does not lose an object when its URI cannot be printed", async () => {
    const stdout = new Capture();
    stdout.failure = Object.assign(new Error("ENOSPC: no space left"), { code: "ENOSPC" });
    const { code, err } = await stowage("upload housing.csv --user 7", { stdout });
    expect(code).toBe(1);
    expect(err).toMatch(
      /^stowage: Cannot write to standard output: .*the object was stored all the same\. Its URI is file:\/\/\/.*_housing\.csv\.\n$/,
    );
  });
});

describe("download", () => {
  test("writes the object's own name into the current folder, and prints it", async () => {
    const key = await keyOfUpload();
    await rm(join(cwd, "housing.csv"));
    expect(await stowage(`download ${key}`)).toEqual({ code: 0, out: "housing.csv\n", err: "" });
    expect(await readFile(join(cwd, "housing.csv"), "utf8")).toBe(CSV);
  });

  test("takes a URI, a file and --user", async () => {
    const uri = await uploaded();
    const { code, out } = await stowage(`download ${uri} copy.csv --user 7`);
    expect({ code, out }).toEqual({ code: 0, out: "copy.csv\n" });
    expect(await readFile(join(cwd, "copy.csv"), "utf8")).toBe(CSV);
  });

  test("writes into a folder under the object's own name", async () => {
    await mkdir(join(cwd, "data"));
    const { out } = await stowage(`download ${await keyOfUpload()} data`);
    expect(out).toBe(`${join("data", "housing.csv")}\n`);
    expect(await readFile(join(cwd, "data", "housing.csv"), "utf8")).toBe(CSV);
  });

  test("makes no file of a folder's path", async () => {
    const key = await keyOfUpload();
    for (const folder of ["new/", join(cwd, "new/")]) {
      const { code, err } = await stowage(`download ${key} ${folder}`);
      expect(code).toBe(1);
      expect(err).toMatch(/^stowage: Cannot write ".*new\/": it ends as the path of a folder does/);
    }
    expect(await readdir(cwd)).not.toContain("new");
  });

  test("writes the bytes alone to standard output", async () => {
    expect(await stowage(`download ${await keyOfUpload()} -`)).toEqual({
      code: 0,
      out: CSV,
      err: "",
    });
  });

  test("replaces a file only with --force", async () => {
    const key = await keyOfUpload();
    await writeFile(join(cwd, "housing.csv"), "mine");
    const { code, out, err } = await stowage(`download ${key}`);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toMatch(/^stowage: Cannot .*housing\.csv.*already-exists.*--force\.\n$/);
    expect(await readFile(join(cwd, "housing.csv"), "utf8")).toBe("mine");

    expect((await stowage(`download ${key} --force`)).code).toBe(0);
    expect(await readFile(join(cwd, "housing.csv"), "utf8")).toBe(CSV);
  });

  test("leaves nothing of an object that is not there", async () => {
    const key = "datasets/user_7/20250101_000000_gone.csv";
    const { code, err } = await stowage(`download ${key}`);
    expect(code).toBe(1);
    expect(err).toMatch(/^stowage: Cannot .*not-found.* at file:\/\/\/.*\. See what is there/);
    expect(await readdir(cwd)).not.toContain("gone.csv");
  });

  test("is quiet when nobody reads on", async () => {
    const stdout = new Capture();
    stdout.failure = Object.assign(new Error("write EPIPE"), { code: "EPIPE" });
    const ran = await stowage(`download ${await keyOfUpload()} -`, { stdout });
    expect(ran).toEqual({ code: 0, out: "", err: "" });
  });
});

describe("list", () => {
  test("prints time, size and key of each, in the order of keys", async () => {
    const first = await keyOfUpload();
    const second = await keyOfUpload();
    const { code, out } = await stowage("list --user 7");
    expect(code).toBe(0);
    const lines = out.trimEnd().split("\n");
    expect(lines[0]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ {9}8 B {2}datasets\/user_7\//);
    expect(lines.map((line) => line.split(/ {2,}/)[2])).toEqual([first, second].sort());
  });

  test("with --json prints one object on each line", async () => {
    const key = await keyOfUpload();
    const { out } = await stowage("list --user 7 --json");
    expect(JSON.parse(out)).toMatchObject({ key, size: 8, filename: "housing.csv" });
  });

  test("keeps users and kinds apart", async () => {
    await uploaded("upload housing.csv --user 70");
    await uploaded("upload housing.csv --user 7 --model");
    expect(await stowage("list --user 7")).toEqual({ code: 0, out: "", err: "" });
    expect((await stowage("list --user 7 --model")).out).toContain("models/user_7/");
  });

  test("tells a person, and no pipe, that there is nothing", async () => {
    const stderr = new Capture(true, 80);
    const { out, err } = await stowage("list --user 7", { stderr });
    expect(out).toBe("");
    expect(err).toMatch(/^User 7 has no datasets at file:\/\/\/.*\/store\/\n$/);
  });

  test("ends quietly when nobody reads on", async () => {
    await uploaded();
    const stdout = new Capture();
    stdout.failure = Object.assign(new Error("write EPIPE"), { code: "EPIPE" });
    expect(await stowage("list --user 7", { stdout })).toEqual({ code: 0, out: "", err: "" });
  });
});

describe("info", () => {
  test("prints readable lines", async () => {
    const uri = await uploaded("upload housing.csv --user 7 --metadata note=spring");
    const { code, out } = await stowage(`info ${uri}`);
    expect(code).toBe(0);
    expect(out).toMatch(/^key {11}datasets\/user_7\/.*_housing\.csv$/m);
    expect(out).toContain(`uri           ${uri}\n`);
    expect(out).toContain("file name     housing.csv\n");
    expect(out).toContain("size          8 bytes\n");
    expect(out).toContain("content type  text/csv\n");
    expect(out).toMatch(/^checksum {6}CRC32 \S{8}$/m);
    expect(out).toMatch(/^(metadata| {8}) {6}note=spring$/m);
  });

  test("with --json prints one object", async () => {
    const key = await keyOfUpload();
    const { out } = await stowage(`info ${key} --json --user 7`);
    expect(JSON.parse(out)).toMatchObject({ key, size: 8, contentType: "text/csv" });
  });

  test("does not let metadata steer the terminal", async () => {
    const { out: uri } = await runInProcess(
      ["upload", "housing.csv", "--user", "7", "--metadata", "note=a\u001b[31mb"],
      { cwd, env: { STOWAGE_STORE: store } },
    );
    const { out } = await stowage(`info ${uri.trimEnd()}`);
    expect(out).toContain("note=a\\x1b[31mb");
    expect(out).not.toContain("\u001b");
  });
});

describe("remove", () => {
  test("removes, prints nothing, and may be repeated", async () => {
    const key = await keyOfUpload();
    expect(await stowage(`remove ${key}`)).toEqual({ code: 0, out: "", err: "" });
    expect((await stowage("list --user 7")).out).toBe("");
    expect(await stowage(`remove ${key}`)).toEqual({ code: 0, out: "", err: "" });
  });

  test("reaches that user's objects alone", async () => {
    const key = await keyOfUpload();
    const { code, err } = await stowage(`remove ${key} --user 8`);
    expect(code).toBe(1);
    expect(err).toMatch(/access-denied.*Give the --user whose object it is\.\n$/);
    expect((await stowage("list --user 7")).out).toContain(key);
  });
});

describe("the owner", () => {
  test.each(["download", "info", "remove"])(
    "of a foreign key is asked for by %s",
    async (command) => {
      const { code, err } = await stowage(`${command} datasets/user_7/plain.csv`);
      expect(code).toBe(2);
      expect(err).toBe(
        `stowage: Cannot ${command} "datasets/user_7/plain.csv": its owner cannot be told from it; name the owner, as in --user 12345. See stowage ${command} --help.\n`,
      );
    },
  );

  test("of another store's URI does not matter: it is refused", async () => {
    const { code, err } = await stowage("info s3://b/datasets/user_7/20250101_000000_a.csv");
    expect(code).toBe(2);
    expect(err).toMatch(/no URI of this store/);
  });

  test("may stand in a key of several roots", async () => {
    const env = { STOWAGE_STORE: store, STOWAGE_DATASETS_PREFIX: "team/data" };
    const { out } = await stowage("upload housing.csv --user u-1.x", { env });
    expect(out).toContain("/team/data/user_u-1.x/");
    expect((await stowage(`info ${out.trimEnd()}`, { env })).code).toBe(0);
  });
});

describe("around the commands", () => {
  test("--version and --help print on standard output", async () => {
    expect(await stowage("--version")).toEqual({ code: 0, out: "1.2.3\n", err: "" });
    const help = await stowage("--help");
    expect(help).toMatchObject({ code: 0, err: "" });
    expect(help.out).toMatch(/^Usage: stowage COMMAND/);
    expect((await stowage("upload --help")).out).toMatch(/^Usage: stowage upload FILE\|-/);
  });

  test("help opens no store", async () => {
    const env = { STOWAGE_STORE: "nonsense" };
    expect((await stowage("list --help", { env })).code).toBe(0);
  });
});

describe("sign", () => {
  const key = "datasets/user_7/20251023_143045_housing.csv";
  const server = "minio://127.0.0.1:9/bucket?tls=false&publicEndpoint=https://files.example.org";
  const env = {
    STOWAGE_STORE: server,
    MINIO_ACCESS_KEY: "access",
    MINIO_SECRET_KEY: "canary-secret",
  };

  test("prints a URL alone, which leads to the public endpoint", async () => {
    const { code, out, err } = await stowage(`sign ${key} --user 7`, { env });
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/^https:\/\/files\.example\.org\/bucket\/datasets\/user_7\/\S+\n$/);
    const { searchParams } = new URL(out);
    expect(searchParams.get("X-Amz-Expires")).toBe("900");
    expect(searchParams.get("response-content-disposition")).toBe(
      'attachment; filename="housing.csv"',
    );
    expect(out).not.toContain("canary-secret");
  });

  test.each([
    ["90s", "90"],
    ["15m", "900"],
    ["12h", "43200"],
    ["7d", "604800"],
  ])("takes --expires %s", async (text, seconds) => {
    const { out } = await stowage(`sign ${key} --user 7 --expires ${text}`, { env });
    expect(new URL(out).searchParams.get("X-Amz-Expires")).toBe(seconds);
  });

  test("with --json prints one object", async () => {
    const { out } = await stowage(`sign s3://bucket/${key} --user 7 --json`, { env });
    expect(out.split("\n")).toHaveLength(2);
    expect(JSON.parse(out)).toMatchObject({
      method: "GET",
      url: expect.stringMatching(/^https:/),
      headers: {},
      expiresAt: expect.stringMatching(/Z$/),
      key,
    });
  });

  test.each([
    [`sign ${key}`, 2, /^stowage: Cannot sign: --user is missing; for example/],
    [`sign ${key} --user 8`, 1, /\(access-denied\)/],
    [`sign ${key} --user 7 --expires 15`, 2, /its form is a number and a unit/],
    [`sign ${key} --user 7 --expires 8d`, 2, /Cannot sign for 691200 seconds/],
    [`sign ${key} --user 7 --store memory:`, 1, /a store of kind memory has none; use one on S3/],
  ])("%s is refused, and prints no URL", async (args, code, text) => {
    const ran = await stowage(args, { env });
    expect(ran).toMatchObject({ code, out: "" });
    expect(ran.err).toMatch(text);
    expect(ran.err).not.toMatch(/X-Amz|example\.org\/bucket/);
  });
});
