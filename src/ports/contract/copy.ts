import assert from "node:assert/strict";
import { absent, read, refused, sameBytes, unchanged } from "./assertions.js";
import type { ContractCase } from "./case.js";
import { sampleBytes, utf8 } from "./sample.js";

const SAME = "A copy has the bytes, content type and metadata of its source.";
const ABSENT = "A copy with `when.absent` onto a taken key is refused with `already-exists`.";
const MATCH =
  "A copy with `when.etag` replaces that version of its target only, else it is refused with `precondition-failed`.";
const SELF = "A copy onto itself changes no byte and no metadata.";

const KEPT = { contentType: "text/csv", metadata: { a: "b", name: "é 住 🏠" } };

export const copyCases: readonly ContractCase[] = [
  {
    id: "C01",
    promise: SAME,
    run: async ({ store, key }) => {
      const bytes = sampleBytes(3_000);
      await store.put(key("from"), bytes, KEPT);
      const source = await read(store, key("from"));
      const told = await store.copy(key("from"), key("deep/er/to"));
      const { bytes: copied, info } = await read(store, key("deep/er/to"));
      sameBytes(copied, bytes);
      assert.equal(info.contentType, KEPT.contentType);
      assert.deepEqual(info.metadata, KEPT.metadata);
      assert.deepEqual(told, { size: info.size, etag: info.etag });
      await unchanged(store, key("from"), source);
    },
  },
  {
    id: "C07",
    promise: SAME,
    run: async ({ store, key }) => {
      await store.put(key("from"), utf8("old"), KEPT);
      await store.copy(key("from"), key("to"));
      const copied = await read(store, key("to"));
      await store.put(key("from"), utf8("new"), { metadata: { other: "c" } });
      await unchanged(store, key("to"), copied);
      await store.delete(key("from"));
      await unchanged(store, key("to"), copied);
    },
  },
  {
    id: "C01-parts",
    promise: SAME,
    needs: ["multipart"],
    run: async ({ store, key }) => {
      const upload = await store.createUpload(key("from"), KEPT);
      const part = await store.uploadPart(upload, 1, utf8("sent in parts"));
      await store.completeUpload(upload, [part]);
      await store.copy(key("from"), key("to"));
      const { bytes, info } = await read(store, key("to"));
      sameBytes(bytes, utf8("sent in parts"));
      assert.equal(info.contentType, KEPT.contentType);
      assert.deepEqual(info.metadata, KEPT.metadata);
    },
  },
  {
    id: "C02",
    promise: "A copy replaces the object at its target.",
    run: async ({ store, key }) => {
      await store.put(key("from"), utf8("new"), { metadata: { a: "new" } });
      await store.put(key("to"), utf8("old, and longer"), {
        contentType: "text/plain",
        metadata: { a: "old", b: "old" },
      });
      await store.copy(key("from"), key("to"));
      const { bytes, info } = await read(store, key("to"));
      sameBytes(bytes, utf8("new"));
      assert.equal(info.contentType, "application/octet-stream");
      assert.deepEqual(info.metadata, { a: "new" });
    },
  },
  {
    id: "C04",
    promise: "A copy of a key without an object is refused with `not-found`.",
    run: async ({ store, key }) => {
      await refused(store.copy(key("missing"), key("to")), "not-found");
      await absent(store, key("to"));
      await refused(store.copy(key("missing"), key("missing")), "not-found");
      await store.put(key("to"), utf8("old"));
      const before = await read(store, key("to"));
      await refused(store.copy(key("missing"), key("to")), "not-found");
      await unchanged(store, key("to"), before);
    },
  },
  {
    id: "C03",
    promise: ABSENT,
    needs: ["conditions.copy"],
    run: async ({ store, key }) => {
      await store.put(key("from"), utf8("new"));
      const when = { absent: true } as const;
      await store.copy(key("from"), key("to"), { when });
      await store.put(key("from"), utf8("newer"));
      const before = await read(store, key("to"));
      await refused(store.copy(key("from"), key("to"), { when }), "already-exists");
      await unchanged(store, key("to"), before);
    },
  },
  {
    id: "C03-match",
    promise: MATCH,
    needs: ["conditions.copy"],
    run: async ({ store, key }) => {
      await store.put(key("from"), utf8("new"));
      const { etag } = await store.put(key("to"), utf8("old"));
      await store.copy(key("from"), key("to"), { when: { etag } });
      sameBytes((await read(store, key("to"))).bytes, utf8("new"));
    },
  },
  {
    id: "C03-stale",
    promise: MATCH,
    needs: ["conditions.copy"],
    run: async ({ store, key }) => {
      await store.put(key("from"), utf8("new"));
      const { etag } = await store.put(key("to"), utf8("older"));
      await store.put(key("to"), utf8("old"));
      const before = await read(store, key("to"));
      const when = { etag };
      await refused(store.copy(key("from"), key("to"), { when }), "precondition-failed");
      await unchanged(store, key("to"), before);
      await refused(store.copy(key("from"), key("free"), { when }), "precondition-failed");
      await absent(store, key("free"));
    },
  },
  {
    id: "C05",
    promise: SELF,
    run: async ({ store, key }) => {
      await store.put(key("object"), sampleBytes(3_000), KEPT);
      const told = await store.copy(key("object"), key("object"));
      const { bytes, info } = await read(store, key("object"));
      sameBytes(bytes, sampleBytes(3_000));
      assert.equal(info.contentType, KEPT.contentType);
      assert.deepEqual(info.metadata, KEPT.metadata);
      assert.deepEqual(told, { size: info.size, etag: info.etag });
    },
  },
];
