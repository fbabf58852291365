import assert from "node:assert/strict";
import { absent, listed, read, refused, sameBytes, taken, unchanged } from "./assertions.js";
import type { ContractCase } from "./case.js";
import { sampleBytes, utf8 } from "./sample.js";

const ROUND_TRIP = "What was put is what is got: bytes, content type and metadata, byte for byte.";
const REPLACES =
  "A put replaces bytes, content type and metadata together; nothing of the old object stays.";
const BESIDE =
  "A key and another that begins with it and a `/` are two objects, and neither write harms the other.";

const INVALID_TYPE =
  "A content type that is not printable ASCII is refused with `invalid-argument` before any I/O.";

const CONTENT_TYPES = [
  "text/csv; charset=utf-8",
  "application/vnd.apache.parquet",
  'text/plain; charset="utf-8"; name="a b; c"',
  "Text/HTML",
  "unknown",
  `application/x-${"long".repeat(20)}`,
];
/** The first two would write headers of their own. */
const NO_CONTENT_TYPES = ["text/a\r\nx-amz-acl: public-read", "text/a\n", "", " text/a", "é"];

/** Sizes in bytes around those at which stores cut and buffer. */
const SIZES = [1, 2, 1_023, 1_024, 16_384, 65_535, 65_536, 65_537, 1_048_577];

