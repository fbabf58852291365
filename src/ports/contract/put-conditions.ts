import assert from "node:assert/strict";
import { absent, expectCode, failure, read, refused, sameBytes } from "./assertions.js";
import type { ContractCase, ContractContext } from "./case.js";
import { sampleBytes, utf8 } from "./sample.js";

const ABSENT = "A put with `when.absent` on a taken key is refused with `already-exists`.";
const MATCH =
  "A put with `when.etag` replaces that version only, else it is refused with `precondition-failed`.";

/** Writers at once in a race. */
const WRITERS = 8;

export const putConditionCases: readonly ContractCase[] = [
  {
    id: "P11",
    promise: ABSENT,
    needs: ["conditions.put"],
    run: async ({ store, key }) => {
      await store.put(key("object"), utf8("first"), { when: { absent: true } });
      const put = store.put(key("object"), utf8("second"), { when: { absent: true } });
      const error = await refused(put, "already-exists");
      assert.equal(error.outcome, "not-applied");
      sameBytes((await read(store, key("object"))).bytes, utf8("first"));
    },
  },
  {
    id: "P11-again",
    promise: ABSENT,
    needs: ["conditions.put"],
    run: async ({ store, key }) => {
      await store.put(key("object"), utf8("first"));
      await store.delete(key("object"));
      await store.put(key("object"), utf8("second"), { when: { absent: true } });
      sameBytes((await read(store, key("object"))).bytes, utf8("second"));
    },
  },
  {
    id: "P13",
    promise: "Of many puts at once with `when.absent`, exactly one succeeds.",
    needs: ["conditions.put"],
    run: async (context) => {
      for (let round = 0; round < 3; round++) await raceOfCreators(context, `object-${round}`);
    },
  },
  {
    id: "P12",
    promise: MATCH,
    needs: ["conditions.put"],
    run: async ({ store, key }) => {
      const first = await store.put(key("object"), utf8("first"));
      const when = { etag: first.etag };
      const second = await store.put(key("object"), utf8("second"), { when });
      assert.notEqual(second.etag, first.etag);
      sameBytes((await read(store, key("object"))).bytes, utf8("second"));
    },
  },
  {
    id: "P12-stale",
    promise: MATCH,
    needs: ["conditions.put"],
    run: async ({ store, key }) => {
      const { etag } = await store.put(key("object"), utf8("first"));
      await store.put(key("object"), utf8("second"));
      const put = store.put(key("object"), utf8("third"), { when: { etag } });
      const error = await refused(put, "precondition-failed");
      assert.equal(error.outcome, "not-applied");
      sameBytes((await read(store, key("object"))).bytes, utf8("second"));
    },
  },
  {
    id: "P12-missing",
    promise:
      "A put with `when.etag` on a key without an object is refused with `precondition-failed`.",
    needs: ["conditions.put"],
    run: async ({ store, key }) => {
      const { etag } = await store.put(key("other"), utf8("bytes"));
      const put = store.put(key("object"), utf8("bytes"), { when: { etag } });
      await refused(put, "precondition-failed");
      await absent(store, key("object"));
    },
  },
  {
    id: "P14",
    promise: MATCH,
    needs: ["conditions.put"],
    run: async ({ store, key }) => {
      await store.put(key("counter"), utf8("0"));
      const increment = async (): Promise<void> => {
        for (;;) {
          const { bytes, info } = await read(store, key("counter"));
          const next = utf8(String(Number(Buffer.from(bytes).toString()) + 1));
          const error = await failure(
            store.put(key("counter"), next, { when: { etag: info.etag } }),
          );
          if (error === undefined) return;
          expectCode(error, "precondition-failed", "conflict");
        }
      };
      await Promise.all([increment(), increment(), increment(), increment()]);
      await Promise.all([increment(), increment(), increment(), increment()]);
      assert.equal(Buffer.from((await read(store, key("counter"))).bytes).toString(), "8");
    },
  },
];

async function raceOfCreators({ store, key }: ContractContext, name: string): Promise<void> {
  const bodies = Array.from({ length: WRITERS }, (_, writer) => sampleBytes(2_000, writer + 1));
  const errors = await Promise.all(
    bodies.map((bytes) => failure(store.put(key(name), bytes, { when: { absent: true } }))),
  );
  const winners = bodies.filter((_, writer) => errors[writer] === undefined);
  assert.equal(winners.length, 1, `${winners.length} of ${WRITERS} puts succeed`);
  for (const error of errors) {
    if (error !== undefined) expectCode(error, "already-exists", "conflict");
  }
  sameBytes((await read(store, key(name))).bytes, winners[0] ?? new Uint8Array());
}
