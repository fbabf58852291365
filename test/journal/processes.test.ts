import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { openFileJournal } from "../../src/adapters/journal/index.js";
import type { Journal, UploadSession } from "../../src/ports/journal.js";
import { refusalOf, temporaryFolder } from "../filesystem/fixtures.js";
import { LOCATION, partOf, startOf } from "./samples.js";

function open(directory: string): Journal {
  return openFileJournal({ directory, store: "https://server/bucket" });
}

async function sessionsOf(journal: Journal): Promise<UploadSession[]> {
  return Array.fromAsync(journal.sessions(LOCATION));
}

describe("two processes", () => {
  function start(act: string, directory: string, id = ""): ChildProcess {
    const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));
    const hooks = new URL("../filesystem/typescript-sources.mjs", import.meta.url).href;
    const args = ["--import", hooks, here("actor.ts"), act, directory, id];
    const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
    onTestFinished(() => {
      child.kill("SIGKILL");
    });
    return child;
  }

  /** What a process says, line by line. */
  function linesOf(child: ChildProcess): () => Promise<string> {
    if (child.stdout === null) throw new Error("The process has no output");
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    return async () => (await lines.next()).value ?? "";
  }

  it("share a journal: what one runs is another's when it is killed", async () => {
    const directory = await temporaryFolder();
    const child = start("run", directory);
    const id = await linesOf(child)();
    const here = open(directory);
    expect(await sessionsOf(here)).toMatchObject([{ id, uploadId: "1", running: true }]);
    expect((await refusalOf(here.take(id))).code).toBe("conflict");
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
    expect(await sessionsOf(here)).toMatchObject([{ id, running: false }]);
    const record = await here.take(id);
    expect(record.session).toMatchObject({ uploadId: "1", parts: [partOf(1)] });
    await record.end();
  });

  it("that try at once to take over a session do not both succeed", {
    timeout: 60_000,
  }, async () => {
    const directory = await temporaryFolder();
    const children = [1, 2, 3].map(() => start("take", directory));
    const lines = children.map(linesOf);
    await Promise.all(lines.map((next) => next()));
    for (let round = 0; round < 20; round++) {
      const record = await open(directory).begin(startOf());
      await record.leave();
      const answers = lines.map((next) => next());
      for (const child of children) child.stdin?.write(`${record.session.id}\n`);
      expect((await Promise.all(answers)).sort()).toEqual(["conflict", "conflict", "taken"]);
    }
  });
});
