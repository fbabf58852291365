import { randomBytes } from "node:crypto";
import { openLocalSource } from "../../src/adapters/local/index.js";
import type { Stowage } from "../../src/app/stowage.js";
import type { OpenSource, Source } from "../../src/ports/source.js";
import type { Store } from "../../src/ports/store.js";
import { Life, mortalJournal, mortalStore } from "../journal/life.js";
import type { MemoryShelf } from "../journal/memory-journal.js";
import { stillClock } from "./scripted-store.js";
import { stowageOn } from "./stowage-on.js";

let minutes = 0;

/** Stowage in a process of its own, whose uploads are of another minute than those before. */
export function processOver(
  store: Store,
  shelf: MemoryShelf | undefined,
  life: Life = new Life(),
  thresholdBytes = 10,
): { readonly stowage: Stowage; readonly kill: () => Promise<void> } {
  const opened = shelf?.open();
  minutes += 1;
  const now = new Date(Date.UTC(2025, 9, 23, 14, minutes));
  const clock = { ...stillClock(now.toISOString()), token: () => randomBytes(16).toString("hex") };
  const wishes = { thresholdBytes, partBytes: 10, streamPartCapBytes: 10 };
  const files: Source[] = [];
  const openSource: OpenSource = async (...args) => {
    const source = await openLocalSource(...args);
    files.push(source);
    return source;
  };
  const journal = opened && mortalJournal(opened.journal, life);
  const stowage = stowageOn(mortalStore(store, life), { wishes }, { clock, openSource, journal });
  /** As a process does that is killed, it lets go of its files. */
  const kill = async (): Promise<void> => {
    opened?.kill();
    for (const file of files) await file[Symbol.asyncDispose]();
  };
  return { stowage, kill };
}

/** Runs work in a process until it is done, or the process has ended. `undefined` when it has. */
export async function untilDeath<T>(
  life: Life,
  process: { readonly stowage: Stowage; readonly kill: () => Promise<void> },
  work: (stowage: Stowage) => Promise<T>,
): Promise<T | undefined> {
  const result = await Promise.race([work(process.stowage), life.died]);
  await process.kill();
  return life.dead ? undefined : (result as T);
}
