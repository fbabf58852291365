import { link, readdir, rename, stat, unlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Folders } from "../../src/adapters/filesystem/folders.js";
import { Layout } from "../../src/adapters/filesystem/layout.js";
import { Locks } from "../../src/adapters/filesystem/locks.js";
import { Owner, type OwnerRecord } from "../../src/adapters/filesystem/owner.js";
import { bytes, key, openIn, refusalOf, temporaryFolder } from "./fixtures.js";
import { disk } from "./recorded-fs.js";

vi.mock("node:fs/promises", async (importOriginal) =>
  (await import("./recorded-fs.js")).recorded(await importOriginal()),
);

afterEach(() => {
  disk.reset();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

interface Opened {
  readonly layout: Layout;
  readonly owner: Owner;
  readonly locks: Locks;
}

async function open(directory: string): Promise<Opened> {
  const layout = new Layout(directory, false);
  const folders = new Folders(directory);
  for (const folder of layout.folders) await folders.make(folder);
  const owner = await Owner.begin(layout, folders);
  return { layout, owner, locks: new Locks(layout, owner) };
}

/** A lock as another process would have left it. */
async function foreignLock(
  { layout, owner }: Opened,
  name: string,
  record: Partial<OwnerRecord>,
): Promise<string> {
  const token = record.token ?? "f".repeat(32);
  const file = join(layout.owners, `${token}.json`);
  await writeFile(file, JSON.stringify({ ...owner.record, token, ...record }));
  await link(file, join(layout.locks, name));
  return file;
}

const DEAD = { pid: 2 ** 30 };
const ELSEWHERE = { host: "elsewhere", boot: "another" };

/** Lets the clock of this process run ahead, in milliseconds. */
function timeTravel(): (ms: number) => void {
  const now = performance.now.bind(performance);
  let ahead = 0;
  vi.spyOn(performance, "now").mockImplementation(() => now() + ahead);
  return (ms) => {
    ahead += ms;
  };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe("a lock", () => {
  it("is held by one at a time, within a process and between them", async () => {
    const directory = await temporaryFolder();
    const openings = await Promise.all([1, 2, 3].map(() => open(directory)));
    let inside = 0;
    let most = 0;
    const work = async () => {
      inside++;
      most = Math.max(most, inside);
      await pause(1);
      inside--;
    };
    const holds = openings.flatMap(({ locks }) =>
      Array.from({ length: 10 }, () => locks.hold("name", undefined, work)),
    );
    await Promise.all(holds);
    expect(most).toBe(1);
    expect(await readdir(openings[0]?.layout.locks ?? "")).toEqual([]);
  });

  it("does not keep those of other names waiting", async () => {
    const { locks } = await open(await temporaryFolder());
    await locks.hold("a", undefined, () => locks.hold("b", undefined, async () => undefined));
  });

  it("is given up when the work fails", async () => {
    const { locks } = await open(await temporaryFolder());
    const failing = locks.hold("a", undefined, () => Promise.reject(new Error("no")));
    await expect(failing).rejects.toThrow("no");
    await locks.hold("a", undefined, async () => undefined);
  });

  it("is waited for until the signal is aborted, also in line behind others", async () => {
    const opened = await open(await temporaryFolder());
    await foreignLock(opened, "a", { pid: process.pid });
    const controller = new AbortController();
    const reason = new Error("enough");
    const waiting = [1, 2].map(() =>
      opened.locks.hold("a", controller.signal, async () => undefined),
    );
    setTimeout(() => controller.abort(reason), 20);
    expect(await Promise.allSettled(waiting)).toEqual([
      { status: "rejected", reason },
      { status: "rejected", reason },
    ]);
    await unlink(join(opened.layout.locks, "a"));
    await opened.locks.hold("a", undefined, async () => undefined);
  });

  it("of a live process is never taken, and is told of after a minute", async () => {
    const opened = await open(await temporaryFolder());
    await foreignLock(opened, "a", { pid: process.pid });
    const travel = timeTravel();
    const waiting = refusalOf(opened.locks.hold("a", undefined, async () => undefined));
    await pause(20);
    travel(61_000);
    const error = await waiting;
    expect(error).toMatchObject({ code: "conflict", retryable: true });
    expect(error.message).toContain(`process ${process.pid}`);
    expect(await readdir(opened.layout.locks)).toEqual(["a"]);
  });
});

describe("a lock of a process that died", () => {
  it("is taken at once, by one of many, who is told so", async () => {
    const directory = await temporaryFolder();
    const openings = await Promise.all([1, 2, 3, 4, 5].map(() => open(directory)));
    const [first] = openings;
    if (first === undefined) throw new Error("there is to be one");
    for (let round = 0; round < 20; round++) {
      await foreignLock(first, "a", { ...DEAD, token: String(round).padStart(32, "0") });
      let inside = 0;
      const inherited = await Promise.all(
        openings.map(({ locks }) =>
          locks.hold("a", undefined, async (held) => {
            inside++;
            expect(inside).toBe(1);
            await pause(0);
            inside--;
            return held.inherited;
          }),
        ),
      );
      expect(inherited.filter(Boolean).length).toBeLessThanOrEqual(1);
    }
    expect(await readdir(first.layout.locks)).toEqual([]);
  });

  it("is taken although one who was about to remove it died as well", async () => {
    const opened = await open(await temporaryFolder());
    await foreignLock(opened, "a", { ...DEAD, token: "1".repeat(32) });
    await foreignLock(opened, `a~${"1".repeat(32)}`, { ...DEAD, token: "2".repeat(32) });
    const inherited = await opened.locks.hold("a", undefined, async (held) => held.inherited);
    expect(inherited).toBe(true);
    expect(await readdir(opened.layout.locks)).toEqual([]);
  });

  it("is not removed a second time by one who was slow to find it dead", async () => {
    const directory = await temporaryFolder();
    const [slow, fast] = [await open(directory), await open(directory)];
    await foreignLock(fast, "a", DEAD);
    let arrived = (): void => undefined;
    let goOn = (): void => undefined;
    const atTheLock = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const gate = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    disk.reset(({ name, to }) => {
      if (name !== "link" || !to?.includes("~")) return undefined;
      disk.interfere = undefined;
      arrived();
      return gate;
    });
    let inside = 0;
    const holding = slow.locks.hold("a", undefined, async () => {
      inside++;
    });
    await atTheLock;
    await fast.locks.hold("a", undefined, async () => {
      goOn();
      await pause(100);
      expect(inside).toBe(0);
    });
    await holding;
    expect(inside).toBe(1);
  });

  it("is told from that of a later process with the same number", async () => {
    const opened = await open(await temporaryFolder());
    await foreignLock(opened, "a", { pid: process.pid, began: "1" });
    expect(await opened.locks.hold("a", undefined, async (held) => held.inherited)).toBe(true);
  });
});

describe("a lock from another machine", () => {
  it("is taken once its holder has been silent for half a minute", async () => {
    const opened = await open(await temporaryFolder());
    await foreignLock(opened, "a", ELSEWHERE);
    const travel = timeTravel();
    let taken = false;
    const waiting = opened.locks.hold("a", undefined, async () => {
      taken = true;
    });
    await pause(30);
    travel(29_000);
    await pause(80);
    expect(taken).toBe(false);
    travel(2_000);
    await waiting;
  });

  it("is not taken while its holder gives signs of life", async () => {
    const opened = await open(await temporaryFolder());
    const file = await foreignLock(opened, "a", ELSEWHERE);
    const travel = timeTravel();
    let taken = false;
    const waiting = opened.locks.hold("a", undefined, async () => {
      taken = true;
    });
    for (let beat = 1; beat <= 3; beat++) {
      await pause(80);
      travel(15_000);
      await utimes(file, beat, beat);
    }
    expect(taken).toBe(false);
    await unlink(join(opened.layout.locks, "a"));
    await waiting;
  });

  it("is taken though a power cut has left it empty", async () => {
    const opened = await open(await temporaryFolder());
    await writeFile(join(opened.layout.locks, "a"), "");
    const travel = timeTravel();
    const waiting = opened.locks.hold("a", undefined, async (held) => held.inherited);
    await pause(30);
    travel(31_000);
    expect(await waiting).toBe(true);
  });
});

describe("who holds a lock", () => {
  it("gives signs of life to those who cannot ask for it", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const { locks, owner } = await open(await temporaryFolder());
    await locks.hold("a", undefined, async () => {
      await pause(20);
      await utimes(owner.path, 1, 1);
      vi.advanceTimersByTime(5_000);
      await pause(20);
      expect((await stat(owner.path)).mtimeMs).toBeGreaterThan(Date.now() - 10_000);
    });
    await utimes(owner.path, 1, 1);
    vi.advanceTimersByTime(20_000);
    await pause(20);
    expect((await stat(owner.path)).mtimeMs).toBe(1000);
  });

  it("no longer acts on it after having stood still", async () => {
    const { locks } = await open(await temporaryFolder());
    const travel = timeTravel();
    const holding = locks.hold("a", undefined, async (held) => {
      held.expectHeld();
      await pause(20);
      travel(16_000);
      held.expectHeld();
    });
    expect(await refusalOf(holding)).toMatchObject({ code: "conflict", retryable: true });
  });

  it("does not remove a lock that is another's by now", async () => {
    const opened = await open(await temporaryFolder());
    const path = join(opened.layout.locks, "a");
    await opened.locks.hold("a", undefined, async () => {
      await rename(path, `${path}-lost`);
      await foreignLock(opened, "a", { pid: process.pid });
    });
    expect(await readdir(opened.layout.locks)).toContain("a");
  });
});

describe("opening a directory", () => {
  const DAY_AND_MORE = Date.now() / 1000 - 25 * 60 * 60;

  it("removes what dead processes left, and nothing of the living or the young", async () => {
    const directory = await temporaryFolder();
    const opened = await open(directory);
    const { layout } = opened;
    const dead = "d".repeat(32);
    const gone = "9".repeat(32);
    const alive = opened.owner.token;
    await writeFile(
      join(layout.owners, `${dead}.json`),
      JSON.stringify({ ...opened.owner.record, token: dead, ...DEAD }),
    );
    for (const name of [`${dead}-1`, `${dead}-2`, `${gone}-1`, `${alive}-1`]) {
      const path = join(layout.drafts, name);
      await writeFile(path, "");
      if (name !== `${dead}-2`) await utimes(path, DAY_AND_MORE, DAY_AND_MORE);
    }
    await openIn(directory);
    expect((await readdir(layout.drafts)).sort()).toEqual([`${alive}-1`, `${dead}-2`].sort());
    expect(await readdir(layout.owners)).not.toContain(`${dead}.json`);
    expect(await readdir(layout.owners)).toContain(`${alive}.json`);
  });

  it("leaves nothing of its own behind when the store is let go of", async () => {
    const directory = await temporaryFolder();
    const store = await openIn(directory);
    await store.put(key("a"), bytes("x"));
    await store[Symbol.asyncDispose]();
    const left = await readdir(directory, { recursive: true, withFileTypes: true });
    expect(left.filter((entry) => entry.isFile()).map(({ name }) => name)).toEqual(["a"]);
  });
});
