import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { onTestFinished } from "vitest";
import {
  type FilesystemStoreOptions,
  openFilesystemStore,
} from "../../src/adapters/filesystem/index.js";
import { StowageError } from "../../src/domain/errors.js";
import { isObjectKey, type ObjectKey, objectKey } from "../../src/domain/object-key.js";
import type { ListEntry, ListOptions } from "../../src/ports/object-store.js";
import type { OpenStore, Store } from "../../src/ports/store.js";

/** A folder of the test's own, which goes with the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "stowage-fs-")));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A store in a directory, which is closed with the test. */
export async function openIn(
  directory: string,
  options: Partial<FilesystemStoreOptions> = {},
): Promise<OpenStore> {
  const store = await openFilesystemStore({ directory, ...options });
  onTestFinished(() => store[Symbol.asyncDispose]());
  return store;
}

export const key: (name: string) => ObjectKey = objectKey;

/** Keys of any letters, many with one of these segments. */
export function keysWith(hardSegments: readonly string[]): fc.Arbitrary<ObjectKey> {
  const segment = fc.oneof(
    fc.constantFrom(...hardSegments),
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }),
    fc.string({ unit: "binary", minLength: 1, maxLength: 8 }),
  );
  return fc
    .array(segment, { minLength: 1, maxLength: 4 })
    .map((segments) => segments.join("/"))
    .filter((name): name is ObjectKey => isObjectKey(name));
}

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export async function textOf(store: Store, name: string): Promise<string> {
  await using object = await store.get(key(name));
  const chunks: Uint8Array[] = [];
  for await (const chunk of object.body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

export async function listed(store: Store, options: ListOptions = {}): Promise<string[]> {
  const entries: ListEntry[] = [];
  for await (const entry of store.list(options)) entries.push(entry);
  return entries.map((entry) => (entry.kind === "object" ? entry.key : entry.prefix));
}

/** The error that a promise rejects with, which is to be Stowage's own. */
export async function refusalOf(promise: Promise<unknown>): Promise<StowageError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof StowageError) return error;
  throw new Error(`Expected a StowageError, got ${String(error)}`, { cause: error });
}
