import assert from "node:assert/strict";
import { type ErrorCode, type Operation, StowageError } from "../../domain/errors.js";
import type { ObjectKey } from "../../domain/object-key.js";
import type { Encryption } from "../object-store.js";
import type { Store } from "../store.js";
import { absent, failure, read, refused, taken, unchanged } from "./assertions.js";
import type { ContractCase, ContractContext } from "./case.js";
import { checksumOf, utf8 } from "./sample.js";
import { send, unknownUpload } from "./upload-acts.js";

const NO_BUCKET = "A store without the bucket says `bucket-not-found`, never `not-found`.";
const UNSUPPORTED =
  "A store that cannot honour an option refuses it with `unsupported` before any I/O.";

/** What a server could have given a part: for any other, some say `invalid-part` first. */
const ETAG = "5d41402abc4b2a76b9719d911017c592";

export const errorCases: readonly ContractCase[] = [
  {
    id: "E07",
    promise: "An error tells its code, operation, store and key.",
    run: async ({ store, key }) => {
      const missing = key("missing");
      const other = checksumOf(utf8("other"));
      const calls: readonly (readonly [Operation, ErrorCode, () => Promise<unknown>])[] = [
        ["put", "checksum-mismatch", () => store.put(missing, utf8("a"), { checksum: other })],
        ["get", "not-found", () => store.get(missing)],
        ["head", "not-found", () => store.head(missing)],
        ["copy", "not-found", () => store.copy(missing, missing)],
      ];
      for (const [operation, code, call] of calls) {
        expectFacts(store, await failure(call()), { operation, code, key: missing });
      }
    },
  },
  {
    id: "E07-uploads",
    promise: "An error tells its code, operation, store and key.",
    needs: ["multipart"],
    run: async ({ store, key }) => {
      const missing = key("missing");
      const upload = unknownUpload(missing);
      const metadata = { "Not a name": "a" };
      const part = { partNumber: 1, size: 5, etag: ETAG };
      const calls: readonly (readonly [Operation, ErrorCode, () => Promise<unknown>])[] = [
        ["createUpload", "invalid-metadata", () => store.createUpload(missing, { metadata })],
        ["uploadPart", "invalid-argument", () => store.uploadPart(upload, 0, utf8("a"))],
        ["uploadPart", "upload-not-found", () => store.uploadPart(upload, 1, utf8("a"))],
        ["completeUpload", "upload-not-found", () => store.completeUpload(upload, [part])],
        ["listParts", "upload-not-found", () => taken(store.listParts(upload))],
      ];
      for (const [operation, code, call] of calls) {
        expectFacts(store, await failure(call()), { operation, code, key: missing });
      }
    },
  },
  {
    id: "E07-arguments",
    promise: "An error tells its code, operation, store and key.",
    run: async ({ store, key }) => {
      const of = key("object");
      await store.put(of, utf8("bytes"));
      const metadata = { "Not a name": "a" };
      const [malformed, past] = [{ start: 5, end: 1 }, { start: 5 }];
      const calls: readonly (readonly [Operation, ErrorCode, () => Promise<unknown>])[] = [
        ["get", "invalid-argument", () => store.get(of, { range: malformed })],
        ["get", "range-not-satisfiable", () => store.get(of, { range: past })],
        ["put", "invalid-metadata", () => store.put(of, utf8("a"), { metadata })],
      ];
      for (const [operation, code, call] of calls) {
        expectFacts(store, await failure(call()), { operation, code, key: of });
      }
    },
  },
  {
    id: "E01",
    promise: NO_BUCKET,
    needs: ["bucket"],
    run: async (context) => {
      const { key, prefix } = context;
      const of = key("object");
      await bucketMissing(context, (store) => ({
        put: () => store.put(of, utf8("bytes")),
        get: () => store.get(of),
        head: () => store.head(of),
        delete: () => store.delete(of),
        deleteMany: () => store.deleteMany([of]),
        copy: () => store.copy(of, key("copy")),
        list: () => taken(store.list({ prefix })),
      }));
    },
  },
  {
    id: "E01-uploads",
    promise: NO_BUCKET,
    needs: ["multipart", "bucket"],
    run: async (context) => {
      const of = context.key("object");
      const upload = unknownUpload(of);
      const part = { partNumber: 1, size: 5, etag: ETAG };
      await bucketMissing(context, (store) => ({
        createUpload: () => store.createUpload(of),
        uploadPart: () => store.uploadPart(upload, 1, utf8("bytes")),
        completeUpload: () => store.completeUpload(upload, [part]),
        abortUpload: () => store.abortUpload(upload),
        listParts: () => taken(store.listParts(upload)),
        listUploads: () => taken(store.listUploads({ key: of })),
      }));
    },
  },
  {
    id: "E09-put",
    promise: UNSUPPORTED,
    needs: ["!conditions.put"],
    run: async (context) => {
      for (const when of [{ absent: true } as const, { etag: "e" }]) {
        await unsupported(context, (store, free) => store.put(free, utf8("bytes"), { when }));
      }
    },
  },
  {
    id: "E09-complete",
    promise: UNSUPPORTED,
    needs: ["multipart", "!conditions.complete"],
    run: async (context) => {
      const { store, key } = context;
      const { upload, parts } = await send(context, key("object"), [utf8("bytes")]);
      for (const when of [{ absent: true } as const, { etag: "e" }]) {
        await refused(store.completeUpload(upload, parts, { when }), "unsupported");
        await unsupported(context, (bare, free) =>
          bare.completeUpload(unknownUpload(free), parts, { when }),
        );
      }
      assert.equal((await taken(store.listParts(upload))).length, 1);
      await absent(store, key("object"));
    },
  },
  {
    id: "E09-copy",
    promise: UNSUPPORTED,
    needs: ["!conditions.copy"],
    run: async (context) => {
      const { store, key } = context;
      await store.put(key("from"), utf8("bytes"));
      for (const when of [{ absent: true } as const, { etag: "e" }]) {
        await refused(store.copy(key("from"), key("to"), { when }), "unsupported");
        await unsupported(context, (bare, free) => bare.copy(free, key("to"), { when }));
      }
      await absent(store, key("to"));
    },
  },
  {
    id: "E09-delete",
    promise: UNSUPPORTED,
    needs: ["!conditions.delete"],
    run: async (context) => {
      const { store, key } = context;
      const { etag } = await store.put(key("object"), utf8("bytes"));
      const before = await read(store, key("object"));
      await refused(store.delete(key("object"), { when: { etag } }), "unsupported");
      await unchanged(store, key("object"), before);
      await unsupported(context, (bare, free) => bare.delete(free, { when: { etag } }));
    },
  },
  ...unencrypted("AES256"),
  ...unencrypted("aws:kms"),
];

