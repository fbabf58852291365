import assert from "node:assert/strict";
import type { ByteRange } from "../../domain/range.js";
import { failure, joined, read, refused, sameBytes } from "./assertions.js";
import type { ContractCase } from "./case.js";
import { checksumOf, sampleBytes, utf8 } from "./sample.js";

const ROUND_TRIP = "What was put is what is got: bytes, content type and metadata, byte for byte.";
const WHOLE = "A reader finds the old object or the new one, never a mixture and never a part.";
const RANGE =
  "A range gives its bytes alone, `end` excluded and what lies past the object's end left out.";
const SUFFIX = "A suffix gives the last bytes, or all when there are fewer.";
const PAST = "A range that begins at or past the end is refused with `range-not-satisfiable`.";
const MALFORMED = "A range that is malformed is refused with `invalid-argument` before any I/O.";
const MATCH =
  "A get with `when.etag` reads that version only, else it is refused with `precondition-failed`.";
const OLD_BYTES =
  "An object that is replaced while it is read gives its old bytes to the end, or the read fails.";
const LET_GO = "A body that is left early lets go of what it held.";

const SIZE = 1_000;
/** Small objects read at once: more than a process may have open, where it may have few. */
const MANY_READS = 1_000;
/** Bodies left one after the other: more than a client has sockets. */
const LEFT_BODIES = 120;

const MALFORMED_RANGES: readonly ByteRange[] = [
  { start: 5, end: 5 },
  { start: 5, end: 4 },
  { start: -1 },
  { start: 0, end: 0 },
  { start: 0.5 },
  { start: 0, end: 1.5 },
  { start: Number.NaN },
  { suffix: 0 },
  { suffix: -1 },
  { suffix: 1.5 },
];

