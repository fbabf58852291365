import { randomBytes } from "node:crypto";
import type { BigIntStats } from "node:fs";
import { open, unlink, utimes } from "node:fs/promises";
import { join } from "node:path";
import {
  describeThisProcess,
  isProcessRecord,
  type Liveness,
  livenessOf,
  type ProcessRecord,
} from "../system/process.js";
import { errnoOf } from "./errors.js";
import { type Folders, writeWhole } from "./folders.js";
import type { Layout } from "./layout.js";

/** Who has a store open, as others find it written in the owner's file and in each of its locks. */
export interface OwnerRecord extends ProcessRecord {
  readonly token: string;
}

/** One opening of a store. Its file is what its locks are links to. */
export class Owner {
  readonly record: OwnerRecord;
  readonly #layout: Layout;
  readonly #folders: Folders;

  static async begin(layout: Layout, folders: Folders): Promise<Owner> {
    const owner = new Owner(layout, folders, {
      token: randomBytes(16).toString("hex"),
      ...(await describeThisProcess()),
    });
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
    return other.token === this.token ? "alive" : livenessOf(this.record, other);
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
  return isProcessRecord(value) && "token" in value && typeof value.token === "string";
}