/** Expects each call on a store without its bucket to say so. */
async function bucketMissing(
  { withoutBucket }: ContractContext,
  callsOf: (store: Store) => Readonly<Record<string, () => Promise<unknown>>>,
): Promise<void> {
  const store = await withoutBucket();
  assert.ok(store !== undefined);
  for (const [operation, call] of Object.entries(callsOf(store))) {
    const error = await failure(call());
    const code = error instanceof StowageError ? error.code : error;
    assert.equal(code, "bucket-not-found", `${operation} says ${String(code)}`);
    assert.equal(error instanceof StowageError && error.operation, operation);
    assert.equal(error instanceof StowageError && error.bucket, store.facts.bucket);
  }
}

function unencrypted(algorithm: Encryption["algorithm"]): readonly ContractCase[] {
  const encryption = { algorithm };
  return [
    {
      id: `E09-${algorithm}`,
      promise: UNSUPPORTED,
      needs: [`!encryption.${algorithm}`],
      run: async (context) => {
        await unsupported(context, (bare, free) => bare.put(free, utf8("bytes"), { encryption }));
        await unsupported(context, (bare, free) => bare.copy(free, free, { encryption }));
      },
    },
    {
      id: `E09-uploads-${algorithm}`,
      promise: UNSUPPORTED,
      needs: ["multipart", `!encryption.${algorithm}`],
      run: async (context) => {
        const { store, key } = context;
        const parts = [{ partNumber: 1, size: 5, etag: ETAG }];
        await unsupported(context, (bare, free) => bare.createUpload(free, { encryption }));
        await unsupported(context, (bare, free) =>
          bare.completeUpload(unknownUpload(free), parts, { encryption }),
        );
        assert.deepEqual(await taken(store.listUploads({ key: key("free") })), []);
      },
    },
  ];
}

/**
 * Expects a call on a key without an object to be refused with `unsupported`, and nothing to come of
 * it. Where there is a store without a bucket it says the same, which it can before any I/O alone.
 */
async function unsupported(
  { store, key, withoutBucket }: ContractContext,
  call: (store: Store, free: ObjectKey) => Promise<unknown>,
): Promise<void> {
  await refused(call(store, key("free")), "unsupported");
  await absent(store, key("free"));
  const bare = await withoutBucket();
  if (bare !== undefined) await refused(call(bare, key("free")), "unsupported");
}

/** Operations of whose errors the port says that each has its outcome. */
const WITH_OUTCOME: readonly Operation[] = ["put", "completeUpload"];

interface Told {
  readonly operation: Operation;
  readonly code: ErrorCode;
  readonly key: ObjectKey;
}

function expectFacts(store: Store, error: unknown, told: Told): void {
  const { operation } = told;
  if (!(error instanceof StowageError)) {
    assert.fail(`${operation} rejects with ${String(error)}, not with an error of Stowage`);
  }
  const { code, key, bucket } = error;
  assert.deepEqual(
    { operation: error.operation, code, key, bucket, store: error.store },
    { ...told, bucket: store.facts.bucket, store: store.facts.kind },
  );
  assert.match(error.message, /^Cannot /);
  // Where a server refuses bytes, they may have been changed on their way, and arrive the next time.
  const mended = error.retryable && code !== "checksum-mismatch";
  assert.equal(mended, false, `${operation}: ${error.message} is said to be retryable`);
  if (WITH_OUTCOME.includes(operation)) assert.equal(error.outcome, "not-applied");
}
