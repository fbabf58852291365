import assert from "node:assert/strict";
import type { ObjectKey } from "../../domain/object-key.js";
import type { Part } from "../multipart-store.js";
import type { Store } from "../store.js";
import { absent, expectCode, failure, listed, read, sameBytes, taken } from "./assertions.js";
import type { ContractCase, ContractContext } from "./case.js";
import { sampleBytes, utf8 } from "./sample.js";
import { send } from "./upload-acts.js";

/** Calls at once in a race. */
const RACERS = 6;
const ROUNDS = 3;
/** Keys written and read at once. */
const KEYS = 20;

/** What happens when calls of several kinds, or of one upload, come at once. */
export const raceCases: readonly ContractCase[] = [
  {
    id: "E08-keys",
    promise: "Once a write resolves, every later get, head and list sees it.",
    run: async ({ store, key, prefix }) => {
      const names = Array.from({ length: KEYS }, (_, at) => `object-${at}`);
      const work = async (name: string, at: number): Promise<void> => {
        for (let round = 0; round < ROUNDS; round++) {
          const bytes = sampleBytes(1_000 + at, 100 * round + at);
          await store.put(key(name), bytes, { metadata: { of: `${name} in round ${round}` } });
          const got = await read(store, key(name));
          sameBytes(got.bytes, bytes);
          assert.deepEqual(got.info.metadata, { of: `${name} in round ${round}` });
        }
      };
      await Promise.all(names.map(work));
      assert.deepEqual(await listed(store, { prefix }), names.map(key).toSorted());
    },
  },
  {
    id: "C12",
    promise: "A copy has the bytes, content type and metadata of its source.",
    run: async ({ store, key }) => {
      const write = (version: number): Promise<unknown> =>
        store.put(key("from"), sampleBytes(150_000 + version, version + 1), {
          contentType: `text/v${version}`,
          metadata: { version: String(version) },
        });
      await write(0);
      for (let round = 0; round < ROUNDS; round++) {
        const copies = [1, 2, 3].map(async (target) => {
          // A source that was replaced meanwhile may refuse its copy; it may not give a mixture.
          const error = await failure(store.copy(key("from"), key(`to-${target}`)));
          if (error !== undefined) return expectCode(error, "conflict", "precondition-failed");
          const { bytes, info } = await read(store, key(`to-${target}`));
          const version = Number(info.metadata["version"]);
          assert.equal(info.contentType, `text/v${version}`);
          sameBytes(bytes, sampleBytes(150_000 + version, version + 1));
          return undefined;
        });
        await Promise.all([...copies, write(round + 1)]);
      }
    },
  },
  {
    id: "C03-race",
    promise: "A copy with `when.absent` onto a taken key is refused with `already-exists`.",
    needs: ["conditions.copy"],
    run: async (context) => {
      const { store, key } = context;
      for (let at = 0; at < RACERS; at++) await store.put(key(`from-${at}`), utf8(`from ${at}`));
      await expectOneCreator(context, (of, at) =>
        store.copy(key(`from-${at}`), of, { when: { absent: true } }),
      );
    },
  },
  {
    id: "U13-puts",
    promise: "Of many completes at once with `when.absent`, exactly one succeeds.",
    needs: ["multipart", "conditions.put", "conditions.complete"],
    run: async (context) => {
      const { store } = context;
      const when = { absent: true } as const;
      await expectOneCreator(context, async (of, at) => {
        if (at % 2 === 0) return store.put(of, utf8(`from ${at}`), { when });
        const { upload, parts } = await send(context, of, [utf8(`from ${at}`)]);
        return store.completeUpload(upload, parts, { when });
      });
    },
  },
  {
    id: "U03-race",
    promise: "A part sent again replaces the one of its number.",
    needs: ["multipart"],
    run: async ({ store, key }) => {
      const upload = await store.createUpload(key("object"));
      const bodies = Array.from({ length: RACERS }, (_, at) => sampleBytes(2_000 + at, at + 1));
      const sent = await Promise.all(bodies.map((bytes) => store.uploadPart(upload, 1, bytes)));
      const [kept, ...others] = await taken(store.listParts(upload));
      assert.ok(kept !== undefined && others.length === 0);
      const winner = sent.findIndex(({ etag }) => etag === kept.etag);
      assert.equal(kept.size, bodies[winner]?.length);
      await store.completeUpload(upload, [kept]);
      sameBytes((await read(store, key("object"))).bytes, bodies[winner] ?? utf8(""));
    },
  },
  {
    id: "U05-race",
    promise:
      "A second complete of an upload is answered as the first, or refused with `upload-not-found`.",
    needs: ["multipart"],
    run: async (context) => {
      const { store, key } = context;
      for (let round = 0; round < ROUNDS; round++) {
        const { upload, parts } = await send(context, key("object"), [utf8(`round ${round}`)]);
        const complete = (): Promise<unknown> => store.completeUpload(upload, parts);
        const errors = await Promise.all([complete, complete, complete].map((it) => failure(it())));
        assert.ok(errors.includes(undefined), `no complete succeeds: ${String(errors[0])}`);
        for (const error of errors) {
          if (error !== undefined) expectCode(error, "upload-not-found");
        }
        sameBytes((await read(store, key("object"))).bytes, utf8(`round ${round}`));
      }
    },
  },
  {
    id: "P17-race",
    promise: "After an abort, nothing is listed of the upload and no object appears.",
    needs: ["multipart"],
    run: async (context) => {
      const { store, key } = context;
      for (let round = 0; round < ROUNDS; round++) {
        const of = key(`object-${round}`);
        const { upload, parts } = await send(context, of, [utf8("bytes")]);
        const [refused] = await Promise.all([
          failure(store.completeUpload(upload, parts)),
          store.abortUpload(upload),
        ]);
        assert.deepEqual(await taken(store.listUploads({ key: of })), []);
        if (refused === undefined) sameBytes((await read(store, of)).bytes, utf8("bytes"));
        else await expectGone(store, of, upload, parts);
      }
    },
  },
];

/** Expects that of many who create one key at once one succeeds, whose text then stands there. */
async function expectOneCreator(
  { store, key }: ContractContext,
  create: (of: ObjectKey, at: number) => Promise<unknown>,
): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const of = key(`object-${round}`);
    const racers = Array.from({ length: RACERS }, (_, at) => failure(create(of, at)));
    const errors = await Promise.all(racers);
    const winner = errors.indexOf(undefined);
    const others = errors.filter((error) => error !== undefined);
    assert.equal(others.length, RACERS - 1, `${RACERS - others.length} of ${RACERS} succeed`);
    for (const error of others) expectCode(error, "already-exists", "conflict");
    sameBytes((await read(store, of)).bytes, utf8(`from ${winner}`));
  }
}

/** Expects an upload that was aborted in the midst of its complete to have left no object. */
async function expectGone(
  store: Store,
  of: ObjectKey,
  upload: Parameters<Store["completeUpload"]>[0],
  parts: readonly Part[],
): Promise<void> {
  await absent(store, of);
  expectCode(await failure(store.completeUpload(upload, parts)), "upload-not-found");
  await absent(store, of);
}
