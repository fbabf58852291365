import assert from "node:assert/strict";
import { MAX_METADATA_BYTES, type Metadata, metadataBytes } from "../../domain/metadata.js";
import { absent, read, refused, sameBytes, taken } from "./assertions.js";
import type { ContractCase } from "./case.js";
import { utf8 } from "./sample.js";
import { send } from "./upload-acts.js";

const ROUND_TRIP = "What was put is what is got: bytes, content type and metadata, byte for byte.";
const UNICODE = "Metadata values of any Unicode come back unchanged.";
const REFUSED = "Metadata that breaks a rule is refused with `invalid-metadata` before any I/O.";

/** Values that a header cannot carry, or that somebody on the way changes. */
const VALUES: Metadata = {
  ascii: "plain text_1.csv",
  latin: "éàü ÿ",
  cjk: "住宅データ.csv",
  emoji: "🏠📈",
  mixed: "a é 住 🏠 z",
  nfd: "e\u0301",
  empty: "",
  space: " ",
  "spaces-around": "  a  ",
  "spaces-within": "a    b",
  tab: "a\tb",
  percent: "100%25 %41 %zz",
  plus: "a+b",
  quotes: `"a" 'b' \`c\``,
  separators: "a,b;c=d:e\\f",
  rfc2047: "=?UTF-8?Q?a?=",
  rfc8187: "UTF-8''a%20b",
  constructor: "a name that every object of JavaScript has",
  "utf-16-edge": "\uffee\u{10ffff}",
  "c1.and_del": "\u0080\u009f\u007f",
};

/** Metadata that breaks one rule each. */
const BROKEN: readonly Metadata[] = [
  { "": "a" },
  { Upper: "a" },
  { "with space": "a" },
  { "line\nbreak": "a" },
  { é: "a" },
  { "-begins": "a" },
  { "x-amz-acl": "public-read" },
  { value: "line\r\nbreak" },
  { value: "nul\0" },
  { value: "half \ud83d" },
  { value: 1 as unknown as string },
  filled(MAX_METADATA_BYTES + 1),
];

export const metadataCases: readonly ContractCase[] = [
  {
    id: "M02",
    promise: UNICODE,
    run: async ({ store, key }) => {
      for (const [name, value] of Object.entries(VALUES)) {
        await store.put(key("object"), utf8(name), { metadata: { [name]: value } });
        assert.deepEqual((await store.head(key("object"))).metadata, { [name]: value });
      }
      const { info } = await read(store, key("object"));
      assert.deepEqual(info.metadata, { "c1.and_del": VALUES["c1.and_del"] });
    },
  },
  {
    id: "M02-together",
    promise: UNICODE,
    run: async ({ store, key }) => {
      await store.put(key("object"), utf8("bytes"), { metadata: VALUES });
      assert.deepEqual({ ...(await store.head(key("object"))).metadata }, { ...VALUES });
      await store.copy(key("object"), key("copy"));
      assert.deepEqual({ ...(await store.head(key("copy"))).metadata }, { ...VALUES });
    },
  },
  {
    id: "M05",
    promise: ROUND_TRIP,
    run: async ({ store, key }) => {
      const metadata = filled(MAX_METADATA_BYTES);
      await store.put(key("object"), utf8("bytes"), { metadata });
      assert.deepEqual((await store.head(key("object"))).metadata, metadata);
    },
  },
  {
    id: "M05-names",
    promise: ROUND_TRIP,
    run: async ({ store, key }) => {
      // Fifty small entries, and one of two-byte characters that fills what is left.
      const few = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`name-${at}`, "v"]));
      const room = MAX_METADATA_BYTES - metadataBytes({ ...few, last: "é" });
      const metadata = { ...few, last: `é${"x".repeat(room)}` };
      assert.equal(metadataBytes(metadata), MAX_METADATA_BYTES);
      await store.put(key("object"), utf8("bytes"), { metadata });
      assert.deepEqual({ ...(await store.head(key("object"))).metadata }, metadata);
      const more = { ...metadata, last: `${metadata.last}x` };
      await refused(store.put(key("object"), utf8("more"), { metadata: more }), "invalid-metadata");
      sameBytes((await read(store, key("object"))).bytes, utf8("bytes"));
    },
  },
  {
    id: "M07",
    promise:
      "A completed upload has the bytes of its parts in order, its content type and its metadata.",
    needs: ["multipart"],
    run: async (context) => {
      const { store, key } = context;
      for (const metadata of [VALUES, filled(MAX_METADATA_BYTES)]) {
        const { upload, parts } = await send(context, key("object"), [utf8("bytes")], { metadata });
        await store.completeUpload(upload, parts);
        assert.deepEqual({ ...(await store.head(key("object"))).metadata }, { ...metadata });
      }
    },
  },
  {
    id: "M04",
    promise: REFUSED,
    run: async ({ store, key }) => {
      const metadata = { name: "one", Name: "two" };
      await refused(store.put(key("object"), utf8("bytes"), { metadata }), "invalid-metadata");
      await absent(store, key("object"));
    },
  },
  {
    id: "M03",
    promise: REFUSED,
    run: async ({ store, key }) => {
      for (const metadata of BROKEN) {
        const error = await refused(
          store.put(key("object"), utf8("bytes"), { metadata }),
          "invalid-metadata",
        );
        assert.equal(error.outcome, "not-applied");
      }
      await absent(store, key("object"));
    },
  },
  {
    id: "M03-upload",
    promise: REFUSED,
    needs: ["multipart"],
    run: async ({ store, key }) => {
      for (const metadata of BROKEN) {
        await refused(store.createUpload(key("object"), { metadata }), "invalid-metadata");
      }
      assert.deepEqual(await taken(store.listUploads({ key: key("object") })), []);
    },
  },
  {
    id: "M03-no-io",
    promise: REFUSED,
    needs: ["bucket"],
    run: async ({ key, withoutBucket }) => {
      const store = await withoutBucket();
      assert.ok(store !== undefined);
      for (const metadata of BROKEN) {
        await refused(store.put(key("object"), utf8("bytes"), { metadata }), "invalid-metadata");
      }
    },
  },
  {
    id: "M03-no-io-upload",
    promise: REFUSED,
    needs: ["multipart", "bucket"],
    run: async ({ key, withoutBucket }) => {
      const store = await withoutBucket();
      assert.ok(store !== undefined);
      for (const metadata of BROKEN) {
        await refused(store.createUpload(key("object"), { metadata }), "invalid-metadata");
      }
    },
  },
];

/** Metadata that takes so many bytes as headers. */
function filled(bytes: number): Metadata {
  const rest = bytes - metadataBytes({ fill: "v" });
  return { fill: `v${"v".repeat(rest)}` };
}
