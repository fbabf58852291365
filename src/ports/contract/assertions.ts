import assert from "node:assert/strict";
import { type ErrorCode, StowageError } from "../../domain/errors.js";
import type { ObjectKey } from "../../domain/object-key.js";
import type { GetOptions, ListEntry, ListOptions, ObjectInfo } from "../object-store.js";
import type { Store } from "../store.js";

/** Expects a call to be refused with one of the codes, and gives its error. */
export async function refused(
  call: Promise<unknown>,
  ...codes: readonly ErrorCode[]
): Promise<StowageError> {
  return expectCode(await failure(call), ...codes);
}

/** Expects what a call rejected with to have one of the codes. */
export function expectCode(error: unknown, ...codes: readonly ErrorCode[]): StowageError {
  const wanted = codes.join(" or ");
  assert.ok(error !== undefined, `the call resolves; it is to be refused with ${wanted}`);
  if (!(error instanceof StowageError)) {
    assert.fail(`the call rejects with ${String(error)}; it is to be refused with ${wanted}`);
  }
  assert.ok(
    codes.includes(error.code),
    `the call is refused with ${error.code} (${error.message}); it is to be refused with ${wanted}`,
  );
  return error;
}

/** What a call rejects with; `undefined` when it resolves. */
export async function failure(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => undefined,
    (error: unknown) => error ?? new Error("rejected with nothing"),
  );
}

/** Expects the same bytes, and says where the first other one stands. */
export function sameBytes(actual: Uint8Array, expected: Uint8Array): void {
  const length = Math.min(actual.length, expected.length);
  let at = 0;
  while (at < length && actual[at] === expected[at]) at += 1;
  if (at === length && actual.length === expected.length) return;
  assert.fail(
    `${actual.length} bytes are not the ${expected.length} expected: the first to differ is byte ${at}`,
  );
}

/** An object read to its end. */
export interface ReadObject {
  readonly info: ObjectInfo;
  readonly bytes: Uint8Array;
}

/** Reads an object to its end. */
export async function read(
  store: Store,
  key: ObjectKey,
  options?: GetOptions,
): Promise<ReadObject> {
  await using object = await store.get(key, options);
  return { info: object.info, bytes: joined(await taken(object.body)) };
}

/** Takes all that an iterable gives. */
export async function taken<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

export function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** Lists, and gives each entry as its key or common prefix. */
export async function listed(store: Store, options: ListOptions): Promise<string[]> {
  return (await taken(store.list(options))).map(entryName);
}

export function entryName(entry: ListEntry): string {
  return entry.kind === "object" ? entry.key : entry.prefix;
}

/** Expects no object under a key: not for get, not for head, not for list. */
export async function absent(store: Store, key: ObjectKey): Promise<void> {
  await refused(store.head(key), "not-found");
  await refused(store.get(key), "not-found");
  const names = await listed(store, { prefix: key });
  assert.ok(!names.includes(key), `${key} is listed`);
}

/** Expects a key to hold what it held before. */
export async function unchanged(store: Store, key: ObjectKey, before: ReadObject): Promise<void> {
  const after = await read(store, key);
  sameBytes(after.bytes, before.bytes);
  assert.deepEqual(after.info, before.info);
}
