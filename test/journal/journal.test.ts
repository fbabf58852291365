import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { openFileJournal } from "../../src/adapters/journal/index.js";
import type { Journal, UploadSession } from "../../src/ports/journal.js";
import { refusalOf, temporaryFolder } from "../filesystem/fixtures.js";
import { MemoryShelf } from "./memory-journal.js";
import { LOCATION, partOf, startOf } from "./samples.js";

/** What both journals do, whose processes here are one: so what runs is left, not killed. */

const journals: Readonly<Record<string, () => Promise<() => Journal>>> = {
  "in files": async () => {
    const directory = await temporaryFolder();
    return () => openFileJournal({ directory, store: "https://server/bucket" });
  },
  "in memory": async () => {
    const shelf = new MemoryShelf();
    return () => shelf.open().journal;
  },
};

async function sessionsOf(journal: Journal, location = LOCATION): Promise<UploadSession[]> {
  return Array.fromAsync(journal.sessions(location));
}

describe.each(Object.keys(journals))("a journal %s", (name) => {
  const opener = async (): Promise<() => Journal> => {
    const open = journals[name];
    if (open === undefined) throw new Error(name);
    return open();
  };

  it("What is on record outlives the process, whenever it is killed, and the machine.", async () => {
    const open = await opener();
    const start = startOf();
    const record = await open().begin(start);
    const { id } = record.session;
    expect(await sessionsOf(open())).toEqual([
      { ...start, id, uploadId: undefined, parts: [], running: true },
    ]);
    await record.started("upload/1");
    await record.stored(partOf(2));
    await record.stored(partOf(1));
    const [session] = await sessionsOf(open());
    expect(session).toMatchObject({ ...start, uploadId: "upload/1", running: true });
    expect(session?.parts).toEqual(expect.arrayContaining([partOf(1), partOf(2)]));
    await record.leave();
    expect(await sessionsOf(open())).toMatchObject([{ id, uploadId: "upload/1", running: false }]);
  });

  it("A session that one process runs is taken over by no other.", async () => {
    const open = await opener();
    const record = await open().begin(startOf());
    const { id } = record.session;
    expect((await refusalOf(open().take(id))).code).toBe("conflict");
    await record.leave();
    const tried = await Promise.allSettled(Array.from({ length: 8 }, () => open().take(id)));
    expect(tried.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const one of tried) {
      if (one.status === "rejected") expect(one.reason).toMatchObject({ code: "conflict" });
    }
  });

  it("takes over what is on record, and goes on writing it down", async () => {
    const open = await opener();
    const first = await open().begin(startOf());
    await first.started("1");
    await first.stored(partOf(1));
    await first.leave();
    const second = await open().take(first.session.id);
    expect(second.session).toMatchObject({ uploadId: "1", parts: [partOf(1)], running: true });
    // What is gone on with is told to have started once more.
    await second.started("1");
    await second.stored(partOf(2));
    const [told] = await sessionsOf(open());
    expect(told?.parts).toHaveLength(2);
    await second.started("2");
    expect(await sessionsOf(open())).toMatchObject([{ uploadId: "2", parts: [] }]);
  });

  it("puts another upload in the place of a session, under its id", async () => {
    const open = await opener();
    const record = await open().begin(startOf());
    await record.started("1");
    await record.stored(partOf(1));
    const { id } = record.session;
    const start = startOf({ writeToken: "b".repeat(32), partBytes: undefined });
    await record.restart(start);
    expect(record.session).toEqual({ ...start, id, uploadId: undefined, parts: [], running: true });
    expect(await sessionsOf(open())).toEqual([record.session]);
    await record.started("2");
    expect(await sessionsOf(open())).toMatchObject([{ id, uploadId: "2" }]);
  });

  it("forgets what has ended, of which no more is written", async () => {
    const open = await opener();
    const record = await open().begin(startOf());
    await record.end();
    await record.end();
    await record.leave();
    expect(await sessionsOf(open())).toEqual([]);
    for (const late of [record.started("1"), record.stored(partOf(1)), record.restart(startOf())]) {
      expect((await refusalOf(late)).code).toBe("journal-failed");
    }
    expect((await refusalOf(open().take(record.session.id))).code).toBe("not-found");
    expect(await sessionsOf(open())).toEqual([]);
  });

  it("tells of one store's sessions, the oldest first", async () => {
    const open = await opener();
    const at = (minute: number) => ({ beganAt: new Date(Date.UTC(2025, 0, 1, 0, minute)) });
    for (const minute of [2, 1, 3]) await open().begin(startOf(at(minute)));
    await open().begin(startOf({ location: "s3://other/" }));
    const sessions = await sessionsOf(open());
    expect(sessions.map(({ beganAt }) => beganAt.getUTCMinutes())).toEqual([1, 2, 3]);
  });

  it.each([
    { encryption: undefined, source: undefined, partBytes: undefined },
    { encryption: { algorithm: "AES256" as const } },
    { encryption: { algorithm: "aws:kms" as const } },
    { metadata: {}, source: { path: "/", size: 0, mtimeNs: "-1" } },
  ])("keeps %j as it was", async (more) => {
    const open = await opener();
    await open().begin(startOf(more));
    expect(await sessionsOf(open())).toMatchObject([startOf(more)]);
  });
});

it("quotes each promise of the port", async () => {
  const port = await readFile(new URL("../../src/ports/journal.ts", import.meta.url), "utf8");
  const here = await readFile(new URL(import.meta.url), "utf8");
  const promises = [...port.matchAll(/^ \* - (.+)$/gm)].map(([, text = ""]) => text);
  expect(promises).toHaveLength(2);
  expect(promises.filter((promise) => !here.includes(`it("${promise}"`))).toEqual([]);
});
