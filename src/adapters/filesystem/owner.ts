import { randomBytes } from "node:crypto";
import type { BigIntStats } from "node:fs";
import { open, readFile, readlink, unlink, utimes } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { errnoOf } from "./errors.js";
import { type Folders, writeWhole } from "./folders.js";
import type { Layout } from "./layout.js";

/** Who has a store open, as others find it written in the owner's file and in each of its locks. */
export interface OwnerRecord {
  readonly token: string;
  readonly pid: number;
  readonly host: string;
  /** The start of the machine, where the system names it (Linux). */
  readonly boot?: string | undefined;
  /** The namespace in which the pid counts: that of the machine, or of a container. */
  readonly pids?: string | undefined;
  /** When the process began, in ticks since the start of the machine: pids are given again. */
  readonly began?: string | undefined;
}

/** What can be told of an owner: sure that it lives, sure that it does not, or neither. */
export type Liveness = "alive" | "dead" | "unknown";

/** One opening of a store. Its file is what its locks are links to. */
export class Owner {
  readonly record: OwnerRecord;
  readonly #layout: Layout;
  readonly #folders: Folders;

  static async begin(layout: Layout, folders: Folders): Promise<Owner> {
    const owner = new Owner(layout, folders, await describeThisProcess());
    await owner.write();
    return owner;
  }

  private constructor(layout: Layout, folders: Folders, record: OwnerRecord) {
    this.#layout = layout;
    this.#folders = folders;
    this.record = record;
  }

  get token(): string {
    return this.record.token;
  }

  get path(): string {
    return join(this.#layout.owners, `${this.token}.json`);
  }

  /** Writes the owner's file, and the folders if somebody has removed those. */
  async write(): Promise<void> {
    await this.#folders.make(this.#layout.owners);
    await this.#folders.make(this.#layout.locks);
    await writeWhole(this.path, JSON.stringify(this.record));
  }

  /** Shows to those who cannot ask the system for this process that it lives. */
  async beat(): Promise<void> {
    const now = new Date();
    await utimes(this.path, now, now);
  }

  async end(): Promise<void> {
    await unlink(this.path).catch(() => undefined);
  }

  /** Whether another owner lives. Only a process of the same machine and container can be asked for. */
  async livenessOf(other: OwnerRecord): Promise<Liveness> {
    if (other.token === this.token) return "alive";
    const { host, boot, pids } = this.record;
    const same = boot === other.boot && pids === other.pids;
    if (!same || (boot === undefined && host !== other.host)) return "unknown";
    const now = await processOf(other.pid);
    // Other systems have no /proc, and Linux may hide the processes of other accounts in it.
    if (now === undefined) return hasNoProcess(other.pid) ? "dead" : "unknown";
    return now.began === other.began && !now.ended ? "alive" : "dead";
  }
}

/** An owner's file or a lock as it is found, with the time of the owner's last beat. */
export interface FoundOwner {
  /** `undefined` when the file holds no record: a power cut may have taken it. */
  readonly record: OwnerRecord | undefined;
  readonly stats: BigIntStats;
}

/** `undefined` when there is no such file. */
export async function readOwner(path: string): Promise<FoundOwner | undefined> {
  try {
    const handle = await open(path, "r");
    try {
      const stats = await handle.stat({ bigint: true });
      return { record: parse(await handle.readFile("utf8")), stats };
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

function parse(text: string): OwnerRecord | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is OwnerRecord {
  if (typeof value !== "object" || value === null) return false;
  if (!("token" in value && "pid" in value && "host" in value)) return false;
  return typeof value.token === "string" && typeof value.pid === "number";
}

async function describeThisProcess(): Promise<OwnerRecord> {
  const [boot, pids, self] = await Promise.all([
    readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => undefined),
    readlink("/proc/self/ns/pid").catch(() => undefined),
    processOf(process.pid),
  ]);
  const token = randomBytes(16).toString("hex");
  const where = { host: hostname(), boot: boot?.trim(), pids };
  return { token, pid: process.pid, ...where, began: self?.began };
}

/** What Linux tells of a process. `undefined` for one that is not there, and on other systems. */
async function processOf(pid: number): Promise<{ began: string; ended: boolean } | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  // The second field is the program's name, in parentheses, which may hold spaces and parentheses.
  const fields = text?.slice(text.lastIndexOf(")") + 2).split(" ");
  const state = fields?.[0];
  const began = fields?.[19];
  // A zombie runs no more, though nobody has asked for its end yet.
  return began === undefined ? undefined : { began, ended: state === "Z" || state === "X" };
}

function hasNoProcess(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return errnoOf(error) === "ESRCH";
  }
}
