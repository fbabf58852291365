import { execFile, execFileSync } from "node:child_process";
import { constants, createWriteStream } from "node:fs";
import { type FileHandle, open, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { openLocalSource } from "../../src/adapters/local/index.js";
import { firstOf } from "../../src/adapters/local/pipes.js";
import { every, pause, read, refusalOf, someBytes, temporaryFolder } from "./fixtures.js";
import { inShell } from "./processes.js";

async function makePipe(): Promise<string> {
  const path = join(await temporaryFolder(), "pipe");
  execFileSync("mkfifo", [path]);
  return path;
}

/** A writer that has come, and writes when it is told to. Opened so, it waits for no reader. */
async function silentWriter(path: string): Promise<FileHandle> {
  const writer = await open(path, constants.O_RDWR);
  onTestFinished(() => writer.close().catch(() => undefined));
  return writer;
}

async function openFiles(): Promise<number> {
  return (await readdir("/proc/self/fd")).length;
}

/** Whether a promise is unsettled still, after some time. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const settled = promise.then(
    () => false,
    () => false,
  );
  return Promise.race([settled, pause(60).then(() => true)]);
}

describe("a pipe in the file system", () => {
  it("is read to its end as a stream", async () => {
    const path = await makePipe();
    const bytes = someBytes(200_000);
    createWriteStream(path).end(bytes);
    await using source = await openLocalSource(path);
    expect(source).toMatchObject({ size: undefined, filename: "pipe" });
    const result = await read(source, every(150_000));
    expect(result.lengths).toEqual([150_000, 50_000]);
    expect(result.bytes.equals(bytes)).toBe(true);
    await source.verify();
  });

  it("is no empty file before a writer comes, but waited for", async () => {
    const path = await makePipe();
    const opening = openLocalSource(path);
    expect(await isPending(opening)).toBe(true);
    createWriteStream(path).end("late");
    await using source = await opening;
    expect((await read(source, every(10))).bytes.toString()).toBe("late");
  });

  it("is empty when its writer comes and goes without a byte, however fast", async () => {
    for (let round = 0; round < 5; round++) {
      const path = await makePipe();
      const opening = openLocalSource(path);
      await pause(5);
      await promisify(execFile)("sh", ["-c", ': > "$0"', path]);
      await using source = await opening;
      expect((await read(source, every(10))).lengths).toEqual([]);
    }
  });

  it("is waited for until the signal is aborted, and let go of then", async () => {
    const before = await openFiles();
    const reason = new Error("enough");
    for (const comes of [false, true]) {
      const path = await makePipe();
      const writer = comes ? await silentWriter(path) : undefined;
      const aborting = new AbortController();
      const opening = openLocalSource(path, { signal: aborting.signal });
      expect(await isPending(opening)).toBe(true);
      aborting.abort(reason);
      await expect(opening).rejects.toBe(reason);
      await writer?.close();
    }
    await pause(20);
    expect(await openFiles()).toBe(before);
  });

  it("holds up no other file, however many are waited for", async () => {
    const { signal, abort } = abortable();
    const waiting = [];
    for (let count = 0; count < 8; count++) {
      waiting.push(openLocalSource(await makePipe(), { signal }).catch(() => "aborted"));
    }
    const file = join(await temporaryFolder(), "file");
    await writeFile(file, "still read");
    expect(await readFile(file, "utf8")).toBe("still read");
    abort();
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(["aborted"]));
  });

  it("that falls silent does not hold up who lets go of it, and gives no half of a piece", async () => {
    const path = await makePipe();
    const writer = await silentWriter(path);
    await writer.write("some");
    const before = await openFiles();
    const source = await openLocalSource(path);
    const reading = refusalOf(read(source, [3, 10]));
    await pause(20);
    await source[Symbol.asyncDispose]();
    expect((await reading).code).toBe("source-failed");
    await pause(20);
    expect(await openFiles()).toBe(before);
  });

  it("is told by its path when it fails", async () => {
    const path = await makePipe();
    const writer = await silentWriter(path);
    await writer.write("some");
    const source = await openLocalSource(path);
    await source[Symbol.asyncDispose]();
    const error = await refusalOf(read(source, every(10)));
    expect(error.message).toContain(JSON.stringify(path));
  });
});

describe("where the system does not tell of a pipe's writer", () => {
  it("one is looked for until it comes, and its first bytes are kept", async () => {
    const path = await makePipe();
    const reader = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    onTestFinished(() => reader.close());
    const looking = firstOf(reader.fd, undefined);
    expect(await isPending(looking)).toBe(true);
    const writer = await silentWriter(path);
    expect(await looking).toBeUndefined();
    await writer.write("first");
    expect(String(await firstOf(reader.fd, undefined))).toBe("first");
  });

  it("the look ends with the signal", async () => {
    const reader = await open(await makePipe(), constants.O_RDONLY | constants.O_NONBLOCK);
    onTestFinished(() => reader.close());
    const reason = new Error("enough");
    const aborting = new AbortController();
    const looking = firstOf(reader.fd, aborting.signal);
    await pause(10);
    aborting.abort(reason);
    await expect(looking).rejects.toBe(reason);
  });
});

describe("a device", () => {
  it("without end gives as much as is asked for", async () => {
    await using source = await openLocalSource("/dev/zero");
    const result = await read(source, [100_000, 1]);
    expect(result.lengths).toEqual([100_000, 1]);
    expect(result.bytes.every((byte) => byte === 0)).toBe(true);
  });
});

/** Runs the reader in a shell, as `"$@"`. */
async function reader(shell: string, ...args: string[]) {
  const { code, said } = await inShell(shell, "reader.ts", ...args);
  return { code, said };
}

/** Runs the reader on a terminal of its own, at which something is typed. Its exit code is told last. */
async function onTerminal(typing: string, ...args: string[]) {
  const done = join(await temporaryFolder(), "done");
  // The terminal is there for as long as there is somebody at it.
  const person = `${typing}; until [ -e ${done} ]; do sleep 0.05; done`;
  const command = `NO_COLOR=1 $(printf "%q " "$@"); echo code \\$?; touch ${done}`;
  const script = `exec script -qfc "stty -echo; ${command}" /dev/null < <(${person})`;
  return (await reader(script, ...args)).said;
}

describe.each(["exit", "abort"])("a process that is to %s while it waits for", (act) => {
  const end = act === "exit" ? { code: 7, said: [] } : { code: 0, said: ["aborted"] };
  const after = (...said: string[]) => ({ ...end, said: [...said, ...end.said] });

  it("a pipe without a writer does so", async () => {
    expect(await reader('exec "$@"', await makePipe(), act)).toEqual(end);
  });

  it("a writer that is silent does so", async () => {
    const path = await makePipe();
    await silentWriter(path);
    expect(await reader('exec "$@"', path, act)).toEqual(end);
  });

  it("a writer that falls silent does so", async () => {
    const path = await makePipe();
    await (await silentWriter(path)).write("12345678");
    expect(await reader('exec "$@"', path, act)).toEqual(after("4", "8"));
  });

  it("standard input does so", async () => {
    expect(await reader('exec "$@" < <(sleep 20 2> /dev/null)', "/dev/stdin", act)).toEqual(end);
  });

  it("a terminal does so", async () => {
    const lines = await onTerminal("true", "/dev/tty", act);
    expect(lines).toEqual([...end.said, "code", String(end.code)]);
  });
});

describe("what a shell gives as a path", () => {
  it.each([
    ["a process substitution", 'exec "$@" <(printf 12345678)', []],
    ["standard input from a pipe", 'printf 12345678 | "$@"', ["/dev/stdin"]],
    [
      "standard input from a file",
      'f=$(mktemp); printf 12345678 > "$f"; "$@" < "$f"; rm "$f"',
      ["/dev/stdin"],
    ],
  ])("is read to its end: %s", async (_, script, args) => {
    expect(await reader(script, ...args)).toEqual({ code: 0, said: ["4", "8", "end"] });
  });

  it("may be empty", async () => {
    const nothing = { code: 0, said: ["end"] };
    expect(await reader('exec "$@" <(true)')).toEqual(nothing);
    expect(await reader('true | "$@"', "/dev/stdin")).toEqual(nothing);
    expect(await reader('"$@" < /dev/null', "/dev/stdin")).toEqual(nothing);
  });
});

describe("a terminal", () => {
  it("is read line by line, until its end is typed", async () => {
    const typing = "sleep 1; printf '123\\n'; sleep 0.2; printf '\\4'";
    expect(await onTerminal(typing, "/dev/tty")).toEqual(["4", "end", "code", "0"]);
  });
});

function abortable(): { signal: AbortSignal; abort: () => void } {
  const aborting = new AbortController();
  return { signal: aborting.signal, abort: () => aborting.abort() };
}
