import assert from "node:assert/strict";
import { MAX_KEY_BYTES, MAX_SEGMENT_BYTES } from "../../domain/object-key.js";
import { absent, listed, read, sameBytes, taken } from "./assertions.js";
import type { ContractCase, ContractContext } from "./case.js";
import { utf8 } from "./sample.js";

const ITS_OWN =
  "Every key that passes the key policy names an object of its own, and is listed as it was given.";

/** Names that pass the key policy, and that somebody on the way would rather not have. */
export const NASTY: Readonly<Record<string, string>> = {
  spaces: " a  b ",
  plus: "a+b+",
  percent: "100%",
  "percent-encoded": "%48%45%2F%2e",
  "percent-broken": "%Q%%zz%",
  quotes: `"a" 'b' \`c\``,
  xml: "&<>\"'&amp;<Key>]]>",
  url: "?query=a&b#fragment;c=d@host:80",
  brackets: "[name] {0} (10) <a>",
  shell: "*$shenanigans@@~!|^`,=",
  colon: "C:file:stream",
  windows: "CON/nul.txt/COM1",
  "trailing-dot": "name./other.",
  "leading-dot": ".env/...",
  "leading-dash": "-rf/--",
  tilde: "~/~user",
  nfc: "\u00e9\u00c5",
  nfd: "e\u0301A\u030a",
  cjk: "住宅/データ.csv",
  rtl: "\u0645\u0644\u0641.csv",
  emoji: "🏠/👩‍👩‍👧.csv",
  "utf-16-order": "\uff5a\uffee",
  "no-break-space": "a\u00a0b\u200bc\ufeff",
  "widest-character": "\u{10ffff}",
  "xl.meta": "xl.meta/part.1",
  soap: "soap",
  prototype: "__proto__/constructor/toString",
  "encoded-dots": "%2e%2e/%2E%2E%2Fetc",
  "encoded-controls": "%00%0d%0a",
  "brackets-in-folders": "folder [1]/{0} (a)/file{0} [b].txt",
  parameters: "uploadId=1&partNumber=2&list-type=2",
  segment: "s".repeat(MAX_SEGMENT_BYTES),
  "segment-unicode": "é".repeat(Math.floor(MAX_SEGMENT_BYTES / 2)),
};

/** Pairs that a folding or normalising store would make one. */
export const PAIRS: Readonly<Record<string, readonly [string, string]>> = {
  K04: ["\u00e9.csv", "e\u0301.csv"],
  K05: ["Data/A.csv", "data/a.csv"],
  "K05-spaces": ["a b", "a  b"],
  "K05-trailing": ["a", "a "],
  "K05-dot": ["a", "a."],
  "K05-encoded": ["a/b", "a%2Fb"],
  "K05-plus": ["a b", "a+b"],
  "K05-widths": ["\u2460", "1"],
};

