import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MemoryObjectStore } from "../../src/adapters/memory/index.js";
import type { Uploaded } from "../../src/app/stowage.js";
import { StowageError } from "../../src/domain/errors.js";
import { objectKey } from "../../src/domain/object-key.js";
import { read, sameBytes, taken } from "../../src/ports/contract/assertions.js";
import { sampleBytes } from "../../src/ports/contract/sample.js";
import type { Store } from "../../src/ports/store.js";
import { keysOf } from "../app/scripted-store.js";
import { stowageOn } from "../app/stowage-on.js";
import { rounds, TRIAL_TIMEOUT_MS } from "./soak.js";
import { type Trouble, troubled } from "./troubled.js";

const LIMITS = {
  maxObjectBytes: 1_000,
  maxPutBytes: 500,
  minPartBytes: 10,
  maxPartBytes: 100,
  maxParts: 20,
};

interface Wanted {
  readonly size: number;
  /** As a stream, of which nobody knows the size and which is read once. */
  readonly stream: boolean;
}

const uploads: fc.Arbitrary<readonly Wanted[]> = fc.array(
  fc.record({ size: fc.constantFrom(0, 3, 9, 10, 25, 45), stream: fc.boolean() }),
  { minLength: 1, maxLength: 3 },
);

const troubles: fc.Arbitrary<readonly Trouble[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.constant<Trouble>("none") },
    {
      weight: 4,
      arbitrary: fc.constantFrom<Trouble>("busy", "answer lost", "request lost", "late"),
    },
    { weight: 1, arbitrary: fc.constant<Trouble>("denied") },
  ),
  { maxLength: 40, size: "max" },
);

/** The call with which the callers leave, if they do. */
const leaving: fc.Arbitrary<number | undefined> = fc.option(fc.nat(25), {
  nil: undefined,
  freq: 2,
});
const LEFT = new Error("the caller has left");

type Troubles = [readonly Wanted[], readonly Trouble[], number | undefined];

/** What an upload said of itself, beside the bytes that it was given. */
interface Told {
  readonly bytes: Uint8Array;
  readonly answer: Pick<Uploaded, "key" | "etag" | "metadata"> | StowageError;
}

type Engine = (store: Store, signal: AbortSignal) => (wanted: Wanted, at: number) => Promise<Told>;

/** Several uploads under one name in one second, so that they are in each other's way as well. */
function truthOf(engine: Engine): fc.IAsyncProperty<Troubles> {
  return fc.asyncProperty(uploads, troubles, leaving, async (wanted, all, leavesAt) => {
    const store = new MemoryObjectStore({ limits: LIMITS });
    const caller = new AbortController();
    let call = 0;
    const trouble = troubled(store, () => {
      if (call === leavesAt) caller.abort(LEFT);
      return all[call++] ?? "none";
    });
    const told = await Promise.all(wanted.map(engine(trouble.store, caller.signal)));
    await trouble.settle();
    await expectTruth(store, told);
    await expectNoParts(store, told, trouble.lostUploads());
  });
}

describe("whatever becomes of its requests", () => {
  test("an upload tells the truth", { timeout: TRIAL_TIMEOUT_MS }, () =>
    fc.assert(truthOf(stowage), { numRuns: rounds(600) }),
  );
});

describe("the truth is missed by an engine that", () => {
  const seed = 20_251_023;
  const putting = async (store: Store, { bytes, at, number }: Attempt): Promise<Told> => {
    const key = objectKey(`datasets/user_7/x-${number}.csv`);
    const metadata = { write_token: String(at) };
    const { etag } = await store.put(key, bytes, { when: { absent: true }, metadata });
    return { bytes, answer: { key, etag, metadata } };
  };

  test.for<[string, (store: Store, attempt: Attempt) => Promise<Told>, RegExp]>([
    [
      "takes a lost answer for a refusal",
      (store, attempt) =>
        putting(store, attempt).catch((error: StowageError) => ({
          bytes: attempt.bytes,
          answer: error.with({ outcome: "not-applied" }),
        })),
      /not applied is there|is nobody's/,
    ],
    [
      "moves on to the next key when its own is taken by itself",
      async (store, attempt) => {
        for (let number = 1; ; number++) {
          const told = await putting(store, { ...attempt, number }).catch((error) => error);
          if (!(told instanceof StowageError)) return told;
        }
      },
      /is nobody's/,
    ],
    [
      "leaves its parts where it fails",
      async (store, { bytes, at }) => {
        const key = objectKey(`datasets/user_7/x-${at}.csv`);
        const metadata = { write_token: String(at) };
        try {
          const upload = await store.createUpload(key, { metadata });
          const part = await store.uploadPart(upload, 1, bytes);
          const { etag } = await store.completeUpload(upload, [part]);
          return { bytes, answer: { key, etag, metadata } };
        } catch (error) {
          assert.ok(error instanceof StowageError);
          return { bytes, answer: error.with({ outcome: "unknown" }) };
        }
      },
      /uploads (are left|have left parts)/,
    ],
  ])("%s", async ([, naive, complaint]) => {
    const engine: Engine = (store) => (wanted, at) =>
      naive(store, { bytes: sampleBytes(wanted.size, at + 1), at, number: at });
    const { errorInstance } = await fc.check(truthOf(engine), { seed, endOnFailure: true });
    expect(String(errorInstance)).toMatch(complaint);
  });
});

