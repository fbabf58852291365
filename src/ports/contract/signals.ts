import assert from "node:assert/strict";
import { absent, failure, listed, read, sameBytes, taken, unchanged } from "./assertions.js";
import type { ContractCase } from "./case.js";
import { sampleBytes, utf8 } from "./sample.js";
import { send } from "./upload-acts.js";

const REASON = "A call whose signal is aborted rejects with the signal's own reason.";

export const signalCases: readonly ContractCase[] = [
  {
    id: "P16",
    promise: REASON,
    run: async ({ store, key, prefix }) => {
      await store.put(key("object"), utf8("old"));
      const before = await read(store, key("object"));
      const reason = new Error("the caller has had enough");
      const signal = AbortSignal.abort(reason);
      const calls: Readonly<Record<string, () => Promise<unknown>>> = {
        put: () => store.put(key("object"), utf8("new"), { signal }),
        get: () => store.get(key("object"), { signal }),
        head: () => store.head(key("object"), { signal }),
        delete: () => store.delete(key("object"), { signal }),
        deleteMany: () => store.deleteMany([key("object")], { signal }),
        copy: () => store.copy(key("object"), key("copy"), { signal }),
        list: () => taken(store.list({ prefix, signal })),
      };
      for (const [operation, call] of Object.entries(calls)) {
        assert.equal(await failure(call()), reason, `${operation} does not reject with the reason`);
      }
      await unchanged(store, key("object"), before);
      await absent(store, key("copy"));
    },
  },
  {
    id: "P16-uploads",
    promise: REASON,
    needs: ["multipart"],
    run: async (context) => {
      const { store, key } = context;
      const { upload, parts } = await send(context, key("object"), [utf8("part")]);
      const reason = new Error("the caller has had enough");
      const signal = AbortSignal.abort(reason);
      const calls: Readonly<Record<string, () => Promise<unknown>>> = {
        createUpload: () => store.createUpload(key("other"), { signal }),
        uploadPart: () => store.uploadPart(upload, 2, utf8("part"), { signal }),
        completeUpload: () => store.completeUpload(upload, parts, { signal }),
        abortUpload: () => store.abortUpload(upload, { signal }),
        listParts: () => taken(store.listParts(upload, { signal })),
        listUploads: () => taken(store.listUploads({ key: key("object") }, { signal })),
      };
      for (const [operation, call] of Object.entries(calls)) {
        assert.equal(await failure(call()), reason, `${operation} does not reject with the reason`);
      }
      await absent(store, key("object"));
      assert.deepEqual(await taken(store.listUploads({ key: key("other") })), []);
      assert.equal((await taken(store.listParts(upload))).length, 1);
    },
  },
  {
    id: "P16-any",
    promise: REASON,
    run: async ({ store, key }) => {
      for (const reason of [{ code: 7 }, "a text", 0]) {
        const signal = AbortSignal.abort(reason);
        const caught = await store.head(key("object"), { signal }).then(
          () => "nothing: it resolves",
          (error: unknown) => error,
        );
        assert.equal(caught, reason);
      }
    },
  },
  {
    id: "P16-body",
    promise: REASON,
    run: async ({ store, key }) => {
      await store.put(key("object"), sampleBytes(1_048_576));
      const reason = new Error("the caller has had enough");
      const controller = new AbortController();
      await using object = await store.get(key("object"), { signal: controller.signal });
      controller.abort(reason);
      assert.equal(await failure(taken(object.body)), reason);
    },
  },
  {
    id: "P16-body-midway",
    promise: REASON,
    run: async ({ store, key }) => {
      await store.put(key("object"), sampleBytes(4_194_304));
      const reason = new Error("the caller has had enough");
      const controller = new AbortController();
      await using object = await store.get(key("object"), { signal: controller.signal });
      const reading = (async () => {
        for await (const chunk of object.body) {
          assert.ok(chunk.length > 0);
          controller.abort(reason);
        }
      })();
      assert.equal(await failure(reading), reason);
      assert.equal((await read(store, key("object"))).bytes.length, 4_194_304);
    },
  },
  {
    id: "P16-pages",
    promise: REASON,
    run: async ({ store, key, prefix }) => {
      for (const name of ["a", "b", "c"]) await store.put(key(name), utf8(name));
      const reason = new Error("the caller has had enough");
      const controller = new AbortController();
      const reading = (async () => {
        for await (const entry of store.list({ prefix, pageSize: 1, signal: controller.signal })) {
          assert.equal(entry.kind, "object");
          controller.abort(reason);
        }
      })();
      assert.equal(await failure(reading), reason);
    },
  },
  {
    id: "P16-flight",
    promise: REASON,
    run: async (context) => {
      const { store, key } = context;
      const bytes = sampleBytes(500_000);
      for (let round = 0; round < 4; round++) {
        const reason = new Error("the caller has had enough");
        const controller = new AbortController();
        const { signal } = controller;
        const calls = [
          store.put(key(`put-${round}`), bytes, { signal }),
          store.deleteMany([key("missing")], { signal }),
          listed(store, { prefix: context.prefix, signal }),
        ].map(failure);
        controller.abort(reason);
        for (const error of await Promise.all(calls)) {
          // What was done before the abort has resolved: that is no broken promise.
          if (error !== undefined) assert.equal(error, reason);
        }
        const names = await listed(store, { prefix: key(`put-${round}`) });
        for (const _ of names) sameBytes((await read(store, key(`put-${round}`))).bytes, bytes);
      }
    },
  },
  {
    id: "P16-part",
    promise: REASON,
    needs: ["multipart"],
    run: async (context) => {
      const { store, key } = context;
      const { upload } = await send(context, key("object"), []);
      const reason = new Error("the caller has had enough");
      const controller = new AbortController();
      const { signal } = controller;
      const bytes = sampleBytes(context.partBytes);
      const parts = [1, 2, 3].map((part) => store.uploadPart(upload, part, bytes, { signal }));
      const errors = parts.map(failure);
      controller.abort(reason);
      for (const error of await Promise.all(errors)) {
        if (error !== undefined) assert.equal(error, reason);
      }
      await store.abortUpload(upload);
      assert.deepEqual(await taken(store.listUploads({ key: key("object") })), []);
      await absent(store, key("object"));
    },
  },
  {
    id: "P16-late",
    promise: REASON,
    run: async ({ store, key }) => {
      const controller = new AbortController();
      const { signal } = controller;
      await store.put(key("object"), utf8("bytes"), { signal });
      await store.head(key("object"), { signal });
      controller.abort(new Error("too late"));
      sameBytes((await read(store, key("object"))).bytes, utf8("bytes"));
    },
  },
];
