import assert from "node:assert/strict";
import type { ErrorCode, Operation } from "../../src/domain/errors.js";
import type { ObjectKey } from "../../src/domain/object-key.js";
import {
  expectCode,
  failure,
  joined,
  sameBytes,
  taken,
} from "../../src/ports/contract/assertions.js";
import { sampleBytes } from "../../src/ports/contract/sample.js";
import type { ListOptions, ObjectSummary, OpenObject } from "../../src/ports/object-store.js";
import type { Store } from "../../src/ports/store.js";
import { checksumOf, crc64NvmeOf, type Held, type HeldRead, type Model } from "./model.js";

/** The store under test, and the part of it that one run works in. */
export interface Site {
  readonly store: Store;
  readonly prefix: string;
  readonly keys: readonly ObjectKey[];
  /** Whether each write is followed by a list of all that there is. */
  readonly thorough: boolean;
  readonly reads: Map<HeldRead, OpenRead>;
  readonly tally: Tally;
}

/** How much has been run, and what came of it. */
export interface Tally {
  commands: number;
  runs: number;
  /** How often a call was answered so: `put done`, `put already-exists`. */
  readonly answers: Map<string, number>;
}

export function emptyTally(): Tally {
  return { commands: 0, runs: 0, answers: new Map() };
}

function count({ answers }: Tally, answer: string): void {
  answers.set(answer, (answers.get(answer) ?? 0) + 1);
}

export interface OpenRead {
  readonly object: OpenObject;
  readonly chunks: AsyncIterator<Uint8Array>;
}

/** Bytes that are the same in each run. */
export interface Body {
  readonly size: number;
  readonly seed: number;
}

const bodies = new Map<string, Uint8Array>();

export function bytesOf({ size, seed }: Body): Uint8Array {
  const name = `${size} ${seed}`;
  const bytes = bodies.get(name) ?? sampleBytes(size, seed);
  bodies.set(name, bytes);
  return bytes;
}

export function keyAt({ keys }: Site, slot: number): ObjectKey {
  const key = keys[slot % keys.length];
  assert.ok(key !== undefined);
  return key;
}

interface Call {
  readonly operation: Operation;
  /** The key that an error is to tell: one of these. */
  readonly keys: readonly ObjectKey[];
  /** Codes with which it may be refused even where it could be done. */
  readonly may?: readonly ErrorCode[] | undefined;
}

const READS: ReadonlySet<Operation> = new Set<Operation>([
  "get",
  "head",
  "list",
  "listParts",
  "listUploads",
]);

/**
 * Makes a call that is to be refused with one of the codes, or, without a code, to resolve.
 *
 * Gives what it resolves to; `undefined` when it was refused as it should be, or as it may be.
 */
export async function attempt<T>(
  { tally }: Site,
  { operation, keys, may = [] }: Call,
  codes: readonly ErrorCode[],
  call: () => Promise<T>,
): Promise<T | undefined> {
  const calling = call();
  const failed = await failure(calling);
  if (codes.length === 0 && (failed === undefined || may.length === 0)) {
    count(tally, `${operation} done`);
    return calling;
  }
  const error = expectCode(failed, ...codes, ...may);
  count(tally, `${operation} ${error.code}`);
  assert.equal(error.operation, operation);
  assert.ok(error.store !== undefined, "the error tells no store");
  assert.ok(
    keys.some((key) => key === error.key),
    `the error tells the key ${error.key}`,
  );
  if (!READS.has(operation) && error.code !== "upload-not-found") {
    assert.equal(error.outcome, "not-applied", `the error ${error.code} tells another outcome`);
  }
  return undefined;
}

/** Expects a key to hold what the model says, as a head tells it; and the rest, of a thorough site. */
export async function inspect(model: Model, site: Site, ...keys: ObjectKey[]): Promise<void> {
  for (const key of keys) {
    const held = model.objects.get(key);
    const codes = held === undefined ? (["not-found"] as const) : [];
    const info = await attempt(site, { operation: "head", keys: [key] }, codes, () =>
      site.store.head(key),
    );
    if (held === undefined || info === undefined) continue;
    expectSummary(info, key, held);
    expectInfo(info, held);
  }
  if (site.thorough) await expectList(model, site, { prefix: site.prefix });
}

