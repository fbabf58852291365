import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { crc32 } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { journalFolder } from "../../src/adapters/cli/state.js";
import { openFilesystemStore } from "../../src/adapters/filesystem/index.js";
import { openFileJournal } from "../../src/adapters/journal/index.js";
import { crc32Checksum } from "../../src/domain/checksum.js";
import { objectKey } from "../../src/domain/object-key.js";
import type { ObjectKey } from "../../src/index.js";
import type { Journal, SessionRecord } from "../../src/ports/journal.js";
import { type Ran, runInProcess } from "./fake-terminal.js";

const MIB = 1_048_576;
const KEY = objectKey("datasets/user_7/20251023_143045_large.bin");

let cwd: string;
let store: string;
let file: string;
const bytes = randomBytes(11 * MIB);

beforeEach(async () => {
  cwd = await realpath(await mkdtemp(join(tmpdir(), "stowage-cli-uploads-")));
  store = join(cwd, "store");
  file = join(cwd, "large.bin");
  await writeFile(file, bytes);
});

afterEach(async () => {
  await rm(cwd, { recursive: true, force: true });
});

function stowage(args: string, env: Record<string, string> = {}): Promise<Ran> {
  const all = { STOWAGE_STORE: store, STOWAGE_JOURNAL: join(cwd, "journal"), ...env };
  return runInProcess(args.split(" "), { cwd, env: all });
}

function journalIn(folder = join(cwd, "journal")): Journal {
  return openFileJournal({ directory: folder, store: pathToFileURL(store).href });
}

/** An upload of two parts, of which one was stored, as a process would have left it. */
async function interrupted(key: ObjectKey = KEY, beganAt = new Date()): Promise<SessionRecord> {
  await using opened = await openFilesystemStore({ directory: store });
  const upload = await opened.createUpload(key, { checksummed: true });
  const part = bytes.subarray(0, 5 * MIB);
  const checksum = crc32Checksum(crc32(part));
  const { etag } = await opened.uploadPart(upload, 1, part, { checksum });
  const { mtimeNs } = await stat(file, { bigint: true });
  const record = await journalIn().begin({
    location: opened.facts.location,
    key,
    writeToken: "a".repeat(32),
    beganAt,
    contentType: "application/x-large",
    metadata: { write_token: "a".repeat(32), original_filename: "large.bin" },
    encryption: undefined,
    source: { path: file, size: bytes.length, mtimeNs: String(mtimeNs) },
    partBytes: 5 * MIB,
  });
  await record.started(upload.uploadId);
  await record.stored({ partNumber: 1, size: part.length, etag, checksum });
  return record;
}

async function uploadsLeft(): Promise<string[]> {
  return readdir(join(store, ".stowage", "uploads"));
}

describe("upload --resume", () => {
  test("goes on with what was interrupted, and prints its URI", async () => {
    await (await interrupted()).leave();
    const { code, out, err } = await stowage("upload --resume large.bin --user 7 --json");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const told = JSON.parse(out);
    expect(told).toMatchObject({ key: KEY, contentType: "application/x-large", parts: 3 });
    expect((await readFile(fileURLToPath(told.uri))).equals(bytes)).toBe(true);
    expect(await uploadsLeft()).toEqual([]);
    expect(await Array.fromAsync(journalIn().sessions(pathToFileURL(`${store}/`).href))).toEqual(
      [],
    );
  });

  test("of a file that no upload is on record of begins, and says so", async () => {
    await (await interrupted()).leave();
    for (const args of ["--user 8", "--user 7 --model", "--user 7 --name other.bin"]) {
      const { code, out, err } = await stowage(`upload --resume large.bin ${args}`);
      expect(code).toBe(0);
      expect(out).not.toContain("20251023_143045");
      expect(err).toMatch(/^stowage: Note: no upload of this file is on record here; .*\n$/);
    }
    expect(await uploadsLeft()).toHaveLength(1);
  });

  test("says that what it began with is kept", async () => {
    await (await interrupted()).leave();
    const { err } = await stowage("upload --resume large.bin --user 7 --metadata a=b");
    expect(err).toMatch(/keeps the content type and metadata that it began with/);
  });

  test("of an upload that runs fails, and leaves it alone", async () => {
    const record = await interrupted();
    const { code, err } = await stowage("upload --resume large.bin --user 7");
    expect(code).toBe(1);
    expect(err).toMatch(
      /another process runs it \(conflict\); nothing was stored\. Try again\.\n$/,
    );
    expect(await uploadsLeft()).toHaveLength(1);
    await record.end();
  });

  test("without a journal says what to set", async () => {
    const { code, err } = await stowage("upload --resume large.bin --user 7", {
      STOWAGE_JOURNAL: "none",
    });
    expect(code).toBe(1);
    expect(err).toMatch(/no journal is set.*Set journal \(STOWAGE_JOURNAL\) to a folder\.\n$/);
  });
});

