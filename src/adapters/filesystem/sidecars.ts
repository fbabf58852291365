import { readdir, readFile, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { Checksum } from "../../domain/checksum.js";
import { DEFAULT_CONTENT_TYPE } from "../../domain/content-type.js";
import { quote, StowageError } from "../../domain/errors.js";
import type { Metadata } from "../../domain/metadata.js";
import type { ObjectKey } from "../../domain/object-key.js";
import { errnoOf, isNothing } from "./errors.js";
import { type Folders, writeWhole } from "./folders.js";
import type { Layout } from "./layout.js";
import type { Identity } from "./versions.js";

/** What is kept with an object, beside its bytes. */
export interface Attributes {
  readonly contentType: string;
  readonly metadata: Metadata;
  readonly checksum?: Checksum | undefined;
}

/** What a file has that was put there by hand. */
export const NO_ATTRIBUTES: Attributes = { contentType: DEFAULT_CONTENT_TYPE, metadata: {} };

/** A sidecar as it is written. */
interface Sidecar extends Attributes {
  readonly key: string;
  readonly size: number;
}

/**
 * Attributes in files of their own, each named by the key and by the identity of one version of its
 * data file. A sidecar is there before its data file is, and goes after it: so whoever finds a data
 * file finds its own attributes or none, never those of another version.
 */
export class Sidecars {
  readonly #layout: Layout;
  readonly #folders: Folders;

  constructor(layout: Layout, folders: Folders) {
    this.#layout = layout;
    this.#folders = folders;
  }

  /** Writes the sidecar of a version that nobody sees yet. Default attributes need none. */
  async write(key: ObjectKey, version: Identity, attributes: Attributes): Promise<void> {
    if (isDefault(attributes) && !this.#layout.folding) return;
    const { folder } = this.#layout.sidecarsOf(key);
    const sidecar: Sidecar = { key, size: Number(version.size), ...attributes };
    await this.#folders.make(folder);
    await writeWhole(this.#path(key, version), `${JSON.stringify(sidecar)}\n`);
    await this.#folders.sync(folder);
  }

  /**
   * The attributes of a version. `undefined` when it has no sidecar.
   *
   * In a directory that was copied, files have other inodes: a sidecar of the same key, time and
   * size is then the version's own.
   */
  async read(key: ObjectKey, version: Identity): Promise<Attributes | undefined> {
    const own = await readSidecar(this.#path(key, version));
    if (own !== undefined) return own;
    const { folder, start } = this.#layout.sidecarsOf(key);
    for (const name of await namesIn(folder)) {
      if (!name.startsWith(start) || !name.endsWith(timeOf(version))) continue;
      const copied = await readSidecar(join(folder, name));
      if (copied?.size === Number(version.size)) return copied;
    }
    return undefined;
  }

  /** Removes the sidecar of a version that was not published. */
  async remove(key: ObjectKey, version: Identity): Promise<void> {
    await unlink(this.#path(key, version)).catch(() => undefined);
  }

  /**
   * Removes the sidecars of all versions but one. Called under the lock of the key, under which
   * sidecars are written as well: so none is removed that somebody is about to need.
   */
  async tidy(key: ObjectKey, current: Identity | undefined): Promise<void> {
    const { folder, start } = this.#layout.sidecarsOf(key);
    for (const name of await namesIn(folder)) {
      if (!name.startsWith(start)) continue;
      if (current !== undefined && name.endsWith(timeOf(current))) continue;
      await unlink(join(folder, name)).catch((error: unknown) => {
        if (errnoOf(error) !== "ENOENT") throw error;
      });
    }
  }

  /**
   * The key behind its hash, as its sidecars tell it. Called under the lock of the key, when whoever
   * held it died: what that has left unwritten is removed.
   */
  async keyOf(hash: string): Promise<string | undefined> {
    const folder = join(this.#layout.sidecars, hash.slice(0, 3));
    let key: string | undefined;
    for (const name of await namesIn(folder)) {
      if (!name.startsWith(`${hash.slice(3)}.`)) continue;
      const path = join(folder, name);
      const sidecar = await readSidecar(path).catch(() => undefined);
      if (sidecar === undefined) await unlink(path).catch(() => undefined);
      else key = sidecar.key;
    }
    return key;
  }

  #path(key: ObjectKey, version: Identity): string {
    const { folder, start } = this.#layout.sidecarsOf(key);
    return join(folder, `${start}${version.ino.toString(16)}${timeOf(version)}`);
  }
}

/** How the names of a version's sidecars end. */
function timeOf({ mtimeNs }: Identity): string {
  return `-${mtimeNs.toString(16)}.json`;
}

function isDefault({ contentType, metadata, checksum }: Attributes): boolean {
  const bare = contentType === DEFAULT_CONTENT_TYPE && checksum === undefined;
  return bare && Object.keys(metadata).length === 0;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch((error: unknown) => {
    if (isNothing(error)) return [];
    throw error;
  });
}

async function readSidecar(path: string): Promise<Sidecar | undefined> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    if (isNothing(error)) return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const sidecar = parseJson(text);
  if (isSidecar(sidecar)) return sidecar;
  throw new StowageError(
    "unexpected",
    `Cannot read ${quote(path)}: it does not hold an object's attributes`,
    { remedy: `Put the file back from a backup, or remove it to go on without the attributes` },
  );
}

/** `undefined` for what is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isSidecar(value: unknown): value is Sidecar {
  if (!isAttributes(value)) return false;
  return "key" in value && typeof value.key === "string" && "size" in value;
}

/** Whether a value read from a file of the store's own can be what was written there. */
export function isAttributes(value: unknown): value is Attributes {
  if (typeof value !== "object" || value === null) return false;
  if (!("contentType" in value && "metadata" in value)) return false;
  const { contentType, metadata } = value;
  return typeof contentType === "string" && typeof metadata === "object" && metadata !== null;
}
