import assert from "node:assert/strict";
import type { Encryption } from "../object-store.js";
import { absent, listed, read, refused, sameBytes, taken, unchanged } from "./assertions.js";
import type { ContractCase } from "./case.js";
import { checksumOf, sampleBytes, utf8 } from "./sample.js";
import { abortedUpload, send, unknownUpload } from "./upload-acts.js";

const OWN_PARTS = "Two uploads of one key have ids of their own, and their parts are never mixed.";
const NUMBERS =
  "A part number outside 1 to the store's most is refused with `invalid-argument` before any I/O.";
const ABORTED = "After an abort, nothing is listed of the upload and no object appears.";

export const multipartCases: readonly ContractCase[] = [
  {
    id: "P10",
    promise: "An upload that is not complete shows nothing under its key.",
    run: async (context) => {
      const { store, key, prefix } = context;
      await send(context, key("new"), [utf8("part")]);
      await absent(store, key("new"));
      await store.put(key("old"), utf8("old"), { metadata: { a: "old" } });
      const before = await read(store, key("old"));
      await send(context, key("old"), [utf8("part")], { metadata: { a: "new" } });
      await unchanged(store, key("old"), before);
      assert.deepEqual(await listed(store, { prefix }), [key("old")]);
    },
  },
  {
    id: "U02",
    promise: OWN_PARTS,
    run: async (context) => {
      const { store, key } = context;
      const one = await send(context, key("object"), [utf8("one")], { metadata: { of: "one" } });
      const two = await send(context, key("object"), [utf8("two")], { metadata: { of: "two" } });
      assert.notEqual(one.upload.uploadId, two.upload.uploadId);
      await refused(store.completeUpload(one.upload, two.parts), "invalid-part");
      await store.completeUpload(two.upload, two.parts);
      const second = await read(store, key("object"));
      sameBytes(second.bytes, utf8("two"));
      assert.deepEqual(second.info.metadata, { of: "two" });
      await store.completeUpload(one.upload, one.parts);
      const first = await read(store, key("object"));
      sameBytes(first.bytes, utf8("one"));
      assert.deepEqual(first.info.metadata, { of: "one" });
    },
  },
  {
    id: "U02-mixed",
    promise: OWN_PARTS,
    run: async ({ store, key, partBytes }) => {
      const bodies = [sampleBytes(partBytes, 1), sampleBytes(partBytes, 2)];
      const uploads = [
        await store.createUpload(key("object")),
        await store.createUpload(key("object")),
      ];
      const parts = await Promise.all(
        uploads.map(async (upload, at) => {
          const bytes = bodies[at] ?? utf8("");
          const head = await store.uploadPart(upload, 1, bytes);
          return [head, await store.uploadPart(upload, 2, utf8(`tail ${at}`))];
        }),
      );
      for (const [at, upload] of uploads.entries()) {
        await store.completeUpload(upload, parts[at] ?? []);
        const { bytes } = await read(store, key("object"));
        sameBytes(bytes.subarray(0, partBytes), bodies[at] ?? utf8(""));
        sameBytes(bytes.subarray(partBytes), utf8(`tail ${at}`));
      }
    },
  },
  encrypted("AES256"),
  encrypted("aws:kms"),
  {
    id: "U03",
    promise: "A part sent again replaces the one of its number.",
    run: async ({ store, key }) => {
      const upload = await store.createUpload(key("object"));
      const first = await store.uploadPart(upload, 1, utf8("first"));
      const again = await store.uploadPart(upload, 1, utf8("second one"));
      const parts = await taken(store.listParts(upload));
      assert.deepEqual(
        parts.map(({ partNumber, size, etag }) => ({ partNumber, size, etag })),
        [{ partNumber: 1, size: 10, etag: again.etag }],
      );
      await refused(store.completeUpload(upload, [first]), "invalid-part");
      await store.completeUpload(upload, [again]);
      sameBytes((await read(store, key("object"))).bytes, utf8("second one"));
    },
  },
  {
    id: "U11",
    promise:
      "A part whose bytes do not have the checksum given is refused with `checksum-mismatch`.",
    run: async ({ store, key }) => {
      const upload = await store.createUpload(key("object"), { checksummed: true });
      const checksum = checksumOf(utf8("good"));
      await refused(store.uploadPart(upload, 1, utf8("bad!"), { checksum }), "checksum-mismatch");
      assert.deepEqual(await taken(store.listParts(upload)), []);
      const part = await store.uploadPart(upload, 1, utf8("good"), { checksum });
      await refused(store.uploadPart(upload, 1, utf8("bad!"), { checksum }), "checksum-mismatch");
      assert.equal((await taken(store.listParts(upload)))[0]?.etag, part.etag);
    },
  },
  {
    id: "U11-told",
    promise:
      "A store that tells the checksums of parts does so of each, given or not, at once and in the list.",
    needs: ["tellsPartChecksums"],
    run: async ({ store, key }) => {
      const upload = await store.createUpload(key("object"), { checksummed: true });
      const head = sampleBytes(store.facts.limits.minPartBytes + 1);
      const tail = utf8("tail");
      const checksums = [head, tail].map(checksumOf);
      const parts = [
        await store.uploadPart(upload, 1, head),
        await store.uploadPart(upload, 2, tail, { checksum: checksums[1] }),
      ];
      assert.deepEqual(
        parts.map(({ checksum }) => checksum),
        checksums,
      );
      const listed = await taken(store.listParts(upload));
      assert.deepEqual(
        listed.map(({ checksum }) => checksum),
        checksums,
      );
    },
  },
  {
    id: "U06",
    promise: NUMBERS,
    run: async ({ store, key }) => {
      const { maxParts } = store.facts.limits;
      for (const partNumber of [0, -1, 1.5, Number.NaN, maxParts + 1]) {
        await refused(
          store.uploadPart(unknownUpload(key("object")), partNumber, utf8("bytes")),
          "invalid-argument",
        );
      }
    },
  },
  {
    id: "U06-last",
    promise: NUMBERS,
    run: async ({ store, key }) => {
      const upload = await store.createUpload(key("object"));
      const part = await store.uploadPart(upload, store.facts.limits.maxParts, utf8("last"));
      await store.completeUpload(upload, [part]);
      sameBytes((await read(store, key("object"))).bytes, utf8("last"));
    },
  },
  {
    id: "U05-part",
    promise: "A part of an unknown upload is refused with `upload-not-found`.",
    run: async (context) => {
      const { store, key } = context;
      const other = await context.store.createUpload(key("other"));
      for (const upload of [
        unknownUpload(key("object")),
        await abortedUpload(context, key("object")),
        { ...other, key: key("object") },
      ]) {
        await refused(store.uploadPart(upload, 1, utf8("bytes")), "upload-not-found");
      }
    },
  },
  {
    id: "P17",
    promise: ABORTED,
    run: async (context) => {
      const { store, key } = context;
      for (const bodies of [[], [utf8("part")], [sampleBytes(context.partBytes), utf8("part")]]) {
        const { upload } = await send(context, key("object"), bodies);
        await store.abortUpload(upload);
        await refused(taken(store.listParts(upload)), "upload-not-found");
        assert.deepEqual(await taken(store.listUploads({ key: key("object") })), []);
        await absent(store, key("object"));
      }
    },
  },
  {
    id: "P17-others",
    promise: ABORTED,
    run: async (context) => {
      const { store, key } = context;
      await store.put(key("object"), utf8("old"));
      const before = await read(store, key("object"));
      const dropped = await send(context, key("object"), [utf8("dropped")]);
      const kept = await send(context, key("object"), [utf8("kept")]);
      await store.abortUpload(dropped.upload);
      await unchanged(store, key("object"), before);
      const left = await taken(store.listUploads({ key: key("object") }));
      assert.deepEqual(
        left.map(({ uploadId }) => uploadId),
        [kept.upload.uploadId],
      );
      await store.completeUpload(kept.upload, kept.parts);
      sameBytes((await read(store, key("object"))).bytes, utf8("kept"));
    },
  },
  {
    id: "P15",
    promise: "To abort an unknown upload is no error, so an abort may be repeated.",
    run: async (context) => {
      const { store, key } = context;
      await store.abortUpload(unknownUpload(key("object")));
      await store.abortUpload(await abortedUpload(context, key("object")));
      const { upload, parts } = await send(context, key("object"), [utf8("bytes")]);
      await store.completeUpload(upload, parts);
      await store.abortUpload(upload);
      sameBytes((await read(store, key("object"))).bytes, utf8("bytes"));
    },
  },
];

function encrypted(algorithm: Encryption["algorithm"]): ContractCase {
  return {
    id: `U30-${algorithm}`,
    promise:
      "A complete told of the encryption asked for resolves only when the store has confirmed it.",
    needs: [`encryption.${algorithm}`],
    run: async (context) => {
      const { store, key } = context;
      const encryption = { algorithm };
      const { upload, parts } = await send(context, key("object"), [utf8("bytes")], { encryption });
      await store.completeUpload(upload, parts, { encryption });
      assert.equal((await store.head(key("object"))).encryption, algorithm);
      sameBytes((await read(store, key("object"))).bytes, utf8("bytes"));
    },
  };
}
