import { readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { headLine, partLine, readWritten, startedLine } from "../../src/adapters/journal/format.js";
import { openFileJournal } from "../../src/adapters/journal/index.js";
import type { Journal, UploadSession } from "../../src/ports/journal.js";
import { refusalOf, temporaryFolder } from "../filesystem/fixtures.js";
import { disk, systemError } from "../filesystem/recorded-fs.js";
import { LOCATION, partOf, startOf } from "./samples.js";

vi.mock("node:fs/promises", async (importOriginal) =>
  (await import("../filesystem/recorded-fs.js")).recorded(await importOriginal()),
);

const STORE = "https://server/bucket";

function open(directory: string, store = STORE): Journal {
  return openFileJournal({ directory, store });
}

async function sessionsOf(journal: Journal): Promise<UploadSession[]> {
  return Array.fromAsync(journal.sessions(LOCATION));
}

/** The folder of the one store, and the names of its files. */
async function filesIn(directory: string): Promise<{ folder: string; names: string[] }> {
  const [name = ""] = await readdir(directory);
  const folder = join(directory, name);
  return { folder, names: (await readdir(folder)).sort() };
}

async function fileIn(directory: string): Promise<string> {
  const { folder, names } = await filesIn(directory);
  expect(names).toHaveLength(1);
  return join(folder, names[0] ?? "");
}

describe("a session's file", () => {
  const lines = [
    headLine(startOf(), STORE),
    startedLine("1"),
    partLine(partOf(1)),
    partLine(partOf(2, 5)),
  ];
  const whole = Buffer.from(lines.join(""));

  it("tells, of each of its beginnings, what whole lines of it do, or nothing", () => {
    for (let end = 0; end <= whole.length; end++) {
      const told = readWritten(whole.subarray(0, end).toString());
      // A line is whole with its last brace: the line feed only parts it from the next.
      const bytes = Buffer.byteLength;
      const reached = lines.filter(
        (_, index) => end >= bytes(lines.slice(0, index + 1).join("")) - 1,
      ).length;
      if (reached === 0) {
        expect(told, `${end} bytes`).toBeUndefined();
        continue;
      }
      expect(told, `${end} bytes`).toEqual({
        ...startOf(),
        uploadId: reached > 1 ? "1" : undefined,
        parts: [partOf(1), partOf(2, 5)].slice(0, Math.max(0, reached - 2)),
      });
    }
  });

  it("is read on behind a line that was cut off anywhere", () => {
    for (const line of lines.slice(1)) {
      for (let end = 0; end < line.length; end++) {
        const text = `${lines[0]}${line.slice(0, end)}\n${startedLine("2")}${partLine(partOf(3))}`;
        expect(readWritten(text)).toMatchObject({ uploadId: "2", parts: [partOf(3)] });
      }
    }
  });

  it("tells nothing wrong, whatever a disk has made of it", () => {
    const bytes = fc.record({
      at: fc.nat({ max: whole.length - 1 }),
      put: fc.uint8Array({ minLength: 1, maxLength: 40 }),
    });
    fc.assert(
      fc.property(bytes, ({ at, put }) => {
        const damaged = Buffer.from(whole);
        damaged.set(put.subarray(0, whole.length - at), at);
        const told = readWritten(damaged.toString());
        for (const { partNumber, size } of told?.parts ?? []) {
          expect(Number.isSafeInteger(partNumber) && Number.isSafeInteger(size)).toBe(true);
        }
        if (told !== undefined) expect(told.beganAt.getTime()).not.toBeNaN();
      }),
    );
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(readWritten(text)).toBeUndefined();
      }),
    );
  });

  it.each([
    ["form", 2],
    ["key", "../x"],
    ["location", 7],
    ["beganAt", "yesterday"],
    ["metadata", { a: 1 }],
    ["metadata", { Ä: "x" }],
    ["encryption", { algorithm: "ROT13" }],
    ["source", { path: "/x", size: -1, mtimeNs: "1" }],
    ["source", { path: "/x", size: 1, mtimeNs: "x" }],
    ["partBytes", 0],
  ])("with %s %j tells nothing", (field, value) => {
    const head = { ...JSON.parse(lines[0] ?? ""), [field]: value };
    expect(readWritten(JSON.stringify(head))).toBeUndefined();
  });

  it("appears under its name only when its head is whole and durable", async () => {
    const directory = await temporaryFolder();
    disk.reset();
    const record = await open(directory).begin(startOf());
    const { folder, names } = await filesIn(directory);
    const session = join(folder, names[0] ?? "");
    const draft = session.replace(/session$/, "draft");
    expect(disk.steps).toMatchObject([
      { name: "mkdir", path: folder },
      { name: "sync", path: directory },
      { name: "create", path: draft },
      { name: "write", path: draft },
      { name: "sync", path: draft },
      { name: "rename", path: draft, to: session },
      { name: "sync", path: folder },
    ]);
    disk.reset();
    await record.started("1");
    expect(disk.steps.map(({ name }) => name)).toEqual(["write", "sync"]);
    await record.end();
  });

  it("and its folders are for the account of the process alone", async () => {
    const directory = join(await temporaryFolder(), "a", "b");
    await open(directory).begin(startOf());
    const file = await fileIn(directory);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    for (const folder of [join(file, ".."), directory, join(directory, "..")]) {
      expect((await stat(folder)).mode & 0o777).toBe(0o700);
    }
  });

  it("is gone once its session has ended, and nothing beside it stays", async () => {
    const directory = await temporaryFolder();
    const record = await open(directory).begin(startOf());
    await record.started("1");
    await record.end();
    expect((await filesIn(directory)).names).toEqual([]);
  });
});

