import assert from "node:assert/strict";
import { StowageError } from "../../src/domain/errors.js";
import { type ObjectKey, objectKey } from "../../src/domain/object-key.js";
import {
  expectCode,
  failure,
  joined,
  listed,
  type ReadObject,
  read,
  sameBytes,
  taken,
} from "../../src/ports/contract/assertions.js";
import { sampleBytes } from "../../src/ports/contract/sample.js";
import type { When } from "../../src/ports/object-store.js";
import type { Store } from "../../src/ports/store.js";

/** Which of many write in one part of an upload, and not at once. */
type InParts = (writer: number) => boolean;

/**
 * Of many creators of one key exactly one wins, and what is there is what it wrote.
 *
 * Where objects are not replaced as a whole, a complete looks first and writes then: such a store is
 * given puts alone.
 */
export async function raceOfCreators(
  store: Store,
  key: ObjectKey,
  creators: number,
  inParts: InParts,
): Promise<void> {
  const { replacesWhole } = store.facts.honours;
  const bodies = Array.from({ length: creators }, (_, at) => sampleBytes(3_000 + at, at + 1));
  const errors = await Promise.all(
    bodies.map((body, at) =>
      failure(write(store, key, body, { absent: true }, replacesWhole && inParts(at))),
    ),
  );
  const winners = bodies.filter((_, at) => errors[at] === undefined);
  assert.equal(winners.length, 1, `${winners.length} of ${creators} creators have won`);
  for (const error of errors) {
    if (error !== undefined) expectCode(error, "already-exists", "conflict");
  }
  sameBytes((await read(store, key)).bytes, winners[0] ?? new Uint8Array());
  await expectNoUploads(store, key);
}

/** A number that many raise at once, each by compare and swap, misses no raise. Parts as above. */
export async function raceOfRaisers(
  store: Store,
  key: ObjectKey,
  raisers: number,
  raises: number,
  inParts: InParts,
): Promise<void> {
  const { replacesWhole } = store.facts.honours;
  await store.put(key, numeral(0));
  let refusals = 0;
  const raise = async (parts: boolean): Promise<void> => {
    for (;;) {
      const { bytes, info } = await readMeanwhile(store, key);
      const next = numeral(Number(new TextDecoder().decode(bytes)) + 1);
      const error = await failure(write(store, key, next, { etag: info.etag }, parts));
      if (error === undefined) return;
      expectCode(error, "precondition-failed", "conflict");
      refusals += 1;
      assert.ok(refusals < 10_000, "the raisers make no headway");
    }
  };
  const raiser = async (_: unknown, at: number): Promise<void> => {
    for (let left = raises; left > 0; left--) await raise(replacesWhole && inParts(at));
  };
  await Promise.all(Array.from({ length: raisers }, raiser));
  const { bytes } = await read(store, key);
  assert.equal(Number(new TextDecoder().decode(bytes)), raisers * raises);
  await expectNoUploads(store, key);
}

/**
 * Uploads of one key that go on at once: whoever completes last has put all its parts, and only its.
 *
 * A store that does not replace objects as a whole is given one complete after the other.
 */
export async function raceOfUploads(store: Store, key: ObjectKey, uploads: number): Promise<void> {
  const { minPartBytes } = store.facts.limits;
  const { replacesWhole } = store.facts.honours;
  let completing = Promise.resolve();
  const bodies = Array.from({ length: uploads }, (_, at) => [
    sampleBytes(minPartBytes, at + 1),
    sampleBytes(minPartBytes + at, at + 101),
    sampleBytes(10 + at, at + 201),
  ]);
  await store.put(key, joined(bodies[0] ?? []), { metadata: { of: "0" } });
  let uploading = true;
  const expectOne = async (): Promise<void> => {
    const { bytes, info } = await readMeanwhile(store, key);
    sameBytes(bytes, joined(bodies[Number(info.metadata["of"])] ?? []));
  };
  const reader = async (): Promise<void> => {
    for (; uploading; await nextTurn()) await expectOne();
  };
  const uploader = async (body: readonly Uint8Array[], at: number): Promise<void> => {
    const upload = await store.createUpload(key, { metadata: { of: String(at) } });
    const sent = await Promise.all(
      body.map((bytes, part) => store.uploadPart(upload, part + 1, bytes)),
    );
    const before = completing;
    const complete = async () => {
      if (!replacesWhole) await before;
      await store.completeUpload(upload, sent);
    };
    completing = complete();
    await completing;
  };
  const readers = replacesWhole ? [reader()] : [];
  const uploaders = Promise.all(bodies.map(uploader)).finally(() => {
    uploading = false;
  });
  await Promise.all([uploaders, ...readers]);
  await expectOne();
  await expectNoUploads(store, key);
}