export const getCases: readonly ContractCase[] = [
  {
    id: "G05",
    promise: "A get of a key without an object is refused with `not-found`.",
    run: async ({ store, key }) => {
      await refused(store.get(key("missing")), "not-found");
      await refused(store.get(key("missing"), { range: { start: 0 } }), "not-found");
    },
  },
  {
    id: "G07",
    promise: "A get of a key without an object is refused with `not-found`.",
    run: async ({ store, key }) => {
      await store.put(key("folder/object"), utf8("bytes"));
      for (const name of ["folder", "folder/object/below", "folder/obj", "folder/object."]) {
        await refused(store.get(key(name)), "not-found");
      }
    },
  },
  {
    id: "G02",
    promise: RANGE,
    run: async ({ store, key }) => {
      const bytes = sampleBytes(SIZE);
      await store.put(key("object"), bytes);
      const ends = [1, 2, 10, 11, 500, SIZE - 1, SIZE, SIZE + 1, 10 * SIZE, undefined];
      for (const start of [0, 1, 10, 499, SIZE - 1]) {
        for (const end of ends) {
          if (end !== undefined && end <= start) continue;
          const got = await read(store, key("object"), { range: { start, end } });
          sameBytes(got.bytes, bytes.slice(start, end));
        }
      }
    },
  },
  {
    id: "G03",
    promise: RANGE,
    run: async ({ store, key }) => {
      const bytes = sampleBytes(1_000_000);
      await store.put(key("object"), bytes);
      const reads = Array.from({ length: 64 }, async (_, at) => {
        const range = { start: at * 15_625, end: at * 15_625 + 1 + at * 997 };
        const got = await read(store, key("object"), { range });
        sameBytes(got.bytes, bytes.slice(range.start, range.end));
      });
      await Promise.all(reads);
    },
  },
  {
    id: "G02-suffix",
    promise: SUFFIX,
    run: async ({ store, key }) => {
      const bytes = sampleBytes(SIZE);
      await store.put(key("object"), bytes);
      for (const suffix of [1, 2, 500, SIZE - 1, SIZE, SIZE + 1, 10 * SIZE]) {
        const got = await read(store, key("object"), { range: { suffix } });
        sameBytes(got.bytes, bytes.slice(-suffix));
      }
    },
  },
  {
    id: "G02-past",
    promise: PAST,
    run: async ({ store, key }) => {
      await store.put(key("object"), sampleBytes(SIZE));
      await store.put(key("empty"), new Uint8Array(0));
      for (const start of [SIZE, SIZE + 1, 10 * SIZE]) {
        const ranges: ByteRange[] = [{ start }, { start, end: start + 1 }];
        for (const range of ranges) {
          await refused(store.get(key("object"), { range }), "range-not-satisfiable");
        }
      }
      await refused(store.get(key("empty"), { range: { start: 1 } }), "range-not-satisfiable");
    },
  },
  {
    id: "G04",
    promise: "An object of no bytes may be read from 0.",
    run: async ({ store, key }) => {
      await store.put(key("empty"), new Uint8Array(0), { metadata: { a: "b" } });
      for (const range of [{ start: 0 }, { start: 0, end: 10 }, { suffix: 10 }]) {
        const got = await read(store, key("empty"), { range });
        assert.deepEqual([got.bytes.length, got.info.size], [0, 0]);
        assert.deepEqual(got.info.metadata, { a: "b" });
      }
    },
  },
  {
    id: "G02-malformed",
    promise: MALFORMED,
    run: async ({ store, key }) => {
      for (const range of MALFORMED_RANGES) {
        await refused(store.get(key("missing"), { range }), "invalid-argument");
      }
    },
  },
  {
    id: "G15",
    promise: "The info of a ranged get is that of the whole object.",
    run: async ({ store, key }) => {
      const bytes = sampleBytes(SIZE);
      await store.put(key("object"), bytes, {
        contentType: "text/csv",
        metadata: { a: "b" },
        checksum: checksumOf(bytes),
      });
      const head = await store.head(key("object"));
      const whole = await read(store, key("object"));
      assert.deepEqual(whole.info, head);
      for (const range of [{ start: 10, end: 20 }, { start: 999 }, { suffix: 3 }, { start: 0 }]) {
        const { info } = await read(store, key("object"), { range });
        // A server may tell the checksum of a whole object with the whole object alone.
        assert.deepEqual({ ...info, checksum: info.checksum ?? head.checksum }, head);
      }
    },
  },
  {
    id: "G06",
    promise: MATCH,
    run: async ({ store, key }) => {
      const first = await store.put(key("object"), utf8("first"));
      const got = await read(store, key("object"), { when: { etag: first.etag } });
      sameBytes(got.bytes, utf8("first"));
      await store.put(key("object"), utf8("second"));
      const when = { etag: first.etag };
      await refused(store.get(key("object"), { when }), "precondition-failed");
      await refused(store.get(key("object"), { when, range: { start: 1 } }), "precondition-failed");
    },
  },
  {
    id: "G10",
    promise: OLD_BYTES,
    run: async ({ store, key }) => {
      const [old, replacement] = [sampleBytes(4_194_304, 1), sampleBytes(4_194_304, 2)];
      await store.put(key("object"), old);
      await using object = await store.get(key("object"));
      const chunks: Uint8Array[] = [];
      const failed = await failure(
        (async () => {
          for await (const chunk of object.body) {
            if (chunks.length === 0) await store.put(key("object"), replacement);
            chunks.push(chunk);
          }
        })(),
      );
      if (failed === undefined) sameBytes(joined(chunks), old);
      sameBytes((await read(store, key("object"))).bytes, replacement);
    },
  },
  {
    id: "G11",
    promise: WHOLE,
    run: async ({ store, key }) => {
      const bytes = sampleBytes(4_194_304);
      await store.put(key("object"), bytes);
      await using object = await store.get(key("object"));
      const chunks: Uint8Array[] = [];
      const failed = await failure(
        (async () => {
          for await (const chunk of object.body) {
            if (chunks.length === 0) await store.delete(key("object"));
            chunks.push(chunk);
          }
        })(),
      );
      if (failed === undefined) sameBytes(joined(chunks), bytes);
      await refused(store.get(key("object")), "not-found");
    },
  },
  {
    id: "G08",
    promise: LET_GO,
    run: async ({ store, key }) => {
      await store.put(key("object"), sampleBytes(262_144));
      for (let body = 0; body < LEFT_BODIES; body += 2) {
        const broken = await store.get(key("object"));
        for await (const chunk of broken.body) {
          assert.ok(chunk.length > 0);
          break;
        }
        await using unread = await store.get(key("object"));
        assert.equal(unread.info.size, 262_144);
      }
      sameBytes((await read(store, key("object"))).bytes, sampleBytes(262_144));
    },
  },
  {
    id: "G13",
    promise: ROUND_TRIP,
    run: async ({ store, key }) => {
      const bytes = sampleBytes(200_000);
      await store.put(key("object"), bytes);
      const reads = Array.from({ length: 10 }, () => read(store, key("object")));
      for (const got of await Promise.all(reads)) sameBytes(got.bytes, bytes);
    },
  },
  {
    id: "G13-in-turns",
    promise: ROUND_TRIP,
    run: async ({ store, key }) => {
      const [one, two] = [sampleBytes(500_000, 1), sampleBytes(500_000, 2)];
      await store.put(key("one"), one);
      await store.put(key("two"), two);
      await using first = await store.get(key("one"));
      await using second = await store.get(key("two"));
      await using left = await store.get(key("one"));
      const bodies = [first, second].map(({ body }) => body[Symbol.asyncIterator]());
      const chunks: Uint8Array[][] = [[], []];
      for (let open = bodies.length; open > 0; ) {
        open = 0;
        for (const [at, body] of bodies.entries()) {
          const { done, value } = await body.next();
          if (done === true) continue;
          chunks[at]?.push(value);
          open += 1;
        }
        await left[Symbol.asyncDispose]();
      }
      sameBytes(joined(chunks[0] ?? []), one);
      sameBytes(joined(chunks[1] ?? []), two);
    },
  },
  {
    id: "G16",
    promise: LET_GO,
    run: async ({ store, key }) => {
      for (let at = 0; at < 10; at++) await store.put(key(`of-${at}`), utf8(`object ${at}`));
      const reads = Array.from({ length: MANY_READS }, async (_, at) => {
        const { bytes } = await read(store, key(`of-${at % 10}`));
        sameBytes(bytes, utf8(`object ${at % 10}`));
      });
      await Promise.all(reads);
    },
  },
];