describe("journals in one directory", () => {
  it("of two stores have nothing to do with each other", async () => {
    const directory = await temporaryFolder();
    const { session } = await open(directory, "https://one/bucket").begin(startOf());
    const other = open(directory, "https://two/bucket");
    expect(await sessionsOf(other)).toEqual([]);
    expect((await refusalOf(other.take(session.id))).code).toBe("not-found");
  });

  it("remove what a process that died has left half-written, and nothing else", async () => {
    const directory = await temporaryFolder();
    const record = await open(directory).begin(startOf());
    const { folder, names } = await filesIn(directory);
    const [file = ""] = names;
    const dead = file.replace(/-\d+-\d+\.session$/, `-${2 ** 30}-1.draft`);
    const living = file
      .replace(/session$/, "draft")
      .replace(/^./, (digit) => (digit === "0" ? "1" : "0"));
    await writeFile(join(folder, dead), "{");
    await writeFile(join(folder, living), "{");
    await writeFile(join(folder, "notes.txt"), "mine");
    expect(await sessionsOf(open(directory))).toHaveLength(1);
    await open(directory).begin(startOf());
    const left = (await filesIn(directory)).names;
    expect(left).not.toContain(dead);
    expect(left).toEqual(expect.arrayContaining([file, living, "notes.txt"]));
    await record.end();
  });
});

