import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openFilesystemStore } from "../../src/adapters/filesystem/index.js";
import { S3_LIMITS } from "../../src/domain/upload-plan.js";
import { bytes, key, refusalOf, temporaryFolder, textOf } from "./fixtures.js";

const A = key("a");

async function opened() {
  const directory = await temporaryFolder();
  const limits = { ...S3_LIMITS, minPartBytes: 1 };
  const store = await openFilesystemStore({ directory, limits });
  return { store, owners: () => readdir(join(directory, ".stowage/owners")), directory };
}

describe("a store that is disposed of", () => {
  it("refuses each call, and leaves no trace of an owner", async () => {
    const { store, owners, directory } = await opened();
    await store.put(A, bytes("kept"));
    const upload = await store.createUpload(A);
    const part = await store.uploadPart(upload, 1, bytes("x"));
    await store[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
    const calls: readonly (() => Promise<unknown>)[] = [
      () => store.put(A, bytes("x")),
      () => store.get(A),
      () => store.head(A),
      () => store.delete(A),
      () => store.deleteMany([A]),
      () => store.deleteMany([]),
      () => store.copy(A, key("b")),
      () => Array.fromAsync(store.list()),
      () => store.createUpload(A),
      () => store.uploadPart(upload, 1, bytes("x")),
      () => store.completeUpload(upload, [part]),
      () => store.abortUpload(upload),
      () => Array.fromAsync(store.listParts(upload)),
      () => Array.fromAsync(store.listUploads({ prefix: "" })),
    ];
    for (const call of calls) {
      const error = await refusalOf(call());
      expect(error).toMatchObject({ code: "invalid-argument", store: "filesystem" });
      expect(error.retryable).toBe(false);
      expect(error.message).toMatch(/^Cannot .*: the store is disposed of; open it again$/);
    }
    expect(await owners()).toEqual([]);
    await using again = await openFilesystemStore({ directory });
    expect(await textOf(again, "a")).toBe("kept");
  });

  it("still names its objects", async () => {
    const { store } = await opened();
    await store[Symbol.asyncDispose]();
    expect(store.keyOf(store.uri(A))).toBe(A);
  });

  it("has let the calls under way come to their end", async () => {
    const { store, owners, directory } = await opened();
    const names = Array.from({ length: 20 }, (_, at) => key(`calls/${at}`));
    const written = Promise.all(names.map((name) => store.put(name, bytes(name))));
    await store[Symbol.asyncDispose]();
    expect(await readdir(join(directory, "calls"))).toHaveLength(20);
    expect(await owners()).toEqual([]);
    await written;
  });

  it("ends a list at its next entry, and no body that is being read", async () => {
    const { store } = await opened();
    for (const name of ["a", "b"]) await store.put(key(name), Buffer.alloc(3_000_000, name));
    const list = async () => {
      for await (const entry of store.list()) {
        expect(entry.kind).toBe("object");
        await store[Symbol.asyncDispose]();
      }
    };
    await using object = await store.get(A);
    expect((await refusalOf(list())).code).toBe("invalid-argument");
    let size = 0;
    for await (const chunk of object.body) size += chunk.length;
    expect(size).toBe(3_000_000);
  });
});
