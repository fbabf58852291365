import { crc32 } from "node:zlib";
import { describe, expect, test } from "vitest";
import { crc32Checksum } from "../../src/domain/checksum.js";
import { objectKey } from "../../src/domain/object-key.js";
import { error, object, plain, scriptedServer, xml } from "./scripted-server.js";
import { BYTES, failureOf, KEY, STORES, taken } from "./stores.js";

const upload = { key: KEY, uploadId: "2~upload" };
const part = { partNumber: 1, size: 5, etag: "abc" };
const stored = plain(200, "", { etag: '"e"' });
const names = { original_filename: "a.csv", "x-note": "1", a_b_c: "2" };
const onTheWire = {
  "x-amz-meta-original~filename": "a.csv",
  "x-amz-meta-x-note": "1",
  "x-amz-meta-a~b~c": "2",
};

/** What Ceph RGW 16.2.15 answers was recorded. */
describe.each(STORES)("%s on Ceph RGW", (_, open) => {
  test("underscores in names of metadata, which it turns into dashes, are sent as tildes", async () => {
    const created = xml(
      200,
      "<InitiateMultipartUploadResult><UploadId>2~upload</UploadId></InitiateMultipartUploadResult>",
    );
    await using server = await scriptedServer([stored, created]);
    await using store = open(server.url, { profile: "ceph" });
    await store.put(KEY, BYTES, { metadata: names });
    await store.createUpload(KEY, { metadata: names });
    for (const { headers } of server.received) expect(headers).toMatchObject(onTheWire);
  });

  test("other servers keep underscores as they are", async () => {
    await using server = await scriptedServer(stored);
    await using store = open(server.url, { profile: "generic" });
    await store.put(KEY, BYTES, { metadata: names });
    expect(server.received[0]?.headers).toMatchObject({ "x-amz-meta-original_filename": "a.csv" });
  });

  test.each(["ceph", "generic"])(
    "tildes are read as underscores, as profile %s",
    async (profile) => {
      await using server = await scriptedServer(object("hello", onTheWire));
      await using store = open(server.url, { profile });
      expect((await store.head(KEY)).metadata).toEqual(names);
    },
  );

  test("a put compares ETags without quotes, and a get with them", async () => {
    await using server = await scriptedServer([stored, object("hello", { etag: '"e"' })]);
    await using store = open(server.url, { profile: "ceph" });
    await store.put(KEY, BYTES, { when: { etag: "e" } });
    await using _got = await store.get(KEY, { when: { etag: "e" } });
    expect(server.received.map(({ headers }) => headers["if-match"])).toEqual(["e", '"e"']);
  });

  test("keys in lists of uploads come plain: it encodes them, and does not say so", async () => {
    const key = objectKey("a+b%41");
    const list = xml(
      200,
      "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated><Upload><Key>a+b%41</Key><UploadId>2~u</UploadId><Initiated>2026-11-25T03:05:49.889Z</Initiated></Upload></ListMultipartUploadsResult>",
    );
    await using server = await scriptedServer(list);
    await using store = open(server.url, { profile: "ceph" });
    expect(await taken(store.listUploads({ key }))).toMatchObject([{ key, uploadId: "2~u" }]);
    expect(server.received[0]?.url).not.toContain("encoding-type");
  });

  test.each([
    ["listParts", (store: ReturnType<typeof open>) => taken(store.listParts(upload))],
    ["uploadPart", (store: ReturnType<typeof open>) => store.uploadPart(upload, 1, BYTES)],
    ["completeUpload", (store: ReturnType<typeof open>) => store.completeUpload(upload, [part])],
  ])("%s: NoSuchKey means that the upload is not there", async (__, act) => {
    await using server = await scriptedServer(error(404, "NoSuchKey"));
    await using store = open(server.url, { profile: "ceph" });
    expect(await failureOf(act(store))).toMatchObject({ code: "upload-not-found" });
  });

  const busy = error(500, "InternalError", "This multipart completion is already in progress");

  test("a complete that it calls busy is told from one whose upload is not there", async () => {
    await using server = await scriptedServer([busy, error(404, "NoSuchKey")]);
    await using store = open(server.url, { profile: "ceph" });
    expect(await failureOf(store.completeUpload(upload, [part]))).toMatchObject({
      code: "upload-not-found",
      outcome: "not-applied",
      status: 500,
    });
  });

  test.each([
    ["is there", xml(200, "<ListPartsResult><IsTruncated>false</IsTruncated></ListPartsResult>")],
    ["cannot be looked for", error(503, "SlowDown")],
  ])("a complete that it calls busy while its upload %s is busy", async (__, looked) => {
    await using server = await scriptedServer([busy, looked]);
    await using store = open(server.url, { profile: "ceph" });
    expect(await failureOf(store.completeUpload(upload, [part]))).toMatchObject({
      code: "unavailable",
      outcome: "unknown",
      retryable: true,
    });
    expect(server.received).toHaveLength(2);
  });

  test("a complete that fails otherwise is not looked into", async () => {
    await using server = await scriptedServer(error(500, "InternalError"));
    await using store = open(server.url, { profile: "ceph" });
    expect(await failureOf(store.completeUpload(upload, [part]))).toMatchObject({
      code: "unavailable",
      outcome: "unknown",
    });
    expect(server.received).toHaveLength(1);
  });

  test("the checksum of a part was verified here, and holds the complete to that of the whole", async () => {
    await using server = await scriptedServer(stored);
    await using store = open(server.url, { profile: "ceph" });
    const checksum = crc32Checksum(crc32(BYTES));
    const sent = await store.uploadPart(upload, 1, BYTES, { checksum });
    expect(sent).toMatchObject({ checksum });
    const wrong = { checksum: crc32Checksum(crc32(BYTES) ^ 1) };
    expect(await failureOf(store.completeUpload(upload, [sent], wrong))).toMatchObject({
      code: "checksum-mismatch",
      outcome: "not-applied",
    });
    expect(server.received).toHaveLength(1);
  });

  test("what it would ignore is refused before any I/O", async () => {
    await using server = await scriptedServer(plain(200, ""));
    await using store = open(server.url, { profile: "ceph" });
    const absent = { absent: true } as const;
    const encryption = { algorithm: "AES256" } as const;
    const refusals = [
      () => store.completeUpload(upload, [part], { when: absent }),
      () => store.copy(objectKey("from"), KEY, { when: absent }),
      () => store.delete(KEY, { when: { etag: "e" } }),
      () => store.put(KEY, BYTES, { encryption }),
      () => store.createUpload(KEY, { encryption }),
    ];
    for (const refusal of refusals) {
      expect(await failureOf(refusal())).toMatchObject({
        code: "unsupported",
        outcome: "not-applied",
      });
    }
    const checksum = crc32Checksum(crc32(BYTES) ^ 1);
    expect(await failureOf(store.put(KEY, BYTES, { checksum }))).toMatchObject({
      code: "checksum-mismatch",
    });
    expect(server.received).toHaveLength(0);
  });

  test("an error that it sends without a message has no made-up one", async () => {
    const answer = xml(400, "<Error><Code>InvalidPart</Code><RequestId>r</RequestId></Error>");
    await using server = await scriptedServer(answer);
    await using store = open(server.url, { profile: "ceph" });
    expect(await failureOf(store.completeUpload(upload, [part]))).toMatchObject({
      code: "invalid-part",
      message: expect.stringMatching(/ answers 400 InvalidPart$/),
    });
  });
});
