import assert from "node:assert/strict";
import { refused } from "./assertions.js";
import type { ContractCase } from "./case.js";
import { utf8 } from "./sample.js";

const TELLS = "A head tells size, ETag, content type, metadata and the time of the last write.";
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
