import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { StoreLimits } from "../../domain/upload-plan.js";
import type { Part } from "../../ports/multipart-store.js";
import { writeAt } from "./drafts.js";
import { errnoOf } from "./errors.js";
import { FILE_MODE } from "./folders.js";
import type { Owner } from "./owner.js";
import type { SentPart } from "./parts.js";
import { addRecord, DATA_SUFFIX, partOfRecord } from "./records.js";
import type { Site } from "./site.js";
import { freshMicros, type Identity } from "./versions.js";

/**
 * Parts of the least size after which one makes durable what has been written: the disk works while
 * more is sent, and a complete has little left to wait for.
 */
const PARTS_PER_SYNC = 6;

/** Uploads remembered at once. Parts of one that is forgotten are copied on complete. */
const MAX_REMEMBERED = 1_000;

/**
 * The file into which one opening writes the parts of an upload, each where it will lie in the object
 * if all are as long as the first. Nobody else writes into it, and each place is written once: so a
 * part that has been recorded stays what it is.
 */
export class InPlace {
  readonly name: string;
  readonly #syncBytes: number;
  readonly #taken = new Set<number>();
  #partBytes = 0;
  #writing = 0;
  #unsynced = 0;
  #written = 0;
  #sealed = false;
  #modified = 0n;

  constructor(name: string, syncBytes: number) {
    this.name = name;
    this.#syncBytes = syncBytes;
  }

  /** The place of a part. `undefined` when it is to be kept in a file of its own. */
  claim(partNumber: number, size: number): Place | undefined {
    const most = this.#partBytes === 0 ? size : this.#partBytes;
    if (this.#sealed || size === 0 || size > most || this.#taken.has(partNumber)) return undefined;
    this.#partBytes = most;
    this.#taken.add(partNumber);
    this.#writing++;
    return new Place(this, (partNumber - 1) * most, (isUsed) => {
      this.#writing--;
      if (!isUsed) this.#taken.delete(partNumber);
    });
  }

  /** Takes note of a part that has been written. Gives how many were before it. */
  wrote({ mtimeNs }: Identity): number {
    if (mtimeNs > this.#modified) this.#modified = mtimeNs;
    return this.#written++;
  }

  /** How many parts a sync covers that begins now, if it is time for one. */
  dueSync(size: number): number | undefined {
    this.#unsynced += size;
    if (this.#unsynced < this.#syncBytes) return undefined;
    this.#unsynced = 0;
    return this.#written;
  }

  /** Lets no write begin any more. `false` while one is under way, which nothing can end. */
  seal(): boolean {
    this.#sealed = true;
    return this.#writing === 0;
  }

  /** Whether nobody has written into the file but this opening. */
  isUntouched({ mtimeNs }: Identity): boolean {
    return mtimeNs === this.#modified;
  }

  /** Takes note of the time that a complete has given the file. */
  dated({ mtimeNs }: Identity): void {
    this.#modified = mtimeNs;
  }
}

/** The files that one opening writes in place, by the ids of their uploads. */
export class InPlaceFiles {
  readonly #owner: Owner;
  readonly #syncBytes: number;
  readonly #files = new Map<string, InPlace>();
  #count = 0;

  constructor(owner: Owner, { minPartBytes }: StoreLimits) {
    this.#owner = owner;
    this.#syncBytes = PARTS_PER_SYNC * minPartBytes;
  }

  find(uploadId: string): InPlace | undefined {
    return this.#files.get(uploadId);
  }

  findOrBegin(uploadId: string): InPlace {
    const found = this.#files.get(uploadId);
    if (found !== undefined) return found;
    const [oldest] = this.#files.keys();
    if (this.#files.size >= MAX_REMEMBERED && oldest !== undefined) this.#files.delete(oldest);
    const begun = new InPlace(`${this.#owner.token}-${this.#count++}`, this.#syncBytes);
    this.#files.set(uploadId, begun);
    return begun;
  }

  forget(uploadId: string): void {
    this.#files.delete(uploadId);
  }
}

/** A place in a file that is written in place, claimed for one part until it is released. */
export class Place {
  readonly file: InPlace;
  /** Its offset in the file, in bytes. */
  readonly at: number;
  readonly #release: (isUsed: boolean) => void;
  #isUsed = false;

  constructor(file: InPlace, at: number, release: (isUsed: boolean) => void) {
    this.file = file;
    this.at = at;
    this.#release = release;
  }

  /** Keeps the place from being given again: a record may tell of it from now on. */
  use(): void {
    this.#isUsed = true;
  }

  /** Ends the work on it. Called once. */
  release(): void {
    this.#release(this.#isUsed);
  }
}

/**
 * Writes a part to its place, and then its record: who finds the record finds the bytes, as long as
 * the machine runs. After a power cut they are proved, but those that a sync has covered.
 *
 * Resolves to nothing where the place lies beyond the largest file of the disk, as it may while parts
 * before it are missing.
 */
export async function storeInPlace(
  site: Site,
  folder: string,
  place: Place,
  part: SentPart,
  signal: AbortSignal | undefined,
): Promise<Part | undefined> {
  const { file, at } = place;
  const { partNumber, size } = part;
  const written = await write(folder, place, part, signal).catch((error: unknown) => {
    if (errnoOf(error) === "EFBIG") return undefined;
    throw error;
  });
  signal?.throwIfAborted();
  if (written === undefined) return undefined;
  const { ino, crc, order, durable } = written;
  const { boot } = site.owner.record;
  const time = freshMicros();
  const record = { partNumber, at, size, crc, time, order, boot, durable };
  place.use();
  await addRecord(site, folder, file.name, record);
  return partOfRecord(record, ino);
}

async function write(
  folder: string,
  { file, at }: Place,
  { size, writeTo }: SentPart,
  signal: AbortSignal | undefined,
): Promise<{ ino: bigint; crc: number; order: number; durable: number | undefined }> {
  const path = join(folder, `${file.name}${DATA_SUFFIX}`);
  const handle = await open(path, constants.O_WRONLY | constants.O_CREAT, FILE_MODE);
  try {
    let end = at;
    const crc = await writeTo(async (piece) => {
      await writeAt(handle, piece, end, signal);
      end += piece.length;
    });
    const stats = await handle.stat({ bigint: true });
    const order = file.wrote(stats);
    const durable = file.dueSync(size);
    if (durable !== undefined) await handle.datasync();
    return { ino: stats.ino, crc, order, durable };
  } finally {
    await handle.close();
  }
}
