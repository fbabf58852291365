import { randomBytes } from "node:crypto";
import { openLocalSource, openLocalTarget } from "../../src/adapters/local/index.js";
import { readSettings } from "../../src/app/config/settings.js";
import { createStowage } from "../../src/app/create-stowage.js";
import type { Stowage } from "../../src/app/stowage.js";
import type { Journal, SessionRecord } from "../../src/ports/journal.js";
import type { OpenSource, Source } from "../../src/ports/source.js";
import type { Store } from "../../src/ports/store.js";
import type { MemoryShelf } from "../journal/memory-journal.js";
import { stillClock } from "./scripted-store.js";

/**
 * The life of a process, which may end at any boundary: before a request or a line of the journal, or
 * after it, before its answer is seen. From then on nothing of it happens any more.
 */
export class Life {
  /** What has happened, in order. */
  readonly boundaries: string[] = [];
  readonly died: Promise<void>;
  readonly #diesAt: number;
  readonly #die: () => void;
  #dead = false;

  /** @param diesAt the boundary at which it ends, from 1. Default: none. */
  constructor(diesAt: number = Number.POSITIVE_INFINITY) {
    this.#diesAt = diesAt;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.died = promise;
    this.#die = resolve;
  }

  get dead(): boolean {
    return this.#dead;
  }

  async boundary(name: string): Promise<void> {
    if (!this.#dead) {
      this.boundaries.push(name);
      if (this.boundaries.length < this.#diesAt) return;
      this.#dead = true;
      this.#die();
    }
    await new Promise(() => undefined);
  }

  async around<T>(name: string, work: () => Promise<T>): Promise<T> {
    await this.boundary(`before ${name}`);
    const result = await work();
    await this.boundary(`after ${name}`);
    return result;
  }
}

/** A store as a process sees it that may end. */
export function mortalStore<S extends Store>(store: S, life: Life): S {
  return new Proxy(store, {
    get(target, name: keyof Store) {
      const member = target[name];
      if (typeof member !== "function") return member;
      const call = (member as (...args: unknown[]) => unknown).bind(target);
      if (name === "uri" || name === "keyOf") return call;
      return (...args: unknown[]) => {
        const result = () => call(...args);
        if (!name.startsWith("list")) return life.around(name, async () => result());
        return (async function* () {
          await life.boundary(`before ${name}`);
          yield* result() as AsyncIterable<unknown>;
          await life.boundary(`after ${name}`);
        })();
      };
    },
  });
}

/** A journal as a process sees it that may end. */
export function mortalJournal(journal: Journal, life: Life): Journal {
  const record = (inner: SessionRecord): SessionRecord => ({
    get session() {
      return inner.session;
    },
    started: (uploadId) => life.around("started", () => inner.started(uploadId)),
    stored: (part) => life.around("stored", () => inner.stored(part)),
    restart: (start) => life.around("restart", () => inner.restart(start)),
    end: () => life.around("end", () => inner.end()),
    leave: () => life.around("leave", () => inner.leave()),
  });
  return {
    begin: async (start) => record(await life.around("begin", () => journal.begin(start))),
    take: async (id) => record(await life.around("take", () => journal.take(id))),
    sessions: (location) => journal.sessions(location),
  };
}

let minutes = 0;

/** Stowage in a process of its own, whose uploads are of another minute than those before. */
export function processOver(
  store: Store,
  shelf: MemoryShelf | undefined,
  life: Life = new Life(),
): { readonly stowage: Stowage; readonly kill: () => Promise<void> } {
  const opened = shelf?.open();
  minutes += 1;
  const now = new Date(Date.UTC(2025, 9, 23, 14, minutes));
  const clock = { ...stillClock(now.toISOString()), token: () => randomBytes(16).toString("hex") };
  const settings = {
    ...readSettings({ store: "memory:" }, {}, "/"),
    wishes: { thresholdBytes: 10, partBytes: 10, streamPartCapBytes: 10 },
  };
  const files: Source[] = [];
  const openSource: OpenSource = async (...args) => {
    const source = await openLocalSource(...args);
    files.push(source);
    return source;
  };
  const journal = opened && mortalJournal(opened.journal, life);
  const stowage = createStowage(
    mortalStore(store, life),
    settings,
    clock,
    openSource,
    openLocalTarget,
    journal,
    async () => undefined,
  );
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
