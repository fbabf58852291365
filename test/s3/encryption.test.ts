import { describe, expect, test } from "vitest";
import { objectKey } from "../../src/domain/object-key.js";
import { error, object, plain, scriptedServer, xml } from "./scripted-server.js";
import { BYTES, failureOf, KEY, STORES } from "./stores.js";

const encryption = { algorithm: "AES256" } as const;
const from = objectKey("from");
const bare = plain(200, "", { etag: '"abc"' });
const copied = xml(200, '<CopyObjectResult><ETag>"abc"</ETag></CopyObjectResult>');
const created = xml(
  200,
  "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>",
);
const encrypted = object("hello", { "x-amz-server-side-encryption": "AES256" });
const removed = plain(204, "");

describe.each(STORES)("%s believes an encryption that is confirmed", (_, open) => {
  test("a put that is not confirmed is looked at, and removed", async () => {
    await using server = await scriptedServer([bare, object("hello"), removed]);
    await using store = open(server.url);
    expect(await failureOf(store.put(KEY, BYTES, { encryption }))).toMatchObject({
      code: "not-encrypted",
      outcome: "not-applied",
      retryable: false,
      message: expect.stringContaining("it was removed"),
    });
    expect(server.received.map(({ method }) => method)).toEqual(["PUT", "HEAD", "DELETE"]);
    expect(server.received[2]?.headers["if-match"]).toBe('"abc"');
  });

  test("where it cannot be removed, the error says so", async () => {
    await using server = await scriptedServer([bare, object("hello"), error(403, "AccessDenied")]);
    await using store = open(server.url);
    expect(await failureOf(store.put(KEY, BYTES, { encryption }))).toMatchObject({
      code: "not-encrypted",
      outcome: "applied",
    });
  });

  test("what cannot be looked at stays, and the error says that it is there", async () => {
    await using server = await scriptedServer([bare, plain(503, "")]);
    await using store = open(server.url);
    expect(await failureOf(store.put(KEY, BYTES, { encryption }))).toMatchObject({
      operation: "put",
      outcome: "applied",
      retryable: true,
    });
    expect(server.received.map(({ method }) => method)).toEqual(["PUT", "HEAD"]);
  });

  test("another encryption than the one asked for is none", async () => {
    const kms = plain(200, "", { etag: '"abc"', "x-amz-server-side-encryption": "aws:kms" });
    await using server = await scriptedServer([kms, object("hello"), removed]);
    await using store = open(server.url);
    expect(await failureOf(store.put(KEY, BYTES, { encryption }))).toMatchObject({
      code: "not-encrypted",
    });
  });

  test.each([
    ["a HEAD confirms it", encrypted],
    ["another write has come in between", object("other", { etag: '"other"' })],
    ["it is gone", error(404, "NoSuchKey")],
  ])("a put that is not confirmed stands when %s", async (__, answer) => {
    await using server = await scriptedServer([bare, answer, plain(200, "")]);
    await using store = open(server.url);
    expect(await store.put(KEY, BYTES, { encryption })).toEqual({ size: 5, etag: "abc" });
    expect(server.received.some(({ method }) => method === "DELETE")).toBe(false);
  });

  test("a copy is held to the same", async () => {
    await using server = await scriptedServer([object("hello"), copied, object("hello"), removed]);
    await using store = open(server.url);
    expect(await failureOf(store.copy(from, KEY, { encryption }))).toMatchObject({
      code: "not-encrypted",
      outcome: "not-applied",
    });
    expect(server.received.at(-1)).toMatchObject({
      method: "DELETE",
      url: expect.stringContaining("/bucket/folder/name"),
    });
  });

  test("a copy onto itself that is to be encrypted is made", async () => {
    await using server = await scriptedServer([object("hello"), copied, encrypted]);
    await using store = open(server.url);
    expect(await store.copy(KEY, KEY, { encryption })).toEqual({ size: 5, etag: "abc" });
    expect(server.received.map(({ method }) => method)).toEqual(["HEAD", "PUT", "HEAD"]);
  });

  test("an upload that is not confirmed is dropped", async () => {
    await using server = await scriptedServer([created, removed]);
    await using store = open(server.url);
    expect(await failureOf(store.createUpload(KEY, { encryption }))).toMatchObject({
      code: "not-encrypted",
      outcome: "not-applied",
      cleanup: "done",
    });
    expect(server.received.at(-1)?.method).toBe("DELETE");
  });

  describe.each(["minio", "generic"])(
    "on a server that tells nothing at the beginning (%s)",
    (profile) => {
      const completed = xml(
        200,
        '<CompleteMultipartUploadResult><Key>k</Key><ETag>"e-1"</ETag></CompleteMultipartUploadResult>',
      );
      const parts = [{ partNumber: 1, size: 5, etag: "e" }];

      test("the complete is looked at, and stands when a HEAD confirms it", async () => {
        const whole = object("hello", { "x-amz-server-side-encryption": "AES256", etag: '"e-1"' });
        await using server = await scriptedServer([created, completed, whole]);
        await using store = open(server.url, { profile });
        const upload = await store.createUpload(KEY, { encryption });
        const stored = await store.completeUpload(upload, parts, { encryption });
        expect(stored).toEqual({ size: 5, etag: "e-1" });
        expect(server.received.at(-1)?.method).toBe("HEAD");
      });

      test("what is not confirmed is removed", async () => {
        const bareObject = object("hello", { etag: '"e-1"' });
        await using server = await scriptedServer([created, completed, bareObject, removed]);
        await using store = open(server.url, { profile });
        const upload = await store.createUpload(KEY, { encryption });
        expect(await failureOf(store.completeUpload(upload, parts, { encryption }))).toMatchObject({
          code: "not-encrypted",
          outcome: "not-applied",
        });
        expect(server.received.at(-1)?.method).toBe("DELETE");
      });
    },
  );
});
