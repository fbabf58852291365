import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32Checksum } from "../../domain/checksum.js";
import type { Part } from "../../ports/multipart-store.js";
import { isNothing } from "./errors.js";
import { statsOf } from "./find.js";
import { FILE_MODE } from "./folders.js";
import { proves } from "./proof.js";
import { parseJson } from "./sidecars.js";
import type { Site } from "./site.js";
import type { StoredPart } from "./uploads.js";
import { etagOf } from "./versions.js";

export const DATA_SUFFIX = ".data";
const RECORDS_SUFFIX = ".parts";

/** A part that lies in a file with others. */
interface PartRecord {
  readonly partNumber: number;
  /** Its offset in the file, in bytes. */
  readonly at: number;
  readonly size: number;
  readonly crc: number;
  /** When its bytes had been written, in microseconds. No two parts of one opening share it. */
  readonly time: number;
  /** How many parts had been written into the file before it. */
  readonly order: number;
  /** The start of the machine on which they were. */
  readonly boot?: string | undefined;
  /** How many parts of the file are durable: those of a lower order. */
  readonly durable?: number | undefined;
}

/** A part with what tells it from others of its number: the latest counts. */
export interface TimedPart {
  readonly part: StoredPart;
  readonly timeNs: bigint;
}

/**
 * Adds a record to those of a file, which is made with the first. What was cut short by a full disk or
 * a power cut is none, and spoils no other: so each has an end of line at both ends.
 *
 * With word of what is durable, the records are made so as well.
 */
export async function addRecord(
  site: Site,
  folder: string,
  name: string,
  record: PartRecord,
): Promise<void> {
  const handle = await open(join(folder, `${name}${RECORDS_SUFFIX}`), "a", FILE_MODE);
  try {
    await handle.writeFile(`\n${JSON.stringify(record)}\n`);
    if (record.durable !== undefined) await handle.datasync();
  } finally {
    await handle.close();
  }
  if (record.durable !== undefined) await site.folders.sync(folder);
}

export function partOfRecord({ partNumber, size, crc, time }: PartRecord, ino: bigint): Part {
  const etag = etagOf({ ino, mtimeNs: nanoseconds(time), size: BigInt(size) });
  return { partNumber, size, etag, checksum: crc32Checksum(crc) };
}

/** The parts that lie in files with others, as far as their bytes are there. */
export async function recordedParts(
  site: Site,
  folder: string,
  names: readonly string[],
): Promise<readonly TimedPart[]> {
  const files = names.filter((name) => name.endsWith(RECORDS_SUFFIX));
  const found = await Promise.all(
    files.map((name) => partsIn(site, folder, name.slice(0, -RECORDS_SUFFIX.length))),
  );
  return found.flat();
}

async function partsIn(site: Site, folder: string, name: string): Promise<readonly TimedPart[]> {
  const path = join(folder, `${name}${DATA_SUFFIX}`);
  const stats = await statsOf(path);
  if (!stats?.isFile()) return [];
  const records = await readRecords(join(folder, `${name}${RECORDS_SUFFIX}`));
  const durable = records.reduce((latest, record) => Math.max(latest, record.durable ?? 0), 0);
  const parts: TimedPart[] = [];
  for (const record of records) {
    const { at, size, crc, time, order, boot } = record;
    const part = { ...partOfRecord(record, stats.ino), path, at, crc };
    if (BigInt(at + size) > stats.size) continue;
    // What was written since the machine started is there. Before, a power cut may have taken it.
    const isSure = order < durable || (boot !== undefined && boot === site.owner.record.boot);
    if (isSure || (await proves(part))) parts.push({ part, timeNs: nanoseconds(time) });
  }
  return parts;
}

async function readRecords(path: string): Promise<readonly PartRecord[]> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    if (isNothing(error)) return "";
    throw error;
  });
  return text.split("\n").map(parseJson).filter(isRecord);
}

function isRecord(value: unknown): value is PartRecord {
  if (typeof value !== "object" || value === null) return false;
  const fields: Readonly<Record<string, unknown>> = { ...value };
  return ["partNumber", "at", "size", "crc", "time", "order"].every((name) =>
    Number.isSafeInteger(fields[name]),
  );
}

function nanoseconds(micros: number): bigint {
  return BigInt(micros) * 1000n;
}
