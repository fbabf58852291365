import { writeFileSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type BuiltCli, buildCli, onTerminal, type Running, start } from "./built-cli.js";

let cli: BuiltCli;
let cwd: string;
let store: string;

beforeAll(async () => {
  cli = await buildCli();
}, 120_000);

afterAll(async () => {
  await cli[Symbol.asyncDispose]();
});

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "stowage-process-"));
  store = join(cwd, "stowage-data");
  await writeFile(join(cwd, "housing.csv"), "a,b\n1,2\n");
});

afterEach(async () => {
  await rm(cwd, { recursive: true, force: true });
});

const environment = (): Record<string, string | undefined> => ({
  PATH: process.env["PATH"],
  TERM: "xterm",
});

function stowage(args: string, env: Record<string, string> = {}): Running {
  const all = [cli.main, ...args.split(" ")];
  return start(process.execPath, all, { cwd, env: { ...environment(), ...env } });
}

function shell(command: string): Running {
  return start("sh", ["-c", command], { cwd, env: environment() });
}

/** The command as a shell's word. */
const inShell = (): string => `'${process.execPath}' '${cli.main}'`;

async function files(): Promise<string[]> {
  const entries = await readdir(store, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error("It did not come true in 10 s");
    await sleep(20);
  }
}

describe("as a program", () => {
  test("it begins with the line that makes it one", async () => {
    expect((await readFile(cli.main, "utf8")).split("\n")[0]).toBe("#!/usr/bin/env node");
  });

  test("it tells the version of its package", async () => {
    const { version } = JSON.parse(
      await readFile(new URL("../../package.json", import.meta.url), "utf8"),
    );
    expect(await stowage("--version").ended).toEqual({ code: 0, out: `${version}\n`, err: "" });
  });

  test("with nothing configured it stores in ./stowage-data; the URI alone is on standard output, and a pipe sees no progress", async () => {
    const { code, out, err } = await stowage("upload housing.csv --user 12345").ended;
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(
      /^file:\/\/\/\S+\/stowage-data\/datasets\/user_12345\/\d{8}_\d{6}_housing\.csv\n$/,
    );
    expect(await readFile(fileURLToPath(out.trimEnd()), "utf8")).toBe("a,b\n1,2\n");
  });

  test("it reads standard input", async () => {
    const command = `printf 'x,y\\n' | ${inShell()} upload - --user 7 --name in.csv --json`;
    const { code, out, err } = await shell(command).ended;
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(JSON.parse(out)).toMatchObject({ size: 4, contentType: "text/csv", parts: 0 });
  });

  test("bytes come back through pipes as they went in", async () => {
    const command = `head -c 7000000 /dev/urandom > in.bin
      uri=$(${inShell()} upload - --user 7 --name x.bin < in.bin) &&
      ${inShell()} download "$uri" - | cmp - in.bin && ${inShell()} download "$uri" && cmp x.bin in.bin`;
    expect(await shell(command).ended).toEqual({ code: 0, out: "x.bin\n", err: "" });
  });

  test("doctor and contract try the store, and leave nothing in it", async () => {
    const doctor = await stowage("doctor").ended;
    expect({ code: doctor.code, err: doctor.err }).toEqual({ code: 0, err: "" });
    expect(doctor.out).toMatch(/\nThe store does all that the configuration asks for: .*\.\n$/);
    const contract = await stowage("contract --filter checksum --json").ended;
    expect({ code: contract.code, err: contract.err }).toEqual({ code: 0, err: "" });
    expect(JSON.parse(contract.out)).toMatchObject({ kind: "filesystem", ok: true });
    expect(await files()).toEqual([]);
  });

  test("a missing file is exit code 1 and a paragraph", async () => {
    const { code, out, err } = await stowage("upload nope.csv --user 7").ended;
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toMatch(/^stowage: Cannot open .*nope\.csv": .*source-not-found.*\.\n$/);
  });

  test("a usage mistake is exit code 2", async () => {
    const { code, out, err } = await stowage("upload housing.csv --uzer 7").ended;
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toBe(
      "stowage: Cannot use --uzer: there is no such option; did you mean --user? See stowage --help.\n",
    );
  });

  test("a full disk behind standard output is a failure", async () => {
    const { code, err } = await shell(`${inShell()} --help > /dev/full`).ended;
    expect(code).toBe(1);
    expect(err).toMatch(/^stowage: Cannot write to standard output: .*ENOSPC/);
  });
});

describe("a reader who leaves", () => {
  test("ends a list quietly", async () => {
    await stowage("upload housing.csv --user 7").ended;
    await stowage("upload housing.csv --user 7").ended;
    const command = `{ ${inShell()} list --user 7; echo "exit $?" >&2; } | true`;
    expect(await shell(command).ended).toEqual({ code: 0, out: "", err: "exit 0\n" });
    const { code, out, err } = await shell(`${inShell()} list --user 7 | head -n 1`).ended;
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out.split("\n")).toHaveLength(2);
  });

  test("ends a download quietly", async () => {
    const command = `head -c 7000000 /dev/zero > in.bin
      uri=$(${inShell()} upload in.bin --user 7)
      { ${inShell()} download "$uri" -; echo "exit $?" >&2; } | head -c 5 | wc -c`;
    const { code, out, err } = await shell(command).ended;
    expect({ code, out: out.trim(), err }).toEqual({ code: 0, out: "5", err: "exit 0\n" });
  });
});