describe("upload", () => {
  test("of a file with an interrupted upload tells of it", async () => {
    const record = await interrupted();
    expect((await stowage("upload large.bin --user 7")).err).toBe("");
    await record.leave();
    const { code, err } = await stowage("upload large.bin --user 7");
    expect(code).toBe(0);
    expect(err).toMatch(/^stowage: Note: an upload of this file was interrupted \(begun 20.*Z\); /);
    expect((await stowage("upload large.bin --user 7 --quiet")).err).toBe("");
    expect(await uploadsLeft()).toHaveLength(1);
  });

  test("whose journal cannot be written fails, and says what to set", async () => {
    await writeFile(join(cwd, "journal"), "a file in the way");
    const { code, err, out } = await stowage("upload large.bin --user 7");
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toMatch(/Cannot use the journal of uploads at .*journal-failed.*STOWAGE_JOURNAL/);
    expect(await uploadsLeft()).toEqual([]);
    expect((await stowage("upload large.bin --user 7", { STOWAGE_JOURNAL: "none" })).code).toBe(0);
  });
});

describe("uploads", () => {
  const day = 86_400_000;
  const old = (): Date => new Date(Date.now() - 2 * day);

  test("list tells of what nobody goes on with, and removes nothing", async () => {
    await (await interrupted(KEY, old())).leave();
    await (await interrupted(objectKey("models/user_8/20251023_143045_m.bin"))).leave();
    const { code, out, err } = await stowage("uploads list");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/^20\S+Z +5\.0 MiB {2}journal {2}datasets\/user_7\/\S+_large\.bin\n$/);
    const all = await stowage("uploads list --older-than 0 --json");
    const told = all.out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(told.map(({ kind }) => kind)).toEqual(["dataset", "model"]);
    expect((await stowage("uploads list --older-than 0 --user 8")).out).toMatch(
      /^[^\n]*user_8[^\n]*\n$/,
    );
    expect(await uploadsLeft()).toHaveLength(2);
  });

  test("clean removes it, but in a dry run", async () => {
    await (await interrupted(KEY, old())).leave();
    const dry = await stowage("uploads clean --dry-run");
    expect(dry.out).toContain(KEY);
    expect(await uploadsLeft()).toHaveLength(1);
    expect(await stowage("uploads clean")).toEqual({ code: 0, out: dry.out, err: "" });
    expect(await uploadsLeft()).toEqual([]);
    expect(await stowage("uploads clean")).toEqual({ code: 0, out: "", err: "" });
  });

  test("clean reaches below the prefix given, and none that is not ours", async () => {
    await (await interrupted(KEY, old())).leave();
    expect((await stowage("uploads clean --prefix datasets/user_70/")).out).toBe("");
    const { code, err } = await stowage("uploads clean --prefix backups/");
    expect(code).toBe(2);
    expect(err).toMatch(
      /Cannot look below "backups\/": uploads stand below "datasets\/" and "models\/"/,
    );
    expect(await uploadsLeft()).toHaveLength(1);
    expect((await stowage("uploads clean --prefix datasets/user_7/2025")).out).toContain(KEY);
  });
});

describe("the journal's folder", () => {
  test.each([
    [{ XDG_STATE_HOME: "/state", HOME: "/home/ada" }, "/state/stowage/uploads"],
    [{ XDG_STATE_HOME: "state", HOME: "/home/ada" }, "/home/ada/.local/state/stowage/uploads"],
    [{ XDG_STATE_HOME: "", HOME: "/home/ada" }, "/home/ada/.local/state/stowage/uploads"],
    [{}, "none"],
  ])("is, by %j, %s", (env, folder) => {
    expect(journalFolder(env)).toBe(folder);
  });

  test("is used unless STOWAGE_JOURNAL names another, and holds nothing once all is stored", async () => {
    const env = { STOWAGE_JOURNAL: "", XDG_STATE_HOME: join(cwd, "state") };
    await mkdir(join(cwd, "state"));
    expect((await stowage("upload large.bin --user 7", env)).code).toBe(0);
    const [folder = ""] = await readdir(join(cwd, "state", "stowage", "uploads"));
    expect(await readdir(join(cwd, "state", "stowage", "uploads", folder))).toEqual([]);
    await stowage("upload large.bin --user 7");
    expect(await readdir(join(cwd, "journal"))).toEqual([folder]);
  });
});
