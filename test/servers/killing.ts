import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { openFileJournal } from "../../src/adapters/journal/index.js";
import { openLocalSource, openLocalTarget } from "../../src/adapters/local/index.js";
import { systemClock } from "../../src/adapters/system/clock.js";
import type { StowageConfig } from "../../src/app/config/config.js";
import { readSettings } from "../../src/app/config/settings.js";
import { createStowage } from "../../src/app/create-stowage.js";
import { openStore } from "../../src/app/modules/open-store.js";
import type { Stowage, UnfinishedUpload } from "../../src/app/stowage.js";
import type { Act, Said } from "./kill-actor.js";
import { trusting } from "./trusting.js";

const MIB = 1_048_576;
/** Eight parts of 5 MiB, the last of which is smaller. */
const BYTES = 38 * MIB + 7;
/** Processes at once. */
const AT_ONCE = 3;

export interface Where {
  readonly config: StowageConfig;
  /** Whether the store is taken to complete create-only, which it does not. */
  readonly trusting?: boolean | undefined;
  /** Of the file. Default: 8 parts of 5 MiB. */
  readonly bytes?: number | undefined;
}

/** A file and a journal, for processes that upload the one and write to the other. */
export interface Scene extends AsyncDisposable {
  readonly path: string;
  /** Stowage in this process, with a journal of its own for each name. */
  open(name: string): Promise<Stowage>;
  /** Uploads the file in a process that waits to be killed at a boundary, or (0) comes to its end. */
  start(name: string, diesAt: number): Promise<Actor>;
}

export interface Actor {
  readonly child: ChildProcess;
  readonly said: Said;
  kill(): Promise<void>;
}

export async function setScene(where: Where): Promise<Scene> {
  const { config, trusting: trusts = false, bytes = BYTES } = where;
  const folder = await mkdtemp(join(tmpdir(), "stowage-kill-"));
  const path = join(folder, "large.bin");
  await writeFile(path, randomBytes(bytes));
  const children = new Set<ChildProcess>();
  const opened: Stowage[] = [];

  const open = async (name: string): Promise<Stowage> => {
    const store = await openStore(readSettings(config, {}, "/"));
    const stowage = createStowage({
      store: trusts ? trusting(store) : store,
      settings: readSettings(config, {}, "/"),
      clock: systemClock,
      openSource: openLocalSource,
      openTarget: openLocalTarget,
      journal: openFileJournal({ directory: join(folder, name), store: "https://server/bucket" }),
      close: async () => store[Symbol.asyncDispose](),
    });
    opened.push(stowage);
    return stowage;
  };

  const start = async (name: string, diesAt: number): Promise<Actor> => {
    const directory = join(folder, name);
    const act: Act = { config, directory, path, userId: name, diesAt, trusting: trusts };
    const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));
    const hooks = new URL("../filesystem/typescript-sources.mjs", import.meta.url).href;
    const args = ["--import", hooks, here("kill-actor.ts"), JSON.stringify(act)];
    const child = spawn(process.execPath, args, {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      env: { ...process.env, NODE_COMPILE_CACHE: join(folder, "compiled") },
    });
    children.add(child);
    const exit = once(child, "exit").finally(() => children.delete(child));
    const kill = async (): Promise<void> => {
      child.kill("SIGKILL");
      await exit;
    };
    const ended = exit.then(([code]) => {
      throw new Error(`The process ended by itself, with ${code}`);
    });
    const [said] = (await Promise.race([once(child, "message"), ended])) as [Said];
    ended.catch(() => undefined);
    return { child, said, kill };
  };

  return {
    path,
    open,
    start,
    [Symbol.asyncDispose]: async () => {
      for (const child of children) child.kill("SIGKILL");
      for (const stowage of opened) await stowage[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** What became of an upload that was killed at each of its boundaries. */
export interface Killed {
  readonly kills: number;
  readonly resumed: number;
  readonly begunAnew: number;
  readonly ms: number;
}

/**
 * Uploads a file in a process that is killed at a boundary, for each boundary, and goes on with it in
 * this one: in the end, one object with the file's bytes, no upload in progress and nothing on record.
 */
export async function killEverywhere(scene: Scene): Promise<Killed> {
  const began = performance.now();
  const whole = await scene.start("unharmed", 0);
  if (whole.said.kind !== "done") throw new Error("The upload did not come to its end");
  const { boundaries } = whole.said;
  const wanted = await readFile(scene.path);
  const tally = { resumed: 0, begunAnew: 0 };
  const ahead = Array.from({ length: boundaries }, (_, at) => at + 1);
  const worker = async (): Promise<void> => {
    for (let at = ahead.shift(); at !== undefined; at = ahead.shift()) {
      tally[await killAt(scene, at, wanted)] += 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return { kills: boundaries, ...tally, ms: performance.now() - began };
}

async function killAt(scene: Scene, at: number, wanted: Buffer): Promise<"resumed" | "begunAnew"> {
  const userId = `killed-${at}`;
  const actor = await scene.start(userId, at);
  const where = `${at}: ${actor.said.kind === "at" ? actor.said.boundary : "the end"}`;
  const stowage = await scene.open(userId);
  const [running] = await unfinished(stowage, userId);
  if (running !== undefined) {
    expect(running.running, where).toBe(true);
    await expect(stowage.resumeUpload({ session: running }), where).rejects.toMatchObject({
      code: "conflict",
    });
  }
  await actor.kill();

  const [session] = await unfinished(stowage, userId);
  const before = await keysOf(stowage, userId);
  if (session !== undefined) {
    const { key } = await stowage.resumeUpload({ session });
    expect(await keysOf(stowage, userId), where).toEqual([key]);
  } else if (before.length === 0) {
    await stowage.uploadDataset({ userId, source: scene.path });
  }
  const [key = ""] = await keysOf(stowage, userId);
  await using object = await stowage.open({ userId, object: key });
  let compared = 0;
  for await (const bytes of object.body) {
    const end = compared + bytes.length;
    expect(Buffer.compare(bytes, wanted.subarray(compared, end)), `${where}, to ${end}`).toBe(0);
    compared = end;
  }
  expect(compared, where).toBe(wanted.length);
  expect(await uploadsOf(stowage, object.info.key), where).toEqual([]);
  expect(await unfinished(stowage, userId), where).toEqual([]);
  return session === undefined ? "begunAnew" : "resumed";
}

async function unfinished(stowage: Stowage, userId: string): Promise<UnfinishedUpload[]> {
  return Array.fromAsync(stowage.unfinishedUploads({ userId }));
}

async function keysOf(stowage: Stowage, userId: string): Promise<string[]> {
  return (await Array.fromAsync(stowage.list({ userId }))).map(({ key }) => key);
}

/** The ids of the uploads in progress of a key, as the server lists them. */
export async function uploadsOf(stowage: Stowage, key: string): Promise<string[]> {
  const of = { key: key as UnfinishedUpload["key"] };
  return (await Array.fromAsync(stowage.store.listUploads(of))).map(({ uploadId }) => uploadId);
}
