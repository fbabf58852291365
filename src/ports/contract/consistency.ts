import assert from "node:assert/strict";
import type { ObjectKey } from "../../domain/object-key.js";
import type { When } from "../object-store.js";
import type { Store } from "../store.js";
import {
  failure,
  joined,
  listed,
  read,
  refused,
  sameBytes,
  taken,
  unchanged,
} from "./assertions.js";
import type { ContractCase, ContractContext } from "./case.js";
import { sampleBytes, utf8 } from "./sample.js";
import { send } from "./upload-acts.js";

const WHOLE = "A reader finds the old object or the new one, never a mixture and never a part.";
const REFUSED = "A write that is refused leaves what was there before.";
const SEEN = "Once a write resolves, every later get, head and list sees it.";
const ONE_WINS = "Of two writes to one key at once, one wins whole.";

/** Bytes of the versions in a race, each of another size. */
const VERSION_BYTES = 150_000;
const ROUNDS = 12;

export const consistencyCases: readonly ContractCase[] = [
  {
    id: "E08",
    promise: WHOLE,
    run: async (context) => {
      const { store, key } = context;
      await putVersion(context, 0);
      let writing = true;
      const writer = async (): Promise<void> => {
        for (let version = 1; version <= ROUNDS; version++) await putVersion(context, version);
        writing = false;
      };
      const reader = async (): Promise<void> => {
        for (; writing; await nextTurn()) await readVersion(context);
      };
      await Promise.all([writer(), reader(), reader(), reader()]);
      assert.equal((await read(store, key("object"))).info.contentType, `text/v${ROUNDS}`);
    },
  },
  {
    id: "E08-complete",
    promise: WHOLE,
    needs: ["multipart"],
    run: async (context) => {
      const { store, key, partBytes } = context;
      const old = utf8("old");
      const bodies = [sampleBytes(partBytes), sampleBytes(partBytes, 2), utf8("tail")];
      await store.put(key("object"), old);
      const { upload, parts } = await send(context, key("object"), bodies);
      let completing = true;
      const reader = async (): Promise<void> => {
        for (; completing; await nextTurn()) {
          const { size, etag } = await store.head(key("object"));
          const { bytes, info } = await read(store, key("object"), { range: { suffix: 10 } });
          if (info.etag === etag) assert.equal(info.size, size);
          sameBytes(bytes, info.size === old.length ? old : joined(bodies).slice(-10));
          const [entry] = await taken(store.list({ prefix: key("object") }));
          const size2 = entry?.kind === "object" ? entry.size : undefined;
          assert.ok(size2 === old.length || size2 === joined(bodies).length);
        }
      };
      const complete = async (): Promise<void> => {
        await store.completeUpload(upload, parts);
        completing = false;
      };
      await Promise.all([complete(), reader(), reader()]);
      sameBytes((await read(store, key("object"))).bytes, joined(bodies));
    },
  },
  {
    id: "W02",
    promise: REFUSED,
    run: async (context) => {
      const { store, key } = context;
      await store.put(key("object"), utf8("old"), { contentType: "text/a", metadata: { a: "b" } });
      const before = await read(store, key("object"));
      const writes: readonly (() => Promise<unknown>)[] = [
        () => store.put(key("object"), utf8("new"), { metadata: { "Not a name": "a" } }),
        () => store.copy(key("missing"), key("object")),
      ];
      for (const write of writes) {
        assert.ok((await failure(write())) !== undefined, "the write is not refused");
        await unchanged(store, key("object"), before);
      }
    },
  },
  {
    id: "W02-uploads",
    promise: REFUSED,
    needs: ["multipart"],
    run: async (context) => {
      const { store, key } = context;
      await store.put(key("object"), utf8("old"), { contentType: "text/a", metadata: { a: "b" } });
      const before = await read(store, key("object"));
      const writes: readonly (() => Promise<unknown>)[] = [
        () => store.createUpload(key("object"), { metadata: { "Not a name": "a" } }),
        async () => {
          const { upload } = await send(context, key("object"), [utf8("new")]);
          await store.completeUpload(upload, []);
        },
      ];
      for (const write of writes) {
        assert.ok((await failure(write())) !== undefined, "the write is not refused");
        await unchanged(store, key("object"), before);
      }
    },
  },
  refusedByCondition("put", ({ store, key }, options) =>
    store.put(key("object"), utf8("new"), options),
  ),
  refusedByCondition("copy", ({ store, key }, options) =>
    store.copy(key("from"), key("object"), options),
  ),
  refusedByCondition("complete", async (context, options) => {
    const { store, key } = context;
    const { upload, parts } = await send(context, key("object"), [utf8("new")]);
    return store.completeUpload(upload, parts, options);
  }),
  {
    id: "W02-delete",
    promise: REFUSED,
    needs: ["conditions.delete"],
    run: async ({ store, key }) => {
      await store.put(key("object"), utf8("old"), { contentType: "text/a", metadata: { a: "b" } });
      const { etag } = await store.put(key("other"), utf8("new"));
      const before = await read(store, key("object"));
      await refused(store.delete(key("object"), { when: { etag } }), "precondition-failed");
      await unchanged(store, key("object"), before);
    },
  },
  {
    id: "W03",
    promise: SEEN,
    run: async (context) => {
      const { store, key, prefix } = context;
      for (let round = 0; round < ROUNDS; round++) {
        const bytes = utf8(`round ${round}`);
        const told = await store.put(key("object"), bytes);
        await expectSeen(context, "object", told.etag, bytes);
        const copied = await store.copy(key("object"), key(`copy-${round}`));
        await expectSeen(context, `copy-${round}`, copied.etag, bytes);
        await store.delete(key(`copy-${round}`));
        assert.deepEqual(await listed(store, { prefix }), [key("object")]);
      }
    },
  },
  {
    id: "W03-complete",
    promise: SEEN,
    needs: ["multipart"],
    run: async (context) => {
      const { store, key } = context;
      for (const text of ["in parts", "in parts again"]) {
        const { upload, parts } = await send(context, key("object"), [utf8(text)]);
        const { etag } = await store.completeUpload(upload, parts);
        await expectSeen(context, "object", etag, utf8(text));
      }
    },
  },
  {
    id: "W04",
    promise: ONE_WINS,
    run: async (context) => {
      const { store, key } = context;
      for (let round = 0; round < ROUNDS; round++) {
        const written = await Promise.all(
          [0, 1, 2, 3].map((version) => putVersion(context, version)),
        );
        const { etag } = await readVersion(context);
        assert.equal((await store.head(key("object"))).etag, etag);
        assert.ok(written.some((told) => told.etag === etag));
      }
    },
  },
  {
    id: "W04-copy",
    promise: ONE_WINS,
    run: async ({ store, key }) => {
      await store.put(key("from"), utf8("copied"), { metadata: { of: "copied" } });
      for (let round = 0; round < 4; round++) {
        await Promise.all([
          store.put(key("object"), utf8("put"), { metadata: { of: "put" } }),
          store.copy(key("from"), key("object")),
        ]);
        await expectOneWhole(store, key("object"));
      }
    },
  },
  {
    id: "W04-complete",
    promise: ONE_WINS,
    needs: ["multipart"],
    run: async (context) => {
      const { store, key } = context;
      await store.put(key("from"), utf8("copied"), { metadata: { of: "copied" } });
      for (let round = 0; round < 4; round++) {
        const [one, two] = await Promise.all(
          ["joined", "joined as well"].map((of) =>
            send(context, key("object"), [utf8(of)], { metadata: { of } }),
          ),
        );
        assert.ok(one !== undefined && two !== undefined);
        await Promise.all([
          store.put(key("object"), utf8("put"), { metadata: { of: "put" } }),
          store.completeUpload(one.upload, one.parts),
          store.completeUpload(two.upload, two.parts),
          store.copy(key("from"), key("object")),
        ]);
        await expectOneWhole(store, key("object"));
      }
    },
  },
];