export function expectInfo(
  info: Awaited<ReturnType<Store["head"]>>,
  { bytes, contentType, metadata, checksum, encryption }: Held,
): void {
  assert.equal(info.contentType, contentType);
  assert.deepEqual({ ...info.metadata }, metadata);
  if (checksum !== undefined) assert.deepEqual(info.checksum, checksum);
  if (info.checksum !== undefined) {
    // Where none was given, some servers sum up by themselves, and some as Amazon S3 does.
    const isCrc32 = info.checksum.algorithm === "CRC32";
    assert.deepEqual(info.checksum, isCrc32 ? checksumOf(bytes) : crc64NvmeOf(bytes));
  }
  if (encryption !== undefined) assert.equal(info.encryption, encryption);
}

/** Milliseconds: times are exact to the second, and a disk's clock lags behind the system's. */
const LENIENCE_MS = 1_100;

export function expectSummary(told: ObjectSummary, key: ObjectKey, held: Held): void {
  const { size, etag, lastModified } = told;
  assert.deepEqual([told.key, size, etag], [key, held.bytes.length, held.etag]);
  const [from, to] = held.written;
  assert.ok(
    lastModified.getTime() >= from - LENIENCE_MS && lastModified.getTime() <= to + LENIENCE_MS,
    `${JSON.stringify(key)} was last written at ${lastModified.toISOString()}, not at ${new Date(from).toISOString()}`,
  );
}

export async function expectList(model: Model, site: Site, options: ListOptions): Promise<void> {
  const entries = await taken(site.store.list(options));
  const expected = model.list(options);
  assert.deepEqual(
    entries.map((entry) => (entry.kind === "object" ? entry.key : [entry.prefix])),
    expected.map((entry) => (entry.kind === "object" ? entry.key : [entry.prefix])),
  );
  for (const [at, entry] of entries.entries()) {
    const wanted = expected[at];
    if (entry.kind === "object" && wanted?.kind === "object") {
      expectSummary(entry, wanted.key, wanted.held);
    }
  }
}

export async function expectBytes(object: OpenObject, expected: Uint8Array): Promise<void> {
  await using reading = object;
  sameBytes(joined(await taken(reading.body)), expected);
}

/** Reads on, some chunks or to the end: old bytes, or a failure where the object was written. */
export async function readOn(
  model: Model,
  site: Site,
  read: HeldRead,
  chunks: number,
): Promise<void> {
  const open = site.reads.get(read);
  assert.ok(open !== undefined);
  for (let left = chunks; left > 0; left--) {
    const next = await open.chunks.next().catch((error: unknown) => {
      if (read.disturbed) return undefined;
      throw error;
    });
    if (next === undefined) {
      count(site.tally, "read failed");
      return leave(model, site, read);
    }
    if (next.done) {
      assert.equal(read.at, read.expected.length, "the body ends early");
      count(site.tally, read.disturbed ? "read old-bytes" : "read done");
      return leave(model, site, read);
    }
    sameBytes(next.value, read.expected.subarray(read.at, read.at + next.value.length));
    read.at += next.value.length;
  }
}

export async function leave(model: Model, site: Site, read: HeldRead): Promise<void> {
  const open = site.reads.get(read);
  site.reads.delete(read);
  model.reads.splice(model.reads.indexOf(read), 1);
  await open?.object[Symbol.asyncDispose]();
}

/** Leaves the reads of a key that is to be written, where the store does not keep old bytes whole. */
export async function spare(model: Model, site: Site, ...keys: ObjectKey[]): Promise<void> {
  if (site.store.facts.honours.replacesWhole) return;
  for (const read of model.reads.filter(({ key }) => keys.includes(key))) {
    await leave(model, site, read);
  }
}
