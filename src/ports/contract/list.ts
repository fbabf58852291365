import assert from "node:assert/strict";
import { entryName, listed, taken } from "./assertions.js";
import type { ContractCase, ContractContext } from "./case.js";
import { fillMany, sampleBytes, utf8 } from "./sample.js";

const ORDER = "A list is in ascending order of the UTF-8 bytes of the keys.";
const ONCE =
  "A list gives each object once, with its size, ETag and time, over any number of pages.";
const PREFIX = "A prefix selects the keys that begin with it, at a `/` or not.";
const FOLDED =
  "With a delimiter, keys that have it after the prefix are given once, as their common prefix.";
const AFTER = "A list that starts after a key leaves out that key and all before it.";

/** Names in the order of their UTF-8 bytes. In UTF-16 the last two stand the other way round. */
const ORDERED = [
  "!",
  "$",
  "-",
  "0",
  "10",
  "9",
  "A",
  "B",
  "_",
  "a",
  "a b",
  "a!",
  "a-",
  "a-b",
  "a.",
  "a0",
  "aa",
  "z",
  "~",
  "é",
  "ｚ",
  "𝒛",
];

export const listCases: readonly ContractCase[] = [
  {
    id: "L07",
    promise: ORDER,
    run: async (context) => {
      const { store, key, prefix } = context;
      await fill(context, ORDERED.toReversed());
      assert.deepEqual(await listed(store, { prefix }), ORDERED.map(key));
      for (const pageSize of [1, 3]) {
        assert.deepEqual(await listed(store, { prefix, pageSize }), ORDERED.map(key));
      }
    },
  },
  {
    id: "L07-folders",
    promise: ORDER,
    run: async (context) => {
      const { store, key, prefix } = context;
      const names = ["a!", "a-b", "a.b", "a/b", "a/c", "a0", "b/c", "b0"];
      await fill(context, ["b0", "a/c", "a.b", "b/c", "a0", "a-b", "a!", "a/b"]);
      for (const pageSize of [1, 2, undefined]) {
        assert.deepEqual(await listed(store, { prefix, pageSize }), names.map(key));
      }
    },
  },
  {
    id: "L02",
    promise: ONCE,
    run: async ({ store, key, prefix }) => {
      const wanted = [];
      for (let i = 0; i < 7; i++) {
        const { size, etag } = await store.put(key(`n${i}`), sampleBytes(i * 100, i + 1));
        const { lastModified } = await store.head(key(`n${i}`));
        wanted.push({ kind: "object", key: key(`n${i}`), size, etag, time: seconds(lastModified) });
      }
      for (const pageSize of [undefined, 1, 2, 3, 6, 7, 8, 1_000]) {
        const entries = await taken(store.list({ prefix, pageSize }));
        const seen = entries.map((entry) => {
          assert.ok(entry.kind === "object");
          const { kind, size, etag, lastModified } = entry;
          return { kind, key: entry.key, size, etag, time: seconds(lastModified) };
        });
        assert.deepEqual(seen, wanted, `in pages of ${pageSize ?? "the default size"}`);
      }
    },
  },
  {
    id: "L02-many",
    promise: ONCE,
    run: async (context) => {
      const { store, prefix } = context;
      const names = await fillMany(context);
      assert.deepEqual(await listed(store, { prefix }), names);
      const [startAfter] = names.slice(998);
      assert.deepEqual(await listed(store, { prefix, startAfter }), names.slice(999));
      assert.deepEqual(await listed(store, { prefix, delimiter: "/" }), [`${prefix}many/`]);
    },
  },
  duringPages("L09", async ({ store, key }) => {
    for (const name of ["a", "aa", "e"]) await store.put(key(name), utf8("new"));
  }),
  duringPages("L09-deleted", async ({ store, key }) => {
    for (const name of ["b", "d"]) await store.delete(key(name));
  }),
  {
    id: "L04",
    promise: PREFIX,
    run: async (context) => {
      const { store, key, prefix } = context;
      await fill(context, ["foo.csv", "foo/a", "foo/b/c", "foobar/a", "fo", "g"]);
      const select = async (text: string): Promise<string[]> =>
        listed(store, { prefix: prefix + text, pageSize: 2 });
      assert.deepEqual(await select("foo"), ["foo.csv", "foo/a", "foo/b/c", "foobar/a"].map(key));
      assert.deepEqual(await select("foo/"), ["foo/a", "foo/b/c"].map(key));
      assert.deepEqual(await select("foo/b"), [key("foo/b/c")]);
      assert.deepEqual(await select("foo/a"), [key("foo/a")]);
      assert.deepEqual(await select("foo.csv"), [key("foo.csv")]);
    },
  },
  {
    id: "L04-user",
    promise: PREFIX,
    run: async (context) => {
      const { store, key, prefix } = context;
      await fill(context, ["user_1/a", "user_10/b", "user_11/c"]);
      const one = await listed(store, { prefix: `${prefix}user_1/` });
      assert.deepEqual(one, [key("user_1/a")]);
    },
  },
  {
    id: "L04-odd",
    promise: PREFIX,
    run: async (context) => {
      const { store, key, prefix } = context;
      await fill(context, ["%41", "A", "a+b", "a b", "é1", "e\u03011", "*", "?q", "#h"]);
      for (const name of ["%4", "a+", "a ", "é", "e\u0301", "*", "?", "#"]) {
        const names = await listed(store, { prefix: prefix + name });
        assert.equal(names.length, 1, `prefix ${name} selects ${names.join(", ")}`);
        assert.ok(names[0]?.startsWith(prefix + name));
      }
      assert.equal((await listed(store, { prefix: key("A") })).length, 1);
    },
  },
  {
    id: "L05",
    promise: FOLDED,
    run: async (context) => {
      const { store, key, prefix } = context;
      await fill(context, ["a-b", "a/1", "a/2", "a/b/3", "a0", "b/1", "c"]);
      const top = ["a-b", "a/", "a0", "b/", "c"].map((name) => prefix + name);
      for (const pageSize of [undefined, 1, 2, 3]) {
        const entries = await taken(store.list({ prefix, delimiter: "/", pageSize }));
        assert.deepEqual(entries.map(entryName), top);
        assert.deepEqual(
          entries.map((entry) => entry.kind),
          ["object", "prefix", "object", "prefix", "object"],
        );
      }
      const within = await listed(store, { prefix: `${prefix}a/`, delimiter: "/" });
      assert.deepEqual(within, [key("a/1"), key("a/2"), `${prefix}a/b/`]);
      const segment = await listed(store, { prefix: `${prefix}a`, delimiter: "/" });
      assert.deepEqual(segment, [key("a-b"), `${prefix}a/`, key("a0")]);
    },
  },
  {
    id: "L05-only",
    promise: FOLDED,
    run: async (context) => {
      const { store, prefix } = context;
      await fill(context, ["a/1", "a/2", "b/1", "b/2", "c/1"]);
      for (const pageSize of [undefined, 1]) {
        const names = await listed(store, { prefix, delimiter: "/", pageSize });
        assert.deepEqual(names, [`${prefix}a/`, `${prefix}b/`, `${prefix}c/`]);
      }
    },
  },
  {
    id: "L06",
    promise: AFTER,
    run: async (context) => {
      const { store, key, prefix } = context;
      await fill(context, ["a", "b", "b b", "b+", "c", "é"]);
      const after = async (startAfter: string): Promise<string[]> =>
        listed(store, { prefix, startAfter, pageSize: 2 });
      assert.deepEqual(await after(key("b")), ["b b", "b+", "c", "é"].map(key));
      assert.deepEqual(await after(key("b b")), ["b+", "c", "é"].map(key));
      assert.deepEqual(await after(key("bb")), ["c", "é"].map(key));
      assert.deepEqual(await after(prefix), ["a", "b", "b b", "b+", "c", "é"].map(key));
      assert.deepEqual(await after(key("é")), []);
    },
  },
  {
    id: "L06-folded",
    promise: AFTER,
    run: async (context) => {
      const { store, key, prefix } = context;
      await fill(context, ["a", "b/1", "b/2", "c", "d/1", "e"]);
      const after = async (startAfter: string): Promise<string[]> =>
        listed(store, { prefix, delimiter: "/", startAfter, pageSize: 1 });
      assert.deepEqual(await after(`${prefix}b/`), [key("c"), `${prefix}d/`, key("e")]);
      assert.deepEqual(await after(key("c")), [`${prefix}d/`, key("e")]);
      assert.deepEqual(await after(`${prefix}d/`), [key("e")]);
    },
  },
  {
    id: "L01",
    promise: "Nothing that matches is an empty list, not an error.",
    run: async (context) => {
      const { store, prefix } = context;
      assert.deepEqual(await listed(store, { prefix }), []);
      assert.deepEqual(await listed(store, { prefix, delimiter: "/", pageSize: 1 }), []);
      await fill(context, ["a"]);
      assert.deepEqual(await listed(store, { prefix: `${prefix}no/such/folder/` }), []);
      assert.deepEqual(await listed(store, { prefix: `${prefix}a/` }), []);
      assert.deepEqual(await listed(store, { prefix, startAfter: `${prefix}b` }), []);
    },
  },
  {
    id: "L11",
    promise: "An upload in progress is not listed.",
    needs: ["multipart"],
    run: async (context) => {
      const { store, key, prefix } = context;
      await fill(context, ["a"]);
      const upload = await store.createUpload(key("folder/b"));
      await store.uploadPart(upload, 1, utf8("part"));
      assert.deepEqual(await listed(store, { prefix }), [key("a")]);
      assert.deepEqual(await listed(store, { prefix, delimiter: "/" }), [key("a")]);
      await store.abortUpload(upload);
      assert.deepEqual(await listed(store, { prefix, delimiter: "/" }), [key("a")]);
    },
  },
  {
    id: "L10",
    promise: "A list that is left early lets go of what it held.",
    run: async (context) => {
      const { store, key, prefix } = context;
      await fill(context, ["a", "b", "c"]);
      for (let list = 0; list < 60; list++) {
        for await (const entry of store.list({ prefix, pageSize: 1 })) {
          assert.equal(entryName(entry), key("a"));
          break;
        }
      }
      const iterator = store.list({ prefix, pageSize: 1 })[Symbol.asyncIterator]();
      await iterator.next();
      await iterator.return?.();
      assert.deepEqual(await iterator.next(), { done: true, value: undefined });
      assert.equal((await listed(store, { prefix })).length, 3);
    },
  },
];

/** Expects a list, between whose pages something else happens, to give what stays exactly once. */
function duringPages(
  id: string,
  happens: (context: ContractContext) => Promise<void>,
): ContractCase {
  return {
    id,
    promise: ONCE,
    run: async (context) => {
      const { store, key, prefix } = context;
      await fill(context, ["b", "d", "f", "h", "j"]);
      const names = [];
      for await (const entry of store.list({ prefix, pageSize: 1 })) {
        names.push(entryName(entry));
        if (names.length === 2) await happens(context);
      }
      const there = names.filter((name) => name !== key("e"));
      assert.deepEqual(there, ["b", "d", "f", "h", "j"].map(key));
    },
  };
}

async function fill({ store, key }: ContractContext, names: readonly string[]): Promise<void> {
  for (const name of names) await store.put(key(name), utf8(name));
}

/** Times are exact to the second: a store may tell more of them by head than by list. */
function seconds(time: Date): number {
  return Math.floor(time.getTime() / 1_000);
}