/** A write that is refused for either condition. */
function refusedByCondition(
  operation: "put" | "copy" | "complete",
  write: (context: ContractContext, options: { readonly when: When }) => Promise<unknown>,
): ContractCase {
  const condition = `conditions.${operation}` as const;
  return {
    id: `W02-${operation}`,
    promise: REFUSED,
    needs: operation === "complete" ? ["multipart", condition] : [condition],
    run: async (context) => {
      const { store, key } = context;
      await store.put(key("object"), utf8("old"), { contentType: "text/a", metadata: { a: "b" } });
      const { etag } = await store.put(key("from"), utf8("new"));
      const before = await read(store, key("object"));
      await refused(write(context, { when: { absent: true } }), "already-exists");
      await unchanged(store, key("object"), before);
      await refused(write(context, { when: { etag } }), "precondition-failed");
      await unchanged(store, key("object"), before);
    },
  };
}

/** Lets others go on: a store that answers at once would leave its writers no turn. */
async function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Expects the bytes and the metadata of one writer, who wrote the same text into both. */
async function expectOneWhole(store: Store, key: ObjectKey): Promise<void> {
  const { bytes, info } = await read(store, key);
  sameBytes(bytes, utf8(info.metadata["of"] ?? "nothing"));
  assert.equal(info.size, bytes.length);
}

async function putVersion({ store, key }: ContractContext, version: number) {
  return store.put(key("object"), sampleBytes(VERSION_BYTES + version, version + 1), {
    contentType: `text/v${version}`,
    metadata: { version: String(version) },
  });
}

/** Reads an object that may be replaced meanwhile, and expects it to be one version throughout. */
async function readVersion({ store, key }: ContractContext) {
  await using object = await store.get(key("object"));
  const { info } = object;
  const version = Number(info.metadata["version"]);
  assert.equal(info.contentType, `text/v${version}`);
  assert.equal(info.size, VERSION_BYTES + version);
  const chunks: Uint8Array[] = [];
  const broken = await failure(
    (async () => {
      for await (const chunk of object.body) chunks.push(chunk);
    })(),
  );
  // The port lets a read fail when its object is replaced; it may not lie.
  if (broken === undefined) sameBytes(joined(chunks), sampleBytes(info.size, version + 1));
  return info;
}

async function expectSeen(
  { store, key }: ContractContext,
  name: string,
  etag: string,
  bytes: Uint8Array,
): Promise<void> {
  const got = await read(store, key(name));
  sameBytes(got.bytes, bytes);
  assert.equal(got.info.etag, etag);
  assert.equal((await store.head(key(name))).etag, etag);
  const entries = await taken(store.list({ prefix: key(name) }));
  const entry = entries.find((candidate) => candidate.kind === "object");
  assert.ok(entry?.kind === "object" && entry.key === key(name));
  assert.equal(entry.etag, etag);
}