describe("an interruption", () => {
  /** Starts an upload from a standard input that does not end, past its first part. */
  async function slowUpload(): Promise<Running> {
    const running = stowage("upload - --user 7 --name slow.bin");
    running.child.stdin?.write(Buffer.alloc(6_000_000, 1));
    await until(async () => (await files()).length > 0);
    return running;
  }

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("%s during an upload leaves nothing, and exits with %d", async (signal, exitCode) => {
    const { child, ended } = await slowUpload();
    child.kill(signal);
    expect(await ended).toEqual({
      code: exitCode,
      out: "",
      err: "stowage: Interrupted: nothing was stored\n",
    });
    expect(await files()).toEqual([]);
    expect((await stowage("list --user 7").ended).out).toBe("");
  });

  test("that comes twice at once, as through npm, is one", async () => {
    const { child, ended } = await slowUpload();
    child.kill("SIGINT");
    child.kill("SIGINT");
    await sleep(10);
    child.kill("SIGINT");
    expect((await ended).code).toBe(130);
    expect(await files()).toEqual([]);
  });

  test("repeated ends a clean-up that does not end", async () => {
    const silent = createServer().listen(0, "127.0.0.1");
    const sockets = new Set<{ destroy(): void }>();
    silent.on("connection", (socket) => sockets.add(socket));
    await new Promise((resolve) => silent.once("listening", resolve));
    try {
      const address = silent.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      const { child, ended } = stowage("upload housing.csv --user 7", {
        STOWAGE_STORE: `s3://bucket?region=us-east-1&endpoint=http://127.0.0.1:${port}`,
        AWS_ACCESS_KEY_ID: "someone",
        AWS_SECRET_ACCESS_KEY: "something",
      });
      await until(async () => sockets.size > 0);
      child.kill("SIGINT");
      await sleep(700);
      expect(child.exitCode).toBeNull();
      const before = performance.now();
      child.kill("SIGINT");
      expect((await ended).code).toBe(130);
      expect(performance.now() - before).toBeLessThan(1_000);
    } finally {
      for (const socket of sockets) socket.destroy();
      silent.close();
    }
  });
});

describe("on a terminal", () => {
  function terminal(command: string): Running {
    const { program, args } = onTerminal(command);
    return start(program, args, { cwd, env: environment() });
  }

  test("progress is one line, rewritten and cleared at the end; standard output has the URI alone", async () => {
    // The input goes on when the line before has been seen: machines differ in how fast they are.
    const wait = (name: string): string => `while ! test -e ${name}; do sleep 0.05; done`;
    const input = `${wait("started")}; head -c 6000000 /dev/zero; ${wait("moved")}; sleep 0.5; echo`;
    const { child, ended } = terminal(
      `(${input}) | ${inShell()} upload - --user 7 --name z.bin > uri.txt`,
    );
    let seen = "";
    child.stdout?.on("data", (chunk: Buffer) => {
      seen += chunk.toString();
      if (seen.includes("starting")) writeFileSync(join(cwd, "started"), "");
      if (seen.includes("5.0 MiB")) writeFileSync(join(cwd, "moved"), "");
    });
    const { code, out } = await ended;
    expect(code).toBe(0);
    expect(out).toMatch(
      /^\rz\.bin {2}starting\u001b\[K\rz\.bin {2}5\.0 MiB( {2}\S+ [KM]?i?B\/s)?\u001b\[K/,
    );
    expect(out).not.toContain("\n");
    expect(out.endsWith("\r\u001b[K")).toBe(true);
    expect(await readFile(join(cwd, "uri.txt"), "utf8")).toMatch(/^file:\/\/\/\S+_z\.bin\n$/);
  });

  test("--quiet shows none", async () => {
    const { out } = await terminal(
      `(head -c 10 /dev/zero; sleep 0.5) | ${inShell()} upload - --user 7 --name z.bin --quiet`,
    ).ended;
    expect(out).toMatch(/^file:\/\/\/\S+_z\.bin\r\n$/);
  });

  test("Ctrl-C clears the line, says what became of the upload, and leaves nothing", async () => {
    const { child, ended } = terminal(`exec ${inShell()} upload - --user 7 --name typed.csv`);
    let interrupted = false;
    child.stdout?.on("data", (chunk: Buffer) => {
      if (interrupted || !chunk.includes("starting")) return;
      interrupted = true;
      child.stdin?.write("a,b\n\u0003");
    });
    const { code, out } = await ended;
    expect(out).toContain("stowage: Reading what you type; end it with Ctrl-D\r\n");
    expect(out).toMatch(/\r\u001b\[Kstowage: Interrupted: nothing was stored\r\n$/);
    expect(code).toBe(130);
    expect(await files()).toEqual([]);
  });
});