export const putCases: readonly ContractCase[] = [
  {
    id: "P01",
    promise: ROUND_TRIP,
    run: async ({ store, key }) => {
      const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
      const contentType = "text/csv; charset=utf-8";
      const metadata = { original_filename: "a b.csv", "x-note": "1", a: "b" };
      await store.put(key("object"), bytes, { contentType, metadata });
      const got = await read(store, key("object"));
      sameBytes(got.bytes, bytes);
      assert.equal(got.info.key, key("object"));
      assert.equal(got.info.contentType, contentType);
      assert.deepEqual(got.info.metadata, metadata);
    },
  },
  {
    id: "P01-views",
    promise: ROUND_TRIP,
    run: async ({ store, key }) => {
      const whole = sampleBytes(300);
      await store.put(key("view"), whole.subarray(100, 200));
      sameBytes((await read(store, key("view"))).bytes, whole.slice(100, 200));
      await store.put(key("buffer"), Buffer.from("from Node's pool"));
      sameBytes((await read(store, key("buffer"))).bytes, utf8("from Node's pool"));
    },
  },
  {
    id: "P01-alias",
    promise: ROUND_TRIP,
    run: async ({ store, key }) => {
      const bytes = sampleBytes(100);
      const metadata = { a: "before" };
      await store.put(key("object"), bytes, { metadata });
      bytes.fill(0);
      metadata.a = "after";
      const got = await read(store, key("object"));
      sameBytes(got.bytes, sampleBytes(100));
      assert.deepEqual(got.info.metadata, { a: "before" });
      const buffer = Buffer.from("before");
      await store.put(key("buffer"), buffer);
      buffer.fill(0);
      sameBytes((await read(store, key("buffer"))).bytes, utf8("before"));
      await using again = await store.get(key("object"));
      for (const chunk of await taken(again.body)) chunk.fill(0);
      sameBytes((await read(store, key("object"))).bytes, sampleBytes(100));
    },
  },
  {
    id: "P05",
    promise: ROUND_TRIP,
    run: async ({ store, key }) => {
      for (const size of SIZES) {
        const bytes = sampleBytes(size, size);
        const { size: told } = await store.put(key(`of-${size}`), bytes);
        assert.equal(told, size);
        sameBytes((await read(store, key(`of-${size}`))).bytes, bytes);
      }
    },
  },
  {
    id: "P05-threshold",
    promise: ROUND_TRIP,
    run: async ({ store, key, partBytes }) => {
      for (const size of [partBytes - 1, partBytes, partBytes + 1]) {
        const bytes = sampleBytes(size, size);
        assert.equal((await store.put(key("object"), bytes)).size, size);
        sameBytes((await read(store, key("object"))).bytes, bytes);
      }
    },
  },
  {
    id: "P25",
    promise: ROUND_TRIP,
    run: async ({ store, key, prefix }) => {
      const options = { contentType: "text/csv", metadata: { a: "b" } };
      for (let time = 0; time < 3; time++) {
        await store.put(key("object"), utf8("the same"), options);
        const { bytes, info } = await read(store, key("object"));
        sameBytes(bytes, utf8("the same"));
        assert.equal(info.contentType, options.contentType);
        assert.deepEqual(info.metadata, options.metadata);
        assert.deepEqual(await listed(store, { prefix }), [key("object")]);
      }
    },
  },
  {
    id: "P02",
    promise: "An object of no bytes is an object.",
    run: async ({ store, key, prefix }) => {
      const { size, etag } = await store.put(key("empty"), new Uint8Array(0));
      assert.equal(size, 0);
      const got = await read(store, key("empty"));
      assert.deepEqual([got.bytes.length, got.info.size, got.info.etag], [0, 0, etag]);
      const [entry] = await taken(store.list({ prefix }));
      assert.ok(entry?.kind === "object");
      assert.deepEqual([entry.key, entry.size, entry.etag], [key("empty"), 0, etag]);
    },
  },
  {
    id: "P08",
    promise: REPLACES,
    run: async ({ store, key }) => {
      await store.put(key("object"), utf8("old"), {
        contentType: "text/plain",
        metadata: { old: "1", both: "old" },
      });
      await store.put(key("object"), utf8("new"), {
        contentType: "text/html",
        metadata: { both: "new" },
      });
      const second = await read(store, key("object"));
      sameBytes(second.bytes, utf8("new"));
      assert.equal(second.info.contentType, "text/html");
      assert.deepEqual(second.info.metadata, { both: "new" });
      await store.put(key("object"), utf8("newer"));
      const third = await read(store, key("object"));
      assert.equal(third.info.contentType, "application/octet-stream");
      assert.deepEqual(third.info.metadata, {});
    },
  },
  {
    id: "P09",
    promise: REPLACES,
    run: async ({ store, key }) => {
      for (const size of [10, 100_000, 3, 0, 70_000]) {
        await store.put(key("object"), sampleBytes(size, size + 1));
        const { bytes, info } = await read(store, key("object"));
        sameBytes(bytes, sampleBytes(size, size + 1));
        assert.equal(info.size, size);
      }
    },
  },
  {
    id: "P20",
    promise: "A put without a content type stores `application/octet-stream`.",
    run: async ({ store, key }) => {
      await store.put(key("page.html"), utf8("<html></html>"));
      const { contentType } = await store.head(key("page.html"));
      assert.equal(contentType, "application/octet-stream");
    },
  },
  {
    id: "P20-kinds",
    promise: ROUND_TRIP,
    run: async ({ store, key }) => {
      for (const contentType of CONTENT_TYPES) {
        await store.put(key("object"), utf8("bytes"), { contentType });
        assert.equal((await store.head(key("object"))).contentType, contentType);
        assert.equal((await read(store, key("object"))).info.contentType, contentType);
      }
    },
  },
  {
    id: "P20-form",
    promise: ROUND_TRIP,
    run: async ({ store, key }) => {
      // What a browser sends as a form is stored as the bytes that it is, and read as no form.
      const contentType = "multipart/form-data; boundary=x";
      await store.put(key("object"), utf8("no form"), { contentType });
      const { bytes, info } = await read(store, key("object"));
      assert.equal(info.contentType, contentType);
      sameBytes(bytes, utf8("no form"));
    },
  },
  {
    id: "P20-invalid",
    promise: INVALID_TYPE,
    run: async ({ store, key }) => {
      for (const contentType of NO_CONTENT_TYPES) {
        const put = store.put(key("object"), utf8("bytes"), { contentType });
        const error = await refused(put, "invalid-argument");
        assert.equal(error.outcome, "not-applied");
      }
      await absent(store, key("object"));
    },
  },
  {
    id: "P20-invalid-upload",
    promise: INVALID_TYPE,
    needs: ["multipart"],
    run: async ({ store, key }) => {
      for (const contentType of NO_CONTENT_TYPES) {
        await refused(store.createUpload(key("object"), { contentType }), "invalid-argument");
      }
      assert.deepEqual(await taken(store.listUploads({ key: key("object") })), []);
    },
  },
  {
    id: "P23",
    promise: "A put returns the size and the ETag that head and list go on to give.",
    run: async ({ store, key, prefix }) => {
      const etags = new Set<string>();
      for (const text of ["one", "three"]) {
        const told = await store.put(key("object"), utf8(text));
        assert.equal(told.size, text.length);
        assert.ok(told.etag !== "" && !told.etag.includes('"'), `ETag ${told.etag} holds quotes`);
        const { size, etag } = await store.head(key("object"));
        assert.deepEqual({ size, etag }, { size: told.size, etag: told.etag });
        const [entry] = await taken(store.list({ prefix }));
        assert.ok(entry?.kind === "object");
        assert.deepEqual([entry.size, entry.etag], [told.size, told.etag]);
        etags.add(told.etag);
      }
      assert.equal(etags.size, 2, "other bytes have the same ETag");
    },
  },
  {
    id: "P26",
    promise: BESIDE,
    run: async ({ store, key }) => {
      for (const [first, second] of [
        ["a", "a/b"],
        ["c/d", "c"],
      ] as const) {
        await store.put(key(first), utf8("first"), { metadata: { of: "first" } });
        const before = await read(store, key(first));
        await store.put(key(second), utf8("second"));
        await unchanged(store, key(first), before);
        sameBytes((await read(store, key(second))).bytes, utf8("second"));
        await store.delete(key(second));
        await refused(store.get(key(second)), "not-found");
        await unchanged(store, key(first), before);
      }
    },
  },
  {
    id: "P26-listed",
    promise: BESIDE,
    run: async ({ store, key, prefix }) => {
      for (const name of ["a", "a/b", "c/d", "c"]) await store.put(key(name), utf8(name));
      for (const pageSize of [undefined, 1]) {
        const names = await listed(store, { prefix, pageSize });
        assert.deepEqual(names, ["a", "a/b", "c", "c/d"].map(key));
      }
      const folded = await listed(store, { prefix, delimiter: "/" });
      assert.deepEqual(
        folded,
        ["a", "a/", "c", "c/"].map((name) => prefix + name),
      );
      await store.delete(key("a"));
      await store.delete(key("c/d"));
      assert.deepEqual(await listed(store, { prefix }), [key("a/b"), key("c")]);
    },
  },
  {
    id: "P26-uncovered",
    promise: BESIDE,
    run: async ({ store, key, prefix }) => {
      for (const name of ["a", "a/b", "c/d", "c"]) await store.put(key(name), utf8(name));
      const names = await listed(store, { prefix });
      assert.ok(names.includes(key("a")) && names.includes(key("c")), `listed are ${names}`);
      await store.delete(key("a"));
      await store.delete(key("c"));
      assert.deepEqual(await listed(store, { prefix }), [key("a/b"), key("c/d")]);
    },
  },
];
