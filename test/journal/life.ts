import type { Journal, SessionRecord } from "../../src/ports/journal.js";
import type { Store } from "../../src/ports/store.js";

/**
 * The life of a process, which may end at any boundary: before a request or a line of the journal, or
 * after it, before its answer is seen. From then on nothing of it happens any more.
 */
export class Life {
  /** What has happened, in order. */
  readonly boundaries: string[] = [];
  readonly died: Promise<void>;
  #diesAt: number;
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

  /** Ends it at the next boundary. */
  end(): void {
    this.#diesAt = 0;
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
