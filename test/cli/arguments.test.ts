import { describe, expect, test } from "vitest";
import { parseArguments, UsageError } from "../../src/adapters/cli/arguments.js";
import { COMMAND_NAMES, COMMANDS } from "../../src/adapters/cli/commands.js";
import { helpText } from "../../src/adapters/cli/help.js";
import { editDistance, nearest } from "../../src/adapters/cli/suggest.js";

function messageOf(...args: string[]): string {
  try {
    parseArguments(args);
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  throw new Error(`Accepted ${args.join(" ")}`);
}

describe("parseArguments", () => {
  test("reads a whole command, options before and after", () => {
    const args = "--user 7 upload a.csv --name=b.csv --metadata a=1 --metadata b=x=y --json";
    expect(parseArguments(args.split(" "))).toEqual({
      kind: "run",
      command: "upload",
      operands: ["a.csv"],
      options: {
        user: "7",
        name: "b.csv",
        contentType: undefined,
        metadata: { a: "1", b: "x=y" },
        filter: undefined,
        prefix: undefined,
        olderThan: undefined,
        dryRun: false,
        resume: false,
        sha256: false,
        store: undefined,
        model: false,
        force: false,
        json: true,
        quiet: false,
        debug: false,
      },
    });
  });

  test("reads what is about the store itself, which needs no user", () => {
    expect(parseArguments(["doctor", "--json"])).toMatchObject({
      command: "doctor",
      options: { json: true },
    });
    const args = ["contract", "--filter", "checksum", "--prefix=try-out/", "--store", "memory:"];
    expect(parseArguments(args)).toMatchObject({
      command: "contract",
      options: { filter: "checksum", prefix: "try-out/", store: "memory:" },
    });
  });

  test.each([
    ["0", 0],
    ["90s", 90_000],
    ["30m", 1_800_000],
    ["24h", 86_400_000],
    ["7d", 604_800_000],
  ])("reads an age of %s", (text, olderThan) => {
    expect(parseArguments(["uploads", "clean", "--older-than", text])).toMatchObject({
      command: "uploads",
      operands: ["clean"],
      options: { olderThan, dryRun: false },
    });
  });

  test("takes - for standard input, and what follows -- as it stands", () => {
    expect(parseArguments(["upload", "-", "--user", "7", "--name", "a"])).toMatchObject({
      operands: ["-"],
    });
    expect(parseArguments(["upload", "--user", "7", "--", "--odd.csv"])).toMatchObject({
      operands: ["--odd.csv"],
    });
  });

  test("takes a value that begins with - only after =", () => {
    expect(parseArguments(["upload", "a", "--user", "7", "--name=-a"])).toMatchObject({
      options: { name: "-a" },
    });
    expect(messageOf("upload", "a", "--user", "7", "--name", "--json")).toBe(
      'Cannot use --name: its value is missing, and "--json" looks like an option; give one, as in --name=housing_data.csv',
    );
  });

  test.each([
    [["--help"], { kind: "help", command: undefined }],
    [["-h"], { kind: "help", command: undefined }],
    [["help"], { kind: "help", command: undefined }],
    [["help", "list"], { kind: "help", command: "list" }],
    [["upload", "--help"], { kind: "help", command: "upload" }],
    [["upload", "--help", "--model"], { kind: "help", command: "upload" }],
    [["--version"], { kind: "version" }],
  ])("%j asks for help or the version", (args, invocation) => {
    expect(parseArguments(args)).toEqual(invocation);
  });

  test.each([
    [
      [],
      "Cannot tell what to do: no command is given; the commands are upload, download, list, info, remove, uploads, sign, doctor, contract",
    ],
    [["uplaod"], 'Cannot do "uplaod": there is no such command; did you mean upload?'],
    [["ls"], 'Cannot do "ls": there is no such command; did you mean list?'],
    [
      ["frobnicate"],
      'Cannot do "frobnicate": there is no such command; the commands are upload, download, list, info, remove, uploads, sign, doctor, contract',
    ],
    [["help", "rm"], 'Cannot do "rm": there is no such command; did you mean remove?'],
    [["list", "--usr", "7"], "Cannot use --usr: there is no such option; did you mean --user?"],
    [["list", "-u", "7"], "Cannot use -u: there is no such option; did you mean --user?"],
    [["list", "--zzz"], "Cannot use --zzz: there is no such option"],
    [["list", "--user"], "Cannot use --user: its value is missing; give one, as in --user=12345"],
    [["list", "--json=yes"], 'Cannot use "--json=yes": --json takes no value'],
    [
      ["list", "--user", "7", "--user", "8"],
      "Cannot use --user twice: it takes one value; leave one out",
    ],
    [["list", "--force"], "Cannot use --force with list: it is an option of download"],
    [["doctor", "--filter", "x"], "Cannot use --filter with doctor: it is an option of contract"],
    [
      ["doctor", "memory:"],
      'Cannot use "memory:": doctor takes nothing beside its options; its form is stowage doctor',
    ],
    [["check"], 'Cannot do "check": there is no such command; did you mean doctor?'],
    [["list"], "Cannot list: --user is missing; for example: stowage list --user 12345"],
    [
      ["list", "x", "--user", "7"],
      'Cannot use "x": list takes nothing beside its options; its form is stowage list',
    ],
    [
      ["upload", "--user", "7"],
      "Cannot upload: FILE is missing; for example: stowage upload housing_data.csv --user 12345",
    ],
    [
      ["upload", "", "--user", "7"],
      "Cannot upload: FILE is missing; for example: stowage upload housing_data.csv --user 12345",
    ],
    [
      ["upload", "a.csv"],
      "Cannot upload: --user is missing; for example: stowage upload housing_data.csv --user 12345",
    ],
    [
      ["upload", "a.csv", "b.csv", "--user", "7"],
      'Cannot use "b.csv": upload takes one FILE at a time; its form is stowage upload FILE|-',
    ],
    [
      ["upload", "-", "--user", "7"],
      "Cannot upload: standard input has no name of its own; give it one, as in --name housing_data.csv",
    ],
    [
      ["upload", "a", "--user", "7", "--metadata", "x"],
      'Cannot use --metadata "x": its form is NAME=VALUE, as in --metadata source=census',
    ],
    [
      ["upload", "a", "--user", "7", "--metadata", "x=1", "--metadata", "x=2"],
      'Cannot use --metadata "x" twice: leave one out',
    ],
    [
      ["upload", "-", "--user", "7", "--name", "a", "--resume"],
      "Cannot resume standard input: it cannot be read again; leave out --resume",
    ],
    [
      ["upload", "-", "--user", "7", "--name", "a", "--sha256"],
      "Cannot record the SHA-256 of standard input: it cannot be read twice; leave out --sha256, or upload a file",
    ],
    [
      ["uploads"],
      "Cannot look after uploads: list or clean is missing; for example: stowage uploads list",
    ],
    [
      ["uploads", "remove"],
      'Cannot use "remove": uploads takes list or clean; for example: stowage uploads list',
    ],
    [
      ["uploads", "list", "--dry-run"],
      "Cannot use --dry-run with uploads list: it removes nothing",
    ],
    [
      ["uploads", "clean", "--older-than", "1 week"],
      'Cannot use --older-than "1 week": give a number with s, m, h or d, as in --older-than 24h',
    ],
    [
      ["download"],
      "Cannot download: KEY or URI is missing; for example: stowage download datasets/user_12345/20251023_143045_housing_data.csv",
    ],
  ])("%j is refused", (args, message) => {
    expect(messageOf(...args)).toBe(message);
  });
});

test("editDistance counts a swap as one", () => {
  expect(editDistance("upload", "upload")).toBe(0);
  expect(editDistance("uplaod", "upload")).toBe(1);
  expect(editDistance("", "abc")).toBe(3);
  expect(editDistance("kitten", "sitting")).toBe(3);
});

test("nearest suggests only what is near", () => {
  const names = ["upload", "download", "list"];
  expect(nearest("UPLOAD", names)).toBe("upload");
  expect(nearest("down", names)).toBe("download");
  expect(nearest("get", names)).toBe("download");
  expect(nearest("", names)).toBeUndefined();
  expect(nearest("x", names)).toBeUndefined();
});

describe("help", () => {
  test.each([undefined, ...COMMAND_NAMES])("of %s fits a terminal of 100 columns", (command) => {
    const lines = helpText(command).split("\n");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  test.each(COMMAND_NAMES)("of %s names each of its options", (command) => {
    for (const option of COMMANDS[command].options) {
      expect(helpText(command)).toContain(`--${option}`);
    }
  });

  test.each(COMMAND_NAMES)("of %s gives examples that are accepted", (command) => {
    for (const example of COMMANDS[command].examples) {
      const args = example
        .split(" ")
        .slice(0, example.split(" ").findIndex((it) => /^[|<]$/.test(it)) >>> 0);
      expect(parseArguments(args)).toMatchObject({ kind: "run", command });
    }
  });
});
