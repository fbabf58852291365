import assert from "node:assert/strict";
import { absent, listed, read, refused, unchanged } from "./assertions.js";
import type { ContractCase } from "./case.js";
import { fillMany, utf8 } from "./sample.js";

const GONE = "A deleted object is gone for get, head and list.";
const MATCH =
  "A delete with `when.etag` removes that version only, else it is refused with `precondition-failed`.";
const RESULTS = "A deleteMany gives a result for each key, in the order of the keys.";

export const deleteCases: readonly ContractCase[] = [
  {
    id: "D01",
    promise: GONE,
    run: async ({ store, key, prefix }) => {
      await store.put(key("object"), utf8("bytes"));
      await store.put(key("other"), utf8("bytes"));
      await store.delete(key("object"));
      await absent(store, key("object"));
      assert.deepEqual(await listed(store, { prefix }), [key("other")]);
    },
  },
  {
    id: "D01-again",
    promise: GONE,
    run: async ({ store, key }) => {
      await store.put(key("object"), utf8("old"), { metadata: { a: "old" } });
      await store.delete(key("object"));
      await store.put(key("object"), utf8("new"));
      const { info } = await read(store, key("object"));
      assert.deepEqual(info.metadata, {});
    },
  },
  {
    id: "D02",
    promise: "To delete a key without an object is no error, so a delete may be repeated.",
    run: async ({ store, key }) => {
      await store.delete(key("missing"));
      await store.delete(key("no/such/folder"));
      await store.put(key("object"), utf8("bytes"));
      await store.delete(key("object"));
      await store.delete(key("object"));
    },
  },
  {
    id: "D09",
    promise: "A delete takes its own key alone, not those that begin with it.",
    run: async ({ store, key, prefix }) => {
      const names = ["user_10/a", "user_1/a", "user_1/b", "user_1/a.csv"].map(key);
      for (const name of names) await store.put(name, utf8("bytes"));
      await store.delete(key("user_1"));
      assert.deepEqual(await listed(store, { prefix }), names.toSorted());
      await store.delete(key("user_1/a"));
      assert.deepEqual(await listed(store, { prefix }), [
        key("user_1/a.csv"),
        key("user_1/b"),
        key("user_10/a"),
      ]);
    },
  },
  {
    id: "D11",
    promise: MATCH,
    needs: ["conditions.delete"],
    run: async ({ store, key }) => {
      const { etag } = await store.put(key("object"), utf8("bytes"));
      await store.delete(key("object"), { when: { etag } });
      await absent(store, key("object"));
    },
  },
  {
    id: "D11-stale",
    promise: MATCH,
    needs: ["conditions.delete"],
    run: async ({ store, key }) => {
      const { etag } = await store.put(key("object"), utf8("first"));
      await store.put(key("object"), utf8("second"));
      const before = await read(store, key("object"));
      await refused(store.delete(key("object"), { when: { etag } }), "precondition-failed");
      await unchanged(store, key("object"), before);
    },
  },
  {
    id: "D11-missing",
    promise: MATCH,
    needs: ["conditions.delete"],
    run: async ({ store, key }) => {
      const { etag } = await store.put(key("object"), utf8("bytes"));
      await store.delete(key("object"));
      await refused(store.delete(key("object"), { when: { etag } }), "precondition-failed");
    },
  },
  {
    id: "D03",
    promise: RESULTS,
    run: async ({ store, key, prefix }) => {
      const names = ["c", "missing", "a", "b", "c", "x&<>\"' +%41é"].map(key);
      for (const name of names) {
        if (name !== key("missing")) await store.put(name, utf8("bytes"));
      }
      await store.put(key("stays"), utf8("bytes"));
      const results = await store.deleteMany(names);
      assert.deepEqual(
        results.map((result) => result.key),
        names,
      );
      assert.ok(results.every((result) => result.error === undefined));
      assert.deepEqual(await listed(store, { prefix }), [key("stays")]);
    },
  },
  {
    id: "D04",
    promise: "A deleteMany takes more keys than the store takes in one request.",
    run: async ({ store, key, prefix }) => {
      const names = Array.from({ length: 2_001 }, (_, i) => key(`n${String(i).padStart(4, "0")}`));
      const there = [0, 999, 1_000, 1_001, 1_999, 2_000].map((i) => names[i] ?? key("none"));
      for (const name of there) await store.put(name, utf8("bytes"));
      const results = await store.deleteMany(names);
      assert.deepEqual(
        results.map((result) => result.key),
        names,
      );
      assert.deepEqual(await listed(store, { prefix }), []);
    },
  },
  {
    id: "D04-there",
    promise: "A deleteMany takes more keys than the store takes in one request.",
    run: async (context) => {
      const { store, key, prefix } = context;
      const names = await fillMany(context);
      await store.put(key("stays"), utf8("bytes"));
      const results = await store.deleteMany(names);
      assert.ok(results.every(({ error }) => error === undefined));
      assert.deepEqual(await listed(store, { prefix }), [key("stays")]);
    },
  },
  {
    id: "D10",
    promise: GONE,
    run: async ({ store, key, prefix }) => {
      const names = Array.from({ length: 12 }, (_, at) => key(`n${String(at).padStart(2, "0")}`));
      for (const name of names) await store.put(name, utf8("bytes"));
      const seen: string[] = [];
      for await (const entry of store.list({ prefix, pageSize: 2 })) {
        assert.ok(entry.kind === "object");
        seen.push(entry.key);
        await store.delete(entry.key);
      }
      assert.deepEqual(seen, names);
      assert.deepEqual(await listed(store, { prefix }), []);
    },
  },
  {
    id: "D07",
    promise: "A deleteMany of no keys resolves to no results.",
    run: async ({ store }) => {
      assert.deepEqual(await store.deleteMany([]), []);
    },
  },
];
