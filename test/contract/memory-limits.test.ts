import { describe, expect, test } from "vitest";
import { openMemoryStore } from "../../src/adapters/memory/index.js";
import { objectKey } from "../../src/domain/object-key.js";

const key = objectKey("datasets/user_1/a.csv");
const limits = {
  maxObjectBytes: 30,
  maxPutBytes: 10,
  minPartBytes: 5,
  maxPartBytes: 12,
  maxParts: 4,
};

describe("a memory store with limits of a test's own", () => {
  test("refuses a put beyond them, and takes one that just fits", async () => {
    const store = openMemoryStore({ limits });
    await expect(store.put(key, new Uint8Array(11))).rejects.toMatchObject({
      code: "too-large",
      outcome: "not-applied",
    });
    expect(await store.put(key, new Uint8Array(10))).toMatchObject({ size: 10 });
  });

  test("refuses parts beyond them", async () => {
    const store = openMemoryStore({ limits });
    const upload = await store.createUpload(key);
    const send = (part: number, size: number) =>
      store.uploadPart(upload, part, new Uint8Array(size));
    await expect(send(1, 13)).rejects.toMatchObject({ code: "too-large" });
    await expect(send(5, 1)).rejects.toMatchObject({ code: "invalid-argument" });
    const parts = [await send(1, 12), await send(2, 12), await send(3, 12)];
    await expect(store.completeUpload(upload, parts)).rejects.toMatchObject({ code: "too-large" });
    expect(await store.completeUpload(upload, parts.slice(0, 2))).toMatchObject({ size: 24 });
  });

  test("refuses a small part that is not the last", async () => {
    const store = openMemoryStore({ limits });
    const upload = await store.createUpload(key);
    const small = await store.uploadPart(upload, 1, new Uint8Array(4));
    const large = await store.uploadPart(upload, 2, new Uint8Array(5));
    await expect(store.completeUpload(upload, [small, large])).rejects.toMatchObject({
      code: "invalid-part",
    });
    await expect(store.completeUpload(upload, [large, small])).rejects.toMatchObject({
      code: "invalid-part",
    });
    expect(await store.completeUpload(upload, [large])).toMatchObject({ size: 5 });
  });
});

test("a memory store tells the time that it is given", async () => {
  const at = new Date("2025-10-23T14:30:45Z");
  const store = openMemoryStore({ now: () => at });
  await store.put(key, new Uint8Array(1));
  const { lastModified } = await store.head(key);
  expect(lastModified).toEqual(at);
  lastModified.setFullYear(1970);
  expect((await store.head(key)).lastModified).toEqual(new Date("2025-10-23T14:30:45Z"));
});

test("a memory store names its objects by URIs", () => {
  const store = openMemoryStore();
  expect(store.facts.location).toBe("memory:///");
  expect(store.uri(key)).toBe("memory:///datasets/user_1/a.csv");
});
