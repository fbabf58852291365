import assert from "node:assert/strict";
import type { Part, Upload } from "../multipart-store.js";
import {
  absent,
  expectCode,
  failure,
  joined,
  read,
  refused,
  sameBytes,
  taken,
  unchanged,
} from "./assertions.js";
import type { ContractCase } from "./case.js";
import { checksumOf, sampleBytes, utf8 } from "./sample.js";
import { abortedUpload, send, unknownUpload } from "./upload-acts.js";

const JOINED =
  "A completed upload has the bytes of its parts in order, its content type and its metadata.";
const ABSENT = "A complete with `when.absent` on a taken key is refused with `already-exists`.";
const MATCH =
  "A complete with `when.etag` replaces that version only, else it is refused with `precondition-failed`.";
const LEAVES =
  "A complete that is refused leaves no object behind, and its upload can still be aborted.";
const INVALID =
  "A complete without a part, with an unknown one, a wrong ETag or parts out of order is refused with `invalid-part`.";

const KEPT = { contentType: "text/csv", metadata: { a: "b", name: "é 住 🏠" } };
/** Uploads at once in a race. */
const UPLOADS = 6;

export const completeCases: readonly ContractCase[] = [
  {
    id: "U01",
    promise: JOINED,
    run: async ({ store, key, partBytes }) => {
      const bodies = [sampleBytes(partBytes, 1), sampleBytes(partBytes + 1, 2), utf8("tail")];
      const upload = asWrittenDown(await store.createUpload(key("object"), KEPT));
      const sent = await Promise.all(
        [11, 7, 3].map((partNumber, at) =>
          store.uploadPart(upload, partNumber, bodies[2 - at] ?? utf8("")),
        ),
      );
      const parts = sent.toReversed().map(asWrittenDown);
      const told = await store.completeUpload(upload, parts);
      const { bytes, info } = await read(store, key("object"));
      sameBytes(bytes, joined(bodies));
      assert.deepEqual(told, { size: info.size, etag: info.etag });
      assert.equal(info.contentType, KEPT.contentType);
      assert.deepEqual(info.metadata, KEPT.metadata);
      const range = { start: partBytes - 2, end: partBytes + 2 };
      sameBytes(
        (await read(store, key("object"), { range })).bytes,
        bytes.slice(range.start, range.end),
      );
    },
  },
  {
    id: "U08",
    promise: JOINED,
    run: async (context) => {
      const { store, key, partBytes } = context;
      const equal = sampleBytes(partBytes);
      const { upload, parts } = await send(context, key("object"), [equal, equal]);
      await store.completeUpload(upload, parts);
      sameBytes((await read(store, key("object"))).bytes, joined([equal, equal]));
    },
  },
  {
    id: "P05-parts",
    promise: JOINED,
    run: async (context) => {
      const { store, key, partBytes } = context;
      const [part, last] = [sampleBytes(partBytes, 3), sampleBytes(1, 4)];
      for (const bodies of [[part], [part, last], [part, part, last]]) {
        const { upload, parts } = await send(context, key("object"), bodies);
        const { size } = await store.completeUpload(upload, parts);
        assert.equal(size, joined(bodies).length);
        sameBytes((await read(store, key("object"))).bytes, joined(bodies));
      }
    },
  },
  {
    id: "U01-replaces",
    promise: JOINED,
    run: async (context) => {
      const { store, key } = context;
      await store.put(key("object"), utf8("old, and longer"), KEPT);
      const { upload, parts } = await send(context, key("object"), [utf8("new")]);
      await store.completeUpload(upload, parts);
      const { bytes, info } = await read(store, key("object"));
      sameBytes(bytes, utf8("new"));
      assert.equal(info.contentType, "application/octet-stream");
      assert.deepEqual(info.metadata, {});
    },
  },
  {
    id: "U01-some",
    promise: JOINED,
    run: async (context) => {
      const { store, key } = context;
      const { upload, parts } = await send(context, key("object"), [utf8("one"), utf8("two")]);
      const [, second] = parts;
      assert.ok(second !== undefined);
      await store.completeUpload(upload, [second]);
      sameBytes((await read(store, key("object"))).bytes, utf8("two"));
      assert.deepEqual(await taken(store.listUploads({ key: key("object") })), []);
    },
  },
  {
    id: "U01-alias",
    promise: JOINED,
    run: async ({ store, key }) => {
      const upload = await store.createUpload(key("object"));
      const buffer = Buffer.from("before");
      const part = await store.uploadPart(upload, 1, buffer);
      buffer.fill(0);
      await store.completeUpload(upload, [part]);
      await using object = await store.get(key("object"));
      for (const chunk of await taken(object.body)) chunk.fill(0);
      sameBytes((await read(store, key("object"))).bytes, utf8("before"));
    },
  },
  {
    id: "U12",
    promise: ABSENT,
    needs: ["conditions.complete"],
    run: async (context) => {
      const { store, key } = context;
      const when = { absent: true } as const;
      const first = await send(context, key("object"), [utf8("first")]);
      await store.completeUpload(first.upload, first.parts, { when });
      const before = await read(store, key("object"));
      const second = await send(context, key("object"), [utf8("second")]);
      const complete = store.completeUpload(second.upload, second.parts, { when });
      const error = await refused(complete, "already-exists");
      assert.equal(error.outcome, "not-applied");
      await unchanged(store, key("object"), before);
    },
  },
  {
    id: "U12-match",
    promise: MATCH,
    needs: ["conditions.complete"],
    run: async (context) => {
      const { store, key } = context;
      const { etag } = await store.put(key("object"), utf8("old"));
      const { upload, parts } = await send(context, key("object"), [utf8("new")]);
      await store.completeUpload(upload, parts, { when: { etag } });
      sameBytes((await read(store, key("object"))).bytes, utf8("new"));
    },
  },
  {
    id: "U12-stale",
    promise: MATCH,
    needs: ["conditions.complete"],
    run: async (context) => {
      const { store, key } = context;
      const { etag } = await store.put(key("object"), utf8("older"));
      await store.put(key("object"), utf8("old"));
      const before = await read(store, key("object"));
      for (const name of ["object", "free"]) {
        const { upload, parts } = await send(context, key(name), [utf8("new")]);
        const complete = store.completeUpload(upload, parts, { when: { etag } });
        const error = await refused(complete, "precondition-failed");
        assert.equal(error.outcome, "not-applied");
      }
      await unchanged(store, key("object"), before);
      await absent(store, key("free"));
    },
  },
  {
    id: "U13",
    promise: "Of many completes at once with `when.absent`, exactly one succeeds.",
    needs: ["conditions.complete"],
    run: async (context) => {
      const { store, key } = context;
      const bodies = Array.from({ length: UPLOADS }, (_, at) => sampleBytes(2_000, at + 1));
      const uploads = await Promise.all(bodies.map((body) => send(context, key("object"), [body])));
      const errors = await Promise.all(
        uploads.map(({ upload, parts }) =>
          failure(store.completeUpload(upload, parts, { when: { absent: true } })),
        ),
      );
      const winners = bodies.filter((_, at) => errors[at] === undefined);
      assert.equal(winners.length, 1, `${winners.length} of ${UPLOADS} completes succeed`);
      for (const error of errors) {
        if (error !== undefined) expectCode(error, "already-exists", "conflict");
      }
      sameBytes((await read(store, key("object"))).bytes, winners[0] ?? utf8(""));
    },
  },
  {
    id: "U14",
    promise: LEAVES,
    run: async (context) => {
      const { store, key } = context;
      const { upload, parts } = await send(context, key("object"), [utf8("bytes")]);
      const wrong = parts.map((part) => ({ ...part, etag: `0${part.etag.slice(1)}0` }));
      const error = await refused(store.completeUpload(upload, wrong), "invalid-part");
      assert.equal(error.outcome, "not-applied");
      await absent(store, key("object"));
      await store.abortUpload(upload);
      await refused(taken(store.listParts(upload)), "upload-not-found");
      assert.deepEqual(await taken(store.listUploads({ key: key("object") })), []);
      await absent(store, key("object"));
    },
  },
  {
    id: "U14-taken",
    promise: LEAVES,
    needs: ["conditions.complete"],
    run: async (context) => {
      const { store, key } = context;
      await store.put(key("object"), utf8("old"));
      const { upload, parts } = await send(context, key("object"), [utf8("new")]);
      const complete = store.completeUpload(upload, parts, { when: { absent: true } });
      await refused(complete, "already-exists");
      await store.abortUpload(upload);
      await refused(taken(store.listParts(upload)), "upload-not-found");
      await store.delete(key("object"));
      await absent(store, key("object"));
    },
  },
  {
    id: "U04",
    promise: INVALID,
    run: async (context) => {
      const { store, key } = context;
      const { upload, parts } = await send(context, key("object"), [utf8("bytes")]);
      const [part] = parts;
      assert.ok(part !== undefined);
      const other = await send(context, key("other"), [utf8("other")]);
      const lists: readonly (readonly Part[])[] = [
        [],
        [{ ...part, partNumber: 2 }],
        other.parts,
        [part, { ...part, partNumber: 3 }],
      ];
      for (const list of lists) await refused(store.completeUpload(upload, list), "invalid-part");
      await absent(store, key("object"));
      await store.completeUpload(upload, parts);
      sameBytes((await read(store, key("object"))).bytes, utf8("bytes"));
    },
  },
  {
    id: "U04-order",
    promise: INVALID,
    run: async (context) => {
      const { store, key, partBytes } = context;
      const bodies = [sampleBytes(partBytes), sampleBytes(partBytes, 2)];
      const { upload, parts } = await send(context, key("object"), bodies);
      const [one, two] = parts;
      assert.ok(one !== undefined && two !== undefined);
      for (const list of [
        [two, one],
        [one, one],
        [one, two, two],
        [one, two, one],
      ]) {
        await refused(store.completeUpload(upload, list), "invalid-part");
      }
      await absent(store, key("object"));
    },
  },
  {
    id: "U04-small",
    promise:
      "A part but the last that is smaller than the store's least is refused with `invalid-part`.",
    needs: ["minPartBytes"],
    run: async (context) => {
      const { store, key } = context;
      const least = store.facts.limits.minPartBytes;
      const bodies = [sampleBytes(least - 1), utf8("tail")];
      const { upload, parts } = await send(context, key("object"), bodies);
      await refused(store.completeUpload(upload, parts), "invalid-part");
      await absent(store, key("object"));
    },
  },
  {
    id: "U05",
    promise: "A complete of an unknown or aborted upload is refused with `upload-not-found`.",
    run: async (context) => {
      const { store, key } = context;
      const { upload, parts } = await send(context, key("object"), [utf8("bytes")]);
      await store.abortUpload(upload);
      for (const gone of [
        upload,
        unknownUpload(key("object")),
        await abortedUpload(context, key("object")),
      ]) {
        const complete = store.completeUpload(gone, parts);
        assert.ok((await refused(complete, "upload-not-found")).outcome !== undefined);
      }
      await absent(store, key("object"));
    },
  },
  {
    id: "U05-second",
    promise:
      "A second complete of an upload is answered as the first, or refused with `upload-not-found`.",
    run: async (context) => {
      const { store, key } = context;
      const { upload, parts } = await send(context, key("object"), [utf8("bytes")]);
      const first = await store.completeUpload(upload, parts);
      const error = await failure(
        store.completeUpload(upload, parts).then((second) => assert.deepEqual(second, first)),
      );
      if (error !== undefined) expectCode(error, "upload-not-found");
      sameBytes((await read(store, key("object"))).bytes, utf8("bytes"));
      await store.put(key("object"), utf8("newer"));
      await failure(store.completeUpload(upload, parts));
      sameBytes((await read(store, key("object"))).bytes, utf8("newer"));
    },
  },
  {
    id: "U21",
    promise: "The checksum given to a complete is kept, and told by head and get.",
    run: async (context) => {
      const { store, key, partBytes } = context;
      const bodies = [sampleBytes(partBytes), utf8("tail")];
      const checksum = checksumOf(joined(bodies));
      const options = { checksummed: true };
      const { upload, parts } = await send(context, key("object"), bodies, options);
      await store.completeUpload(upload, parts.map(asWrittenDown), { checksum });
      assert.deepEqual((await store.head(key("object"))).checksum, checksum);
      const { bytes, info } = await read(store, key("object"));
      assert.deepEqual(info.checksum, checksum);
      sameBytes(bytes, joined(bodies));
    },
  },
  {
    id: "U21-wrong",
    promise:
      "A complete whose bytes do not have the checksum given is refused with `checksum-mismatch`.",
    run: async (context) => {
      const { store, key } = context;
      const options = { checksummed: true };
      const { upload, parts } = await send(context, key("object"), [utf8("bytes")], options);
      const checksum = checksumOf(utf8("other bytes"));
      const complete = store.completeUpload(upload, parts, { checksum });
      const error = await refused(complete, "checksum-mismatch");
      assert.equal(error.outcome, "not-applied");
      await absent(store, key("object"));
      await store.abortUpload(upload);
      await absent(store, key("object"));
    },
  },
];

/** The same upload or part, as another process would read it from a file. */
function asWrittenDown<T extends Upload | Part>(data: T): T {
  return JSON.parse(JSON.stringify(data)) as T;
}
