import assert from "node:assert/strict";
import { refused } from "./assertions.js";
import type { ContractCase } from "./case.js";
import { utf8 } from "./sample.js";

const TELLS = "A head tells size, ETag, content type, metadata and the time of the last write.";
/** Milliseconds after which a time that is exact to the second is another. */
const SECOND_MS = 1_100;
/** Milliseconds by which a server's clock may differ from ours. */
const CLOCK_SKEW_MS = 120_000;

export const headCases: readonly ContractCase[] = [
  {
    id: "H01",
    promise: TELLS,
    run: async ({ store, key }) => {
      const before = Date.now();
      const { etag } = await store.put(key("object"), utf8("bytes"), {
        contentType: "text/csv",
        metadata: { a: "b" },
      });
      const { lastModified, ...info } = await store.head(key("object"));
      assert.deepEqual(
        { key: info.key, size: info.size, etag: info.etag, contentType: info.contentType },
        { key: key("object"), size: 5, etag, contentType: "text/csv" },
      );
      assert.deepEqual(info.metadata, { a: "b" });
      assert.ok(lastModified instanceof Date);
      const skew = Math.abs(lastModified.getTime() - before);
      assert.ok(skew < CLOCK_SKEW_MS, `the time told differs from ours by ${skew} ms`);
    },
  },
  {
    id: "H01-later",
    promise: TELLS,
    run: async ({ store, key }) => {
      await store.put(key("object"), utf8("first"));
      await store.put(key("other"), utf8("other"));
      const first = await store.head(key("object"));
      await new Promise((resolve) => setTimeout(resolve, SECOND_MS));
      await store.put(key("object"), utf8("second"));
      await store.copy(key("other"), key("copy"));
      for (const name of ["object", "copy"]) {
        const { lastModified } = await store.head(key(name));
        assert.ok(lastModified > first.lastModified, `${name} has the time of an earlier write`);
      }
      const { lastModified } = await store.head(key("other"));
      assert.ok(Math.abs(lastModified.getTime() - first.lastModified.getTime()) < SECOND_MS);
    },
  },
  {
    id: "H02",
    promise: "A head of a key without an object is refused with `not-found`.",
    run: async ({ store, key }) => {
      await store.put(key("folder/object"), utf8("bytes"));
      await refused(store.head(key("missing")), "not-found");
      await refused(store.head(key("folder")), "not-found");
      await refused(store.head(key("folder/object2")), "not-found");
    },
  },
];
