import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { describe as asTable } from "../../src/adapters/cli/commands/doctor.js";
import type { Examination } from "../../src/app/modules/examine-store.js";
import { type FindingId, finding } from "../../src/app/probe/findings.js";
import { Capture, interruptible, type Ran, runInProcess, type Setting } from "./fake-terminal.js";

let cwd: string;
let store: string;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "stowage-cli-"));
  store = join(cwd, "store");
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(cwd, { recursive: true, force: true });
});

function stowage(args: string, setting: Partial<Setting> = {}): Promise<Ran> {
  return runInProcess(args.split(" "), { cwd, env: { STOWAGE_STORE: store }, ...setting });
}

/** Every file below the store's folder, but for those that a store keeps of itself while it is open. */
async function stored(): Promise<string[]> {
  const entries = await readdir(store, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}

describe("doctor", () => {
  test("tells of a directory what it does and what that means, and leaves nothing", async () => {
    const { code, out, err } = await stowage("doctor");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/^Store {4}file:\/\/\/\S+\/store\/\n\nAccess\n {2}honoured {2}list {2,}\S/);
    expect(out).toMatch(/^ {2}honoured {2}put where nothing is {2,}uploads never overwrite each/m);
    expect(out).toMatch(/^ {2}refused {3}AES256 of a put {2,}cannot be asked for$/m);
    expect(out).toMatch(
      /\nThe store does all that the configuration asks for: 30 of 39 honoured, found out in \S+ m?s\.\n$/,
    );
    expect(Math.max(...out.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(await stored()).toEqual([]);
  });

  test("with --json prints one object", async () => {
    const { code, out } = await stowage("doctor --json --store memory:");
    expect(code).toBe(0);
    expect(out.split("\n")).toHaveLength(2);
    expect(JSON.parse(out)).toMatchObject({
      kind: "memory",
      location: "memory:///",
      ok: true,
      faults: [],
      left: [],
      profile: { honours: { listUploads: "prefix" }, ways: [], verifies: ["crc32"] },
      findings: expect.arrayContaining([
        {
          id: "conditions.put.absent",
          topic: "Conditions",
          what: "put where nothing is",
          result: "honoured",
          meaning: "uploads never overwrite each other",
          dangerous: false,
        },
      ]),
    });
  });

  test("says of a server that is not there what every command says", async () => {
    vi.stubEnv("AWS_ACCESS_KEY_ID", "someone");
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "something");
    const location = "s3://bucket?region=us-east-1&endpoint=http://127.0.0.1:9";
    for (const command of ["doctor", "doctor --json", "contract"]) {
      const { code, out, err } = await stowage(command, { env: { STOWAGE_STORE: location } });
      expect({ code, out }).toEqual({ code: 1, out: "" });
      expect(err).toMatch(
        /^stowage: Cannot list objects: no connection to .*\(unavailable\) at s3:/,
      );
    }
  });

  test("that is interrupted leaves nothing", async () => {
    const { signal, interrupt } = interruptible();
    interrupt();
    const { code, out, err } = await stowage("doctor", { signal });
    expect({ code, out }).toEqual({ code: 130, out: "" });
    expect(err).toMatch(/^stowage: Interrupted: the store was not tried whole/);
  });

  test("of a profile that is unknown names those that there are", async () => {
    const { code, err } = await stowage("doctor --store s3://bucket?profile=azure");
    expect(code).toBe(2);
    expect(err).toMatch(/unknown profile "azure"; known are aws, .* and probe, which finds out/);
  });
});

describe("the doctor's table", () => {
  const refused = {
    result: "refused",
    detail: `the server says ${"no and ".repeat(20)}no`,
  } as const;
  const seen = (id: FindingId, what: Parameters<typeof finding>[1]) => finding(id, what);
  const examination: Examination = {
    kind: "s3",
    location: "s3://bucket/",
    server: "generic",
    ok: false,
    faults: [
      { problem: "Conditions, a: ignored", remedy: "Use another server." },
      { problem: "Encryption, b: refused", remedy: "Set STOWAGE_ENCRYPTION=none." },
      { problem: "Encryption, c: refused", remedy: "Set STOWAGE_ENCRYPTION=none." },
    ],
    advice: ["It would be better to do it otherwise."],
    findings: [
      seen("access.list", { result: "honoured" }),
      seen("conditions.put.absent", { result: "ignored" }),
      seen("encryption.AES256", refused),
      seen("encryption.AES256.parts", refused),
      seen("read.range", { result: "unknown" }),
    ],
    profile: {} as never,
    left: [],
    ms: 1_234,
  };
  const table = asTable(examination, "s3://bucket?endpoint=http://127.0.0.1:9000");

  test("names the store, how it is taken, and each topic", () => {
    expect(table).toMatch(/^Store {4}s3:\/\/bucket\?endpoint=\S+\nProfile {2}generic\n\nAccess\n/);
    expect(table.match(/^[A-Z]\S+$/gm)).toEqual(["Access", "Conditions", "Encryption", "Reading"]);
  });

  test("marks what is dangerous, and says what the mark means", () => {
    expect(table).toMatch(
      /^! ignored {3}put where nothing is {2,}an upload could overwrite another$/m,
    );
    expect(table).toMatch(/^! Whoever relies on it loses data/m);
  });

  test("tells a reason once, within its column", () => {
    expect(table.match(/the server says/g)).toHaveLength(1);
    expect(Math.max(...table.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  test("ends with what is wrong, and what helps against it", () => {
    expect(table).toMatch(
      /The store does not do all that the configuration asks for: 1 of 5 honoured, found out in 1\.2 s\.\n- Conditions, a: ignored\n {2}Use another server\.\n- Encryption, b: refused\n- Encryption, c: refused\n {2}Set STOWAGE_ENCRYPTION=none\.\nIt would be better to do it otherwise\.$/,
    );
  });
});

describe("contract", () => {
  test("runs against a directory, under a prefix of its own, and leaves nothing", async () => {
    const { code, out, err } = await stowage("contract --filter checksum");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/^Contract of filesystem at file:\/\/\/\S+\/store\/\n/);
    expect(out).toMatch(/\nFailed +0\n\nfilesystem keeps the contract: \d+ cases in \S+ s\n$/);
    expect(await stored()).toEqual([]);
  });

  test("with --json prints the report", async () => {
    const { code, out } = await stowage("contract --store memory: --filter P08 --json");
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      kind: "memory",
      ok: true,
      rows: [{ id: "P08", outcome: "passed" }],
    });
  });

  test("shows on a terminal which case is tried, and clears it", async () => {
    const stderr = new Capture(true, 80);
    const { err } = await stowage("contract --store memory: --filter P0", { stderr });
    expect(err).toMatch(/^\r1 of \d+ {2}P\d+\S*\u001b\[K\r2 of /);
    expect(err.endsWith("\r\u001b[K")).toBe(true);
    const quiet = new Capture(true, 80);
    await stowage("contract --store memory: --filter P0 --quiet", { stderr: quiet });
    expect(quiet.text).toBe("");
  });

  test.each([
    ["--filter nonsense-xyz", /none has that in its id or its promise/],
    ["--prefix no-slash", /it does not end in "\/"; give "no-slash\/"/],
  ])("%s is refused", async (options, message) => {
    const { code, out, err } = await stowage(`contract --store memory: ${options}`);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(message);
  });

  test("that is interrupted says so, once the case at hand is cleaned up after", async () => {
    const { signal, interrupt } = interruptible();
    const stderr = new Capture(true, 80);
    const write = stderr.write.bind(stderr);
    stderr.write = ((chunk: string, ...rest: never[]) => {
      if (chunk.startsWith("\r2 of")) interrupt();
      return write(chunk, ...rest);
    }) as typeof stderr.write;
    const { code, out, err } = await stowage("contract --filter P0", { signal, stderr });
    expect({ code, out }).toEqual({ code: 130, out: "" });
    expect(err).toMatch(/\r\u001b\[Kstowage: Interrupted: the contract was not tried whole/);
    expect(err).not.toContain("\r3 of");
    expect(await stored()).toEqual([]);
  });
});
