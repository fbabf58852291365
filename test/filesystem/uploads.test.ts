import { appendFile, readdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { crc32Checksum } from "../../src/domain/checksum.js";
import { S3_LIMITS } from "../../src/domain/upload-plan.js";
import { bytes, key, listed, openIn, refusalOf, temporaryFolder, textOf } from "./fixtures.js";

const LIMITS = { ...S3_LIMITS, minPartBytes: 2, maxObjectBytes: 20, maxPartBytes: 10 };
const KEY = key("a/b");

async function storeOfSmallParts() {
  const directory = await temporaryFolder();
  return { directory, store: await openIn(directory, { limits: LIMITS }) };
}

describe("an upload on disk", () => {
  it("has parts with checksums, which tell them apart", async () => {
    const { store } = await storeOfSmallParts();
    const upload = await store.createUpload(KEY);
    await store.uploadPart(upload, 2, bytes("old"));
    const second = await store.uploadPart(upload, 2, bytes("two"));
    const first = await store.uploadPart(upload, 1, bytes("one "));
    expect(second.checksum).toEqual(crc32Checksum(crc32("two")));
    expect(await Array.fromAsync(store.listParts(upload))).toEqual([first, second]);
    await store.completeUpload(upload, [first, second]);
    expect(await textOf(store, KEY)).toBe("one two");
  });

  it("takes the same bytes again as another part of the same number", async () => {
    const { store } = await storeOfSmallParts();
    const upload = await store.createUpload(KEY);
    const before = await store.uploadPart(upload, 1, bytes("same"));
    const after = await store.uploadPart(upload, 1, bytes("same"));
    expect(await Array.fromAsync(store.listParts(upload))).toEqual([after]);
    const stale = store.completeUpload(upload, [before]);
    expect((await refusalOf(stale)).code).toBe("invalid-part");
  });

  it("refuses a part that no longer holds what was sent", async () => {
    const { directory, store } = await storeOfSmallParts();
    const upload = await store.createUpload(KEY);
    await store.uploadPart(upload, 1, bytes("one "));
    const folder = join(directory, ".stowage/uploads", upload.uploadId);
    const name = (await readdir(folder)).find((file) => file.endsWith(".data")) ?? "";
    await writeFile(join(folder, name), "0ne ");
    const parts = await Array.fromAsync(store.listParts(upload));
    const error = await refusalOf(store.completeUpload(upload, parts));
    expect(error).toMatchObject({ code: "invalid-part", outcome: "not-applied" });
    expect(error.message).toContain("part 1 no longer holds the bytes that were sent");
    await appendFile(join(folder, name), "more");
    expect((await refusalOf(store.completeUpload(upload, parts))).code).toBe("invalid-part");
    expect(await listed(store)).toEqual([]);
  });

  it("holds to the limits", async () => {
    const { store } = await storeOfSmallParts();
    const upload = await store.createUpload(KEY);
    const large = store.uploadPart(upload, 1, bytes("x".repeat(11)));
    expect((await refusalOf(large)).code).toBe("too-large");
    const parts = [];
    for (const number of [1, 2, 3]) {
      parts.push(await store.uploadPart(upload, number, bytes("x".repeat(10))));
    }
    expect((await refusalOf(store.completeUpload(upload, parts))).code).toBe("too-large");
  });

  it.each(["../../a", "", ".", "x".repeat(32), "0".repeat(31), "0".repeat(32)])(
    "is not found by id %j, which never becomes a path",
    async (uploadId) => {
      const { directory, store } = await storeOfSmallParts();
      await store.put(KEY, bytes("stays"));
      const upload = { key: KEY, uploadId };
      for (const call of [
        () => store.uploadPart(upload, 1, bytes("x")),
        () => store.completeUpload(upload, [{ partNumber: 1, size: 1, etag: "e" }]),
        () => Array.fromAsync(store.listParts(upload)),
      ]) {
        expect((await refusalOf(call())).code).toBe("upload-not-found");
      }
      await store.abortUpload(upload);
      expect(await textOf(store, KEY)).toBe("stays");
      expect(await readdir(directory)).toEqual([".stowage", "a"]);
    },
  );

  it("is not found under another key", async () => {
    const { store } = await storeOfSmallParts();
    const upload = await store.createUpload(KEY);
    const other = { ...upload, key: key("other") };
    expect((await refusalOf(store.uploadPart(other, 1, bytes("x")))).code).toBe("upload-not-found");
    await store.abortUpload(other);
    expect(await Array.fromAsync(store.listParts(upload))).toEqual([]);
  });

  it("that is aborted while it is completed is either an object or nothing", async () => {
    const { store } = await storeOfSmallParts();
    for (let round = 0; round < 20; round++) {
      const upload = await store.createUpload(KEY);
      const parts = [await store.uploadPart(upload, 1, bytes("whole"))];
      const completing = store.completeUpload(upload, parts).then(
        () => "completed",
        (error: { code: string }) => error.code,
      );
      await new Promise((resolve) => setTimeout(resolve, round / 4));
      await store.abortUpload(upload);
      const afterAbort = await listed(store);
      const result = await completing;
      // What the abort left is what stays: nothing appears later.
      expect(await listed(store)).toEqual(afterAbort);
      expect(afterAbort).toEqual(result === "completed" ? [KEY] : []);
      if (result !== "completed") expect(result).toBe("upload-not-found");
      expect(await Array.fromAsync(store.listUploads({ prefix: "" }))).toEqual([]);
      await store.delete(KEY);
    }
  });

  it("that is aborted at any turn of its completing is told to be gone, or complete", async () => {
    const { store } = await storeOfSmallParts();
    const told = new Set<string>();
    const race = async (turns: number): Promise<void> => {
      const target = key(`raced-${turns}`);
      const upload = await store.createUpload(target);
      const parts = [await store.uploadPart(upload, 1, bytes("whole"))];
      const completing = store.completeUpload(upload, parts).then(
        () => "completed",
        (error: { code: string }) => error.code,
      );
      for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
      await store.abortUpload(upload);
      told.add(await completing);
    };
    for (let round = 0; round < 5; round++) {
      await Promise.all(Array.from({ length: 40 }, (_, turns) => race(turns)));
    }
    expect([...told].filter((code) => code !== "completed")).toEqual(["upload-not-found"]);
  });

  it("in progress outlives any number of openings, however old it is", async () => {
    const { directory, store } = await storeOfSmallParts();
    const upload = await store.createUpload(KEY);
    const part = await store.uploadPart(upload, 1, bytes("x"));
    const folder = join(directory, ".stowage/uploads", upload.uploadId);
    await utimes(folder, 1, 1);
    const later = await openIn(directory);
    expect(await Array.fromAsync(later.listParts(upload))).toEqual([part]);
  });
});
