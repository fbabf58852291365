import assert from "node:assert/strict";
import type { Part, UploadFilter } from "../multipart-store.js";
import type { Store } from "../store.js";
import { refused, taken } from "./assertions.js";
import type { ContractCase } from "./case.js";
import { sampleBytes, utf8 } from "./sample.js";
import { abortedUpload, send, unknownUpload } from "./upload-acts.js";

const PARTS = "A list of parts tells number, size and ETag of each part, over any number of pages.";
const IN_PROGRESS =
  "An upload in progress is listed under its key, until it is completed or aborted.";

/** More parts than a server lists in one page. */
const MANY_PARTS = 1_001;
/** Parts sent at once. */
const AT_ONCE = 16;

export const uploadListCases: readonly ContractCase[] = [
  {
    id: "U09",
    promise: PARTS,
    run: async ({ store, key }) => {
      const upload = await store.createUpload(key("object"));
      assert.deepEqual(await taken(store.listParts(upload)), []);
      const sent: Part[] = [];
      for (const partNumber of [700, 2, 31]) {
        sent.unshift(await store.uploadPart(upload, partNumber, sampleBytes(partNumber)));
      }
      sent.sort((a, b) => a.partNumber - b.partNumber);
      assert.deepEqual((await taken(store.listParts(upload))).map(facts), sent.map(facts));
      assert.deepEqual(
        sent.map(({ partNumber, size }) => [partNumber, size]),
        [2, 31, 700].map((n) => [n, n]),
      );
    },
  },
  {
    id: "U09-pages",
    promise: PARTS,
    run: async ({ store, key }) => {
      const upload = await store.createUpload(key("object"));
      const sent: Part[] = [];
      let next = 1;
      const sender = async (): Promise<void> => {
        for (let number = next++; number <= MANY_PARTS; number = next++) {
          sent.push(await store.uploadPart(upload, number, utf8(String(number))));
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, sender));
      sent.sort((a, b) => a.partNumber - b.partNumber);
      assert.deepEqual((await taken(store.listParts(upload))).map(facts), sent.map(facts));
    },
  },
  {
    id: "U05-list",
    promise: "A list of the parts of an unknown upload is refused with `upload-not-found`.",
    run: async (context) => {
      const { store, key } = context;
      for (const upload of [
        unknownUpload(key("object")),
        await abortedUpload(context, key("object")),
      ]) {
        await refused(taken(store.listParts(upload)), "upload-not-found");
      }
    },
  },
  {
    id: "U20",
    promise: IN_PROGRESS,
    run: async (context) => {
      const { store, key } = context;
      const of = { key: key("object") };
      assert.deepEqual(await ids(store, of), []);
      const completed = await send(context, key("object"), [utf8("one")]);
      const aborted = await send(context, key("object"), []);
      const [summary] = await taken(store.listUploads(of));
      assert.equal(summary?.key, key("object"));
      assert.ok(summary.startedAt instanceof Date && !Number.isNaN(summary.startedAt.getTime()));
      const both = [completed.upload.uploadId, aborted.upload.uploadId];
      assert.deepEqual(await ids(store, of), both.toSorted());
      await store.abortUpload(aborted.upload);
      assert.deepEqual(await ids(store, of), [completed.upload.uploadId]);
      await store.completeUpload(completed.upload, completed.parts);
      assert.deepEqual(await ids(store, of), []);
    },
  },
  {
    id: "U20-key",
    promise: IN_PROGRESS,
    run: async (context) => {
      const { store, key } = context;
      const uploads = new Map<string, string>();
      for (const name of ["a", "a.csv", "ab", "A"]) {
        uploads.set(name, (await context.store.createUpload(key(name))).uploadId);
      }
      for (const [name, uploadId] of uploads) {
        assert.deepEqual(await ids(store, { key: key(name) }), [uploadId]);
      }
    },
  },
  {
    id: "U22",
    promise: "A list of uploads by prefix gives those whose keys begin with it.",
    needs: ["listUploads.prefix"],
    run: async (context) => {
      const { store, key, prefix } = context;
      const begun: string[] = [];
      for (const name of ["user_1/a", "user_1/a", "user_1/b", "user_10/a"]) {
        begun.push((await context.store.createUpload(key(name))).uploadId);
      }
      assert.deepEqual(await ids(store, { prefix }), begun.toSorted());
      assert.deepEqual(
        await ids(store, { prefix: `${prefix}user_1/` }),
        begun.slice(0, 3).toSorted(),
      );
      const user = { prefix: `${prefix}user_1` };
      assert.deepEqual(await ids(store, user), begun.toSorted());
      assert.deepEqual(await ids(store, { prefix: `${prefix}user_2/` }), []);
    },
  },
  {
    id: "U22-refused",
    promise: "A store that lists uploads of one key alone refuses a prefix with `unsupported`.",
    needs: ["!listUploads.prefix"],
    run: async ({ store, prefix, withoutBucket }) => {
      await refused(taken(store.listUploads({ prefix })), "unsupported");
      const bare = await withoutBucket();
      if (bare !== undefined) await refused(taken(bare.listUploads({ prefix })), "unsupported");
    },
  },
];

function facts({ partNumber, size, etag }: Part): Omit<Part, "checksum"> {
  return { partNumber, size, etag };
}

/** The ids of the uploads listed, sorted: their order is not promised. */
async function ids(store: Store, of: UploadFilter): Promise<string[]> {
  return (await taken(store.listUploads(of))).map(({ uploadId }) => uploadId).sort();
}