export const keyCases: readonly ContractCase[] = [
  ...Object.entries(NASTY).map(([id, name]) => ofKey(`K01-${id}`, () => name)),
  ofKey("K07", longestName),
  ...Object.entries(PAIRS).map(([id, names]) => ofPair(id, names)),
  {
    id: "K13",
    promise: "Every key has a URI of its own, which begins with the store's location.",
    run: async ({ store, key }) => {
      const { location } = store.facts;
      assert.ok(location.endsWith("/"), `the location ${location} does not end in "/"`);
      const names = new Set([...Object.values(NASTY), ...Object.values(PAIRS).flat()]);
      const uris = [...names].map((name) => store.uri(key(name)));
      assert.equal(new Set(uris).size, names.size, "two keys have one URI");
      for (const uri of uris) assert.ok(uri.startsWith(location) && uri !== location, uri);
    },
  },
  {
    id: "K14",
    promise: "A URI leads back to its key, and a URI of another store to none.",
    run: async ({ store, key }) => {
      const { location } = store.facts;
      const names = [...Object.values(NASTY), ...Object.values(PAIRS).flat()];
      for (const name of names) {
        const uri = store.uri(key(name));
        assert.equal(store.keyOf(uri), key(name));
        for (const other of [`x${uri}`, uri.replace(location, `${location.slice(0, -1)}x/`)]) {
          assert.equal(store.keyOf(other), undefined, `${other} has a key`);
        }
      }
      for (const none of ["", "/", "object", location, location.slice(0, -1), key("object")]) {
        assert.equal(store.keyOf(none), undefined, `${none} has a key`);
      }
    },
  },
  {
    id: "L08",
    promise:
      "A list gives each object once, with its size, ETag and time, over any number of pages.",
    run: async ({ store, key, prefix }) => {
      const names = Object.values(NASTY).map(key);
      for (const name of names) await store.put(name, utf8("bytes"));
      names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      assert.deepEqual(await listed(store, { prefix, pageSize: 1 }), names);
      for (const [at, startAfter] of names.entries()) {
        assert.deepEqual(await listed(store, { prefix, startAfter }), names.slice(at + 1));
      }
    },
  },
  {
    id: "L08-folded",
    promise:
      "With a delimiter, keys that have it after the prefix are given once, as their common prefix.",
    run: async ({ store, key, prefix }) => {
      const segments = Object.values(NASTY).map((name) => name.split("/")[0] ?? name);
      const names = [...new Set(segments)].map((name) => `${prefix}${name}/`);
      names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      for (const name of new Set(segments)) {
        await store.put(key(`${name}/1`), utf8("bytes"));
        await store.put(key(`${name}/2`), utf8("bytes"));
      }
      assert.deepEqual(await listed(store, { prefix, delimiter: "/", pageSize: 1 }), names);
      for (const [at, startAfter] of names.entries()) {
        const after = await listed(store, { prefix, delimiter: "/", startAfter });
        assert.deepEqual(after, names.slice(at + 1));
        assert.equal((await listed(store, { prefix: startAfter })).length, 2);
      }
    },
  },
  {
    id: "D06",
    promise: "A deleteMany gives a result for each key, in the order of the keys.",
    run: async ({ store, key, prefix }) => {
      const names = Object.values(NASTY).map(key);
      for (const name of names) await store.put(name, utf8("bytes"));
      const results = await store.deleteMany(names);
      assert.deepEqual(
        results.map((result) => result.key),
        names,
      );
      assert.deepEqual(await listed(store, { prefix }), []);
    },
  },
  {
    id: "K01-uploads",
    promise: ITS_OWN,
    needs: ["multipart"],
    run: async ({ store, key, prefix }) => {
      for (const name of Object.values(NASTY)) {
        const upload = await store.createUpload(key(name));
        const part = await store.uploadPart(upload, 1, utf8(name));
        const [summary] = await taken(store.listUploads({ key: key(name) }));
        assert.equal(summary?.key, key(name));
        assert.equal((await taken(store.listParts(upload)))[0]?.etag, part.etag);
        await store.completeUpload(upload, [part]);
        sameBytes((await read(store, key(name))).bytes, utf8(name));
      }
      assert.equal((await listed(store, { prefix })).length, Object.keys(NASTY).length);
    },
  },
];

function ofKey(id: string, nameUnder: (prefix: string) => string): ContractCase {
  return {
    id,
    promise: ITS_OWN,
    run: async ({ store, key, prefix }) => {
      const nasty = key(nameUnder(prefix));
      await store.put(nasty, utf8("bytes"), { metadata: { a: "b" } });
      const { bytes, info } = await read(store, nasty);
      sameBytes(bytes, utf8("bytes"));
      assert.equal(info.key, nasty);
      assert.equal((await store.head(nasty)).key, nasty);
      assert.deepEqual(await listed(store, { prefix }), [nasty]);
      assert.deepEqual(await listed(store, { prefix: nasty }), [nasty]);
      await store.copy(nasty, key("plain"));
      await store.delete(nasty);
      await absent(store, nasty);
      await store.copy(key("plain"), nasty);
      sameBytes((await read(store, nasty)).bytes, utf8("bytes"));
      await store.deleteMany([nasty]);
      assert.deepEqual(await listed(store, { prefix }), [key("plain")]);
    },
  };
}

function ofPair(id: string, [one, other]: readonly [string, string]): ContractCase {
  return {
    id,
    promise: ITS_OWN,
    run: async ({ store, key, prefix }: ContractContext) => {
      await store.put(key(one), utf8("one"));
      await absent(store, key(other));
      await store.put(key(other), utf8("other"));
      sameBytes((await read(store, key(one))).bytes, utf8("one"));
      sameBytes((await read(store, key(other))).bytes, utf8("other"));
      const names = await listed(store, { prefix });
      assert.deepEqual(new Set(names), new Set([key(one), key(other)]));
      await store.delete(key(one));
      sameBytes((await read(store, key(other))).bytes, utf8("other"));
    },
  };
}

/** A name that makes the key as long as a key may be, in segments of two-byte characters. */
export function longestName(prefix: string): string {
  const room = MAX_KEY_BYTES - Buffer.byteLength(prefix);
  const segments: string[] = [];
  for (let left = room; left > 0; ) {
    const bytes = Math.min(left, MAX_SEGMENT_BYTES);
    // A segment is followed by a slash and at least one more byte, or by nothing.
    const cut = left - bytes === 1 ? bytes - 1 : bytes;
    segments.push("é".repeat(Math.floor(cut / 2)) + "x".repeat(cut % 2));
    left -= cut + 1;
  }
  return segments.join("/");
}