interface Attempt {
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly number: number;
}

const NOTHING_LEFT = new StowageError("aborted", LEFT.message, { outcome: "not-applied" });

function stowage(store: Store, signal: AbortSignal): (wanted: Wanted, at: number) => Promise<Told> {
  const wishes = { thresholdBytes: 10, partBytes: 10, streamPartCapBytes: 10 };
  const { uploadDataset } = stowageOn(store, { wishes });
  return async ({ size, stream }, at) => {
    const bytes = sampleBytes(size, at + 1);
    const source = stream ? streamOf(bytes) : bytes;
    try {
      return { bytes, answer: await uploadDataset({ userId: 7, source, name: "x.csv", signal }) };
    } catch (error) {
      // The reason itself says that nothing is left.
      if (error === LEFT) return { bytes, answer: NOTHING_LEFT };
      assert.ok(error instanceof StowageError, `the upload rejects with ${String(error)}`);
      return { bytes, answer: error };
    }
  };
}

async function expectTruth(store: Store, told: readonly Told[]): Promise<void> {
  const objects = await Promise.all((await keysOf(store)).map((key) => read(store, key)));
  const accounted = new Set<string>();
  const unsure: Uint8Array[] = [];
  for (const { bytes, answer } of told) {
    const own = objects.filter(({ bytes: each }) => Buffer.compare(each, bytes) === 0);
    if (answer instanceof StowageError) {
      assert.ok(answer.outcome !== undefined, `${answer.code} tells no outcome`);
      const later = await answer.resolve?.();
      if (later === "applied") assert.ok(own.length > 0, "what is found applied is not there");
      if (later === "not-applied" && bytes.length > 0) {
        assert.equal(own.length, 0, "what is found not applied is there");
      }
      // Uploads of no bytes are told apart by what is kept with them alone.
      if (answer.outcome === "not-applied" && bytes.length > 0) {
        assert.equal(own.length, 0, `an upload that was not applied is there: ${answer.message}`);
      }
      if (answer.outcome === "applied") assert.ok(own.length > 0, "what was applied is not there");
      if (answer.outcome !== "not-applied") unsure.push(bytes);
    } else {
      assert.ok(!accounted.has(answer.key), "two uploads have one key");
      accounted.add(answer.key);
      const there = objects.find(({ info }) => info.key === answer.key);
      assert.ok(there !== undefined, "what was stored is not there");
      sameBytes(there.bytes, bytes);
      assert.equal(there.info.etag, answer.etag);
      assert.equal(there.info.metadata["write_token"], answer.metadata["write_token"]);
    }
  }
  for (const { info, bytes } of objects) {
    const explained =
      accounted.has(info.key) || unsure.some((each) => Buffer.compare(each, bytes) === 0);
    assert.ok(explained, `${info.key} is nobody's`);
  }
  const tokens = objects.map(({ info }) => info.metadata["write_token"]);
  assert.equal(new Set(tokens).size, tokens.length, "an upload is stored twice");
}

/** Parts stay only where an upload says so; an upload whose id nobody was told stays without any. */
async function expectNoParts(store: Store, told: readonly Told[], lost: number): Promise<void> {
  const pending = told.filter(
    ({ answer }) => answer instanceof StowageError && answer.cleanup === "pending",
  );
  let sessions = 0;
  let withParts = 0;
  for (const upload of await taken(store.listUploads({ prefix: "" }))) {
    sessions += 1;
    if ((await taken(store.listParts(upload))).length > 0) withParts += 1;
  }
  assert.ok(withParts <= pending.length, `${withParts} uploads have left parts, and do not say so`);
  assert.ok(sessions <= pending.length + lost, `${sessions} uploads are left`);
}

async function* streamOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 4) yield bytes.subarray(at, at + 4);
}