describe("a process", () => {
  /** Gives a session to a runner that was never there. */
  async function runBy(change: (name: string) => string, ageMs = 0): Promise<string> {
    const directory = await temporaryFolder();
    await open(directory).begin(startOf());
    const file = await fileIn(directory);
    const { folder, names } = await filesIn(directory);
    await writeFile(join(folder, change(names[0] ?? "")), await readFile(file));
    await rm(file);
    const then = new Date(Date.now() - ageMs);
    await utimes(await fileIn(directory), then, then);
    return directory;
  }

  const running = async (directory: string) => (await sessionsOf(open(directory)))[0]?.running;
  const elsewhere = (name: string) => name.replace(/\.[0-9a-f]{16}-/, ".0123456789abcdef-");
  const otherContainer = (name: string) => name.replace(/-[0-9a-f]{8}-/, "-01234567-");

  it("that runs a session gives signs of life, for those who cannot ask for it", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const directory = await temporaryFolder();
    const record = await open(directory).begin(startOf());
    const file = await fileIn(directory);
    const then = new Date(Date.now() - 60_000);
    await utimes(file, then, then);
    vi.advanceTimersByTime(5_000);
    await vi.waitFor(async () => {
      expect(Date.now() - (await stat(file)).mtimeMs).toBeLessThan(20_000);
    });
    await record.end();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("that is gone runs nothing any more", async () => {
    expect(await running(await runBy((name) => name.replace(/-\d+-/, `-${2 ** 30}-`)))).toBe(false);
  });

  it("that has the pid of one that is gone is another", async () => {
    expect(await running(await runBy((name) => name.replace(/-\d+\.session/, "-1.session")))).toBe(
      false,
    );
  });

  it.each([
    ["another container", otherContainer, 20_000, true],
    ["another container", otherContainer, 40_000, false],
    ["another machine", elsewhere, 50 * 60_000, true],
    ["another machine", elsewhere, 70 * 60_000, false],
  ])("of %s that was silent for %d ms", async (_, change, ageMs, expected) => {
    const directory = await runBy(change, ageMs);
    expect(await running(directory)).toBe(expected);
    const [session] = await sessionsOf(open(directory));
    const taken = open(directory).take(session?.id ?? "");
    if (expected) expect((await refusalOf(taken)).code).toBe("conflict");
    else expect((await taken).session.running).toBe(true);
  });
});

describe("a process that is killed at any step on the disk", () => {
  const first = startOf();
  const second = startOf({ writeToken: "b".repeat(32) });

  /** All that is done with a session. */
  async function live(directory: string): Promise<void> {
    const record = await open(directory).begin(first);
    await record.started("1");
    await record.stored(partOf(1));
    await record.restart(second);
    await record.started("2");
    await record.leave();
    const taken = await open(directory).take(record.session.id);
    await taken.stored(partOf(2));
    await taken.end();
  }

  /** What was this process's is now that of one which is gone. */
  async function bury(directory: string): Promise<void> {
    for (const name of await readdir(directory)) {
      for (const file of await readdir(join(directory, name))) {
        const dead = file.replace(/-\d+-\d+\./, `-${2 ** 30}-1.`);
        await rename(join(directory, name, file), join(directory, name, dead));
      }
    }
  }

  it("leaves one whole session, or none, and nothing that stays", async () => {
    onTestFinished(() => disk.closeAll());
    const seen = new Set<string>();
    for (let at = 1; ; at++) {
      const directory = await temporaryFolder();
      const { promise: killed, resolve } = Promise.withResolvers<"killed">();
      disk.reset((_, number) => {
        if (number < at) return undefined;
        resolve("killed");
        return new Promise(() => undefined);
      });
      const end = await Promise.race([live(directory).then(() => "alive"), killed]);
      const step = disk.steps.at(-1);
      disk.reset();
      if (end === "alive") break;

      await bury(directory);
      const sessions = await sessionsOf(open(directory));
      const told = sessions.map(({ writeToken, uploadId, parts }) => [
        writeToken[0],
        uploadId,
        parts.length,
      ]);
      seen.add(JSON.stringify(told));
      expect(sessions.length, `${at}: ${step?.name}`).toBeLessThanOrEqual(1);
      for (const { id, running } of sessions) {
        expect(running).toBe(false);
        await (await open(directory).take(id)).end();
      }
      await (await open(directory).begin(first)).end();
      for (const name of await readdir(directory)) {
        expect(await readdir(join(directory, name)), `${at}: ${step?.name}`).toEqual([]);
      }
    }
    // As the kill comes before a step, the states are those between two steps.
    expect([...seen]).toEqual([
      "[]",
      '[["a",null,0]]',
      '[["a","1",0]]',
      '[["a","1",1]]',
      '[["b",null,0]]',
      '[["b","2",0]]',
      '[["b","2",1]]',
    ]);
  });
});

describe("what the disk refuses", () => {
  it.each(["EACCES", "EROFS", "ENOSPC", "EMFILE", "EIO", "EWHATEVER"])(
    "(%s) is journal-failed, with the reason and what to set",
    async (errno) => {
      const directory = await temporaryFolder();
      disk.reset(({ name }) => {
        if (name === "create") throw systemError(errno);
      });
      const error = await refusalOf(open(directory).begin(startOf()));
      disk.reset();
      const facts = { code: "journal-failed", operation: "upload", retryable: false };
      expect(error).toMatchObject({ ...facts, providerCode: errno });
      expect(error.message).toContain(directory);
      expect(error.remedy).toMatch(/STOWAGE_JOURNAL/);
      expect((await filesIn(directory)).names).toEqual([]);
    },
  );

  it("by a file in the way is told as such", async () => {
    const path = join(await temporaryFolder(), "journal");
    await writeFile(path, "");
    const error = await refusalOf(open(path).begin(startOf()));
    expect(error).toMatchObject({ code: "journal-failed", providerCode: "ENOTDIR" });
    expect((await refusalOf(sessionsOf(open(path)))).code).toBe("journal-failed");
  });

  it("of a part's line does not spoil the next", async () => {
    const directory = await temporaryFolder();
    const record = await open(directory).begin(startOf());
    await record.started("1");
    disk.reset(({ name }) => {
      if (name === "write") throw systemError("ENOSPC");
    });
    expect((await refusalOf(record.stored(partOf(1)))).providerCode).toBe("ENOSPC");
    disk.reset();
    await record.stored(partOf(2));
    expect(await sessionsOf(open(directory))).toMatchObject([{ parts: [partOf(2)] }]);
    expect(await readFile(await fileIn(directory), "utf8")).toMatch(/\n\n\{"part":2/);
    await record.end();
  });
});
