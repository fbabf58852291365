import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, vi } from "vitest";
import type { UnfinishedUpload } from "../../src/app/stowage.js";
import { Life } from "../journal/life.js";
import { MemoryShelf } from "../journal/memory-journal.js";
import { bytes, freshStores, store } from "./engine-rig.js";
import { processOver, untilDeath } from "./mortal.js";
import { uploadsOf } from "./scripted-store.js";

/** Bytes of the file. */
export const SIZE = 47;
/** Anew for each test. */
export let folder: string;
/** The file to be uploaded. */
export let path: string;
export let shelf: MemoryShelf;

/** To be called once in a file, at its top. */
export function freshResumes(): void {
  freshStores();

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "stowage-resume-"));
    path = join(folder, "x.csv");
    await writeFile(path, bytes(SIZE));
    shelf = new MemoryShelf();
  });

  afterEach(async () => {
    vi.restoreAllMocks();
    await rm(folder, { recursive: true, force: true });
  });
}

/** An upload of the file whose process has ended at a boundary: `before completeUpload`. */
export async function interruptedAt(
  boundary: string,
  nth = 1,
  more: object = {},
): Promise<UnfinishedUpload> {
  const life = new Life(Number.POSITIVE_INFINITY);
  let seen = 0;
  const wait = life.boundary.bind(life);
  life.boundary = async (name) => {
    if (name === boundary && ++seen === nth) life.end();
    await wait(name);
  };
  const request = { userId: 7, source: path, ...more };
  const told = await untilDeath(life, processOver(store, shelf, life), (stowage) =>
    stowage.uploadDataset(request),
  );
  if (told !== undefined) throw new Error(`It has not come to ${boundary}`);
  const [session] = await Array.fromAsync(processOver(store, shelf).stowage.unfinishedUploads());
  if (session === undefined) throw new Error("Nothing is on record");
  return session;
}

/** Stowage in another process, with the calls that it makes. */
export function another(): { stowage: ReturnType<typeof processOver>["stowage"]; calls: string[] } {
  const life = new Life();
  return { stowage: processOver(store, shelf, life).stowage, calls: life.boundaries };
}

export async function leftOver(): Promise<unknown> {
  return { uploads: await uploadsOf(store), sessions: shelf.entries.size };
}

export const NOTHING: unknown = { uploads: [], sessions: 0 };

export function count(calls: readonly string[], name: string): number {
  return calls.filter((call) => call === `before ${name}`).length;
}