/** Keys that stay are listed once and in order, however others come and go meanwhile. */
export async function raceOfLists(store: Store, prefix: string, lists: number): Promise<void> {
  const names = Array.from({ length: 12 }, (_, at) => `${Math.floor(at / 3)}/é${at}`);
  const staying = names.map((name) => objectKey(prefix + name));
  const passing = names.flatMap((name) => [`${name}!`, `${name}🏠/x`, `${name.charAt(0)}-`]);
  for (const key of staying) await store.put(key, sampleBytes(10));
  staying.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  let listing = true;
  const writer = async (_: unknown, number: number): Promise<void> => {
    for (let at = number; listing; at += 5) {
      const key = objectKey(prefix + passing[at % passing.length]);
      await store.put(key, sampleBytes(5));
      // What stays is written too: it is there all the time.
      await store.put(staying[at % staying.length] ?? key, sampleBytes(10));
      if (at % 3 > 0) await store.delete(key);
      await nextTurn();
    }
  };
  const lister = async (): Promise<void> => {
    for (let list = 0; list < lists; list++) {
      const all = await listed(store, { prefix, pageSize: [2, 3, 7, undefined][list % 4] });
      assert.equal(new Set(all).size, all.length, "a key is listed twice");
      const sorted = all.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      assert.deepEqual(all, sorted);
      assert.deepEqual(
        all.filter((key) => staying.some((other) => other === key)),
        staying,
      );
      const folders = await listed(store, { prefix, delimiter: "/", pageSize: 2 });
      const wanted = ["0/", "1/", "2/", "3/"].map((name) => prefix + name);
      // MinIO keeps objects as folders, and shows one that goes as a common prefix for a moment.
      assert.deepEqual(
        folders.filter((name) => wanted.includes(name)),
        wanted,
      );
    }
  };
  const writers = Array.from({ length: 3 }, writer);
  await Promise.all([
    lister().finally(() => {
      listing = false;
    }),
    ...writers,
  ]);
  for (const { error } of await store.deleteMany([
    ...staying,
    ...passing.map((name) => objectKey(prefix + name)),
  ])) {
    assert.equal(error, undefined);
  }
}

/** Reads an object that is being replaced: where the read fails for it, once more. */
async function readMeanwhile(store: Store, key: ObjectKey): Promise<ReadObject> {
  for (let left = 20; ; left--) {
    try {
      return await read(store, key);
    } catch (error) {
      if (!(error instanceof StowageError && error.retryable && left > 0)) throw error;
    }
  }
}

/** Writes at once or in one part. An upload that is refused is aborted. */
async function write(
  store: Store,
  key: ObjectKey,
  bytes: Uint8Array,
  when: When,
  inParts: boolean,
): Promise<void> {
  if (!inParts) {
    await store.put(key, bytes, { when });
    return;
  }
  const upload = await store.createUpload(key);
  try {
    const part = await store.uploadPart(upload, 1, bytes);
    await store.completeUpload(upload, [part], { when });
  } catch (error) {
    await store.abortUpload(upload);
    throw error;
  }
}

async function expectNoUploads(store: Store, key: ObjectKey): Promise<void> {
  assert.deepEqual(await taken(store.listUploads({ key })), []);
}

function numeral(value: number): Uint8Array {
  return new TextEncoder().encode(String(value));
}

/** Lets others go on: a store that answers at once would leave them no turn. */
async function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
