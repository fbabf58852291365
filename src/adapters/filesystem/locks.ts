import { link, lstat, readdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { StowageError } from "../../domain/errors.js";
import { errnoOf } from "./errors.js";
import type { Layout } from "./layout.js";
import { type FoundOwner, type Owner, readOwner } from "./owner.js";
import { Turns } from "./turns.js";

/** Milliseconds between the signs of life of who holds a lock. */
const BEAT_MS = 5_000;
/** Milliseconds without a sign of life after which a holder is taken for dead that cannot be asked for. */
const SILENCE_MS = 30_000;
/** Milliseconds after its last sign of life for which a holder may still act on its lock. */
const TRUST_MS = 15_000;
/** Milliseconds that a lock is waited for. */
const PATIENCE_MS = 60_000;
/** Milliseconds: the longest pause between two tries. */
const MAX_PAUSE_MS = 50;

/** Parts the name of a lock from that of a dead holder, in the name of the right to remove it. */
const RIGHT_MARK = "~";

interface Acquired {
  readonly inode: bigint;
  readonly inherited: boolean;
}

/** A lock that is held. */
export interface Held {
  /** Whether it was taken from a holder that died, who may have left something behind. */
  readonly inherited: boolean;
  /**
   * Expects the lock to be held still. Called right before what it protects.
   *
   * @throws `conflict` when this process stood still for so long that others may have taken it.
   */
  expectHeld(): void;
}

/**
 * Locks between processes, as files that are links to the owner's file: a link is made or refused at
 * once, and tells from the start whose it is. Within a process callers take turns, so that a lock is
 * asked for by one at a time.
 *
 * A lock of a process that died is taken over: at once where the system says that it died, after a
 * time of silence where the process is not of this machine.
 */
export class Locks {
  readonly #layout: Layout;
  readonly #owner: Owner;
  readonly #turns = new Turns();
  #held = 0;
  #beating: NodeJS.Timeout | undefined;
  #lastBeat = 0;

  constructor(layout: Layout, owner: Owner) {
    this.#layout = layout;
    this.#owner = owner;
  }

  /** Does work that nobody else does under the same name meanwhile. */
  async hold<T>(
    name: string,
    signal: AbortSignal | undefined,
    work: (held: Held) => Promise<T>,
  ): Promise<T> {
    const done = await this.#turns.take(name, signal);
    try {
      const path = join(this.#layout.locks, name);
      const { inode, inherited } = await this.#acquire(path, signal);
      const acquired = performance.now();
      this.#keepBeating();
      try {
        return await work({ inherited, expectHeld: () => this.#expectTrusted(acquired) });
      } finally {
        this.#held--;
        // What was done is done, whether or not the lock can be removed.
        await release(path, inode).catch(() => undefined);
      }
    } finally {
      done();
    }
  }

  /** Takes over what processes that surely died have left locked, and does work for each. */
  async recover(work: (name: string) => Promise<void>): Promise<void> {
    for (const name of await readdir(this.#layout.locks)) {
      const path = join(this.#layout.locks, name);
      const holder = await readOwner(path);
      if (holder?.record === undefined) continue;
      if ((await this.#owner.livenessOf(holder.record)) !== "dead") continue;
      if (name.includes(RIGHT_MARK)) await this.#clear(path, holder, new Watch());
      else await this.hold(name, undefined, () => work(name));
    }
  }

  async #acquire(path: string, signal: AbortSignal | undefined): Promise<Acquired> {
    const start = performance.now();
    const watch = new Watch();
    let inherited = false;
    for (let pause = 1; ; pause = Math.min(pause * 1.5, MAX_PAUSE_MS)) {
      signal?.throwIfAborted();
      const inode = await this.#take(path);
      if (inode !== undefined) return { inode, inherited };
      const holder = await readOwner(path);
      if (holder === undefined) continue;
      // Not removed when it was to be, as the disk failed: whoever has the turn is who holds it.
      if (holder.record?.token === this.#owner.token) {
        return { inode: holder.stats.ino, inherited: true };
      }
      if (await this.#isDead(path, holder, watch)) {
        if (await this.#clear(path, holder, watch)) inherited = true;
        continue;
      }
      if (performance.now() - start > PATIENCE_MS) throw stuck(path, holder);
      await pausing(pause * (0.5 + Math.random()), signal);
    }
  }

  /** Resolves to the inode of the lock, by which its holder knows it again, or to nothing. */
  async #take(path: string): Promise<bigint | undefined> {
    try {
      await link(this.#owner.path, path);
      return await inodeOf(path);
    } catch (error) {
      if (errnoOf(error) === "EEXIST") return undefined;
      if (errnoOf(error) !== "ENOENT") throw error;
    }
    // Somebody has removed the owner's file, or the whole folder.
    await this.#owner.write();
    return undefined;
  }

  async #isDead(path: string, holder: FoundOwner, watch: Watch): Promise<boolean> {
    const liveness = holder.record && (await this.#owner.livenessOf(holder.record));
    if (liveness === "alive" || liveness === "dead") return liveness === "dead";
    return watch.silenceOf(path, holder) > SILENCE_MS;
  }

  /**
   * Removes a lock whose holder is dead. Two who find it dead must not remove one lock each, the
   * second of which is alive: so the right to remove it is a lock of its own, and under it the
   * holder is looked at again. Nobody but a dead holder's one remover removes its lock.
   */
  async #clear(path: string, dead: FoundOwner, watch: Watch): Promise<boolean> {
    const right = `${path}${RIGHT_MARK}${dead.record?.token ?? dead.stats.ino}`;
    const inode = await this.#take(right);
    if (inode === undefined) {
      const other = await readOwner(right);
      if (other !== undefined && (await this.#isDead(right, other, watch))) {
        await this.#clear(right, other, watch);
      }
      await pausing(1, undefined);
      return false;
    }
    try {
      const now = await readOwner(path);
      const same = now?.stats.ino === dead.stats.ino && now.record?.token === dead.record?.token;
      if (now === undefined || !same || !(await this.#isDead(path, now, watch))) return false;
      await unlink(path);
      return true;
    } finally {
      await release(right, inode);
    }
  }

  /**
   * Beats at once and from then on, until a beat finds no lock held. A process that takes one lock
   * after the other for a moment each is so seen to live as well.
   */
  #keepBeating(): void {
    this.#held++;
    if (this.#beating !== undefined) return;
    this.#beat();
    this.#beating = setInterval(() => {
      if (this.#held > 0) return this.#beat();
      clearInterval(this.#beating);
      this.#beating = undefined;
    }, BEAT_MS).unref();
  }

  #beat(): void {
    const now = performance.now();
    this.#owner.beat().then(
      () => {
        this.#lastBeat = now;
      },
      () => undefined,
    );
  }

  #expectTrusted(acquired: number): void {
    if (performance.now() - Math.max(acquired, this.#lastBeat) < TRUST_MS) return;
    throw new StowageError(
      "conflict",
      "Cannot go on with the write: this process stood still for so long that its lock may be lost",
    );
  }
}

/** How long holders have given no sign of life, as far as this process has watched them. */
class Watch {
  readonly #seen = new Map<string, { readonly sign: string; readonly since: number }>();

  /** Milliseconds, by this process' own clock: those of two machines may differ. */
  silenceOf(path: string, { stats, record }: FoundOwner): number {
    const sign = `${record?.token} ${stats.ino} ${stats.mtimeNs}`;
    const now = performance.now();
    const before = this.#seen.get(path);
    if (before?.sign === sign) return now - before.since;
    this.#seen.set(path, { sign, since: now });
    return 0;
  }
}

/** Removes a lock, unless it is somebody else's by now. */
async function release(path: string, inode: bigint): Promise<void> {
  if ((await inodeOf(path)) !== inode) return;
  await unlink(path).catch((error: unknown) => {
    if (errnoOf(error) !== "ENOENT") throw error;
  });
}

async function inodeOf(path: string): Promise<bigint | undefined> {
  try {
    return (await lstat(path, { bigint: true })).ino;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

async function pausing(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(ms, undefined, { signal }).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw error;
  });
}

function stuck(path: string, { record }: FoundOwner): StowageError {
  const holder = record === undefined ? "unknown" : `process ${record.pid} on ${record.host}`;
  return new StowageError(
    "conflict",
    `Cannot go on with the write: its lock has been held by another for ${PATIENCE_MS / 1000} s (${holder})`,
    { remedy: `See whether that process still works; the lock is ${path}` },
  );
}
