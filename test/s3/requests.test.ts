import { readdirSync, readFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import { describe, expect, test } from "vitest";
import { crc32Checksum } from "../../src/domain/checksum.js";
import { objectKey } from "../../src/domain/object-key.js";
import type { Store } from "../../src/ports/store.js";
import { type Answer, error, object, plain, scriptedServer, xml } from "./scripted-server.js";
import { BYTES, failureOf, KEY, STORES, taken } from "./stores.js";

const upload = { key: KEY, uploadId: "up/load+1" };
const checksum = crc32Checksum(crc32(BYTES));
const encryption = { algorithm: "AES256" } as const;
const encrypted = { "x-amz-server-side-encryption": "AES256" };

const created = xml(
  200,
  "<InitiateMultipartUploadResult><UploadId>up/load+1</UploadId></InitiateMultipartUploadResult>",
  encrypted,
);
const completed = xml(
  200,
  "<CompleteMultipartUploadResult><Key>k</Key><ETag>e-1</ETag></CompleteMultipartUploadResult>",
);
const copied = xml(200, "<CopyObjectResult><ETag>e</ETag></CopyObjectResult>", encrypted);
const list = xml(200, "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>");
const stored = plain(200, "", { etag: '"e"', ...encrypted });

/** Headers of S3 that must not be sent unasked. */
const MEANINGFUL = /^(if-|x-amz-(?!date|content-sha256|user-agent|security-token)|range$|expect$)/;

interface Sent {
  readonly line: string;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}

/** The first request that a call sends, with what it asks of the server. */
async function sent(
  open: (typeof STORES)[number][1],
  script: Answer | readonly Answer[],
  act: (store: Store) => Promise<unknown>,
  at = 0,
): Promise<Sent> {
  await using server = await scriptedServer(script);
  await using store = open(server.url);
  await act(store);
  const request = server.received[at];
  if (request === undefined) throw new Error("nothing was sent");
  const headers = Object.entries(request.headers).filter(([name]) => MEANINGFUL.test(name));
  const [path = "", query = ""] = request.url.split("?");
  const parameters = query
    .split("&")
    .filter((each) => !each.startsWith("x-id="))
    .toSorted();
  return {
    line: `${request.method} ${path} ${parameters.join("&")}`.trim(),
    headers: Object.fromEntries(headers),
    body: request.body.replace(/^<\?xml[^>]*\?>/, "").replace(/ xmlns="[^"]*"/, ""),
  };
}

describe.each(STORES)("%s asks for what was asked for, and no more", (_, open) => {
  test("put", async () => {
    const act = (store: Store) =>
      store.put(KEY, BYTES, {
        metadata: { a: "plain", b: "日本" },
        when: { absent: true },
        encryption,
        checksum,
      });
    const { line, headers } = await sent(open, stored, act);
    expect(line).toBe("PUT /bucket/folder/name");
    expect(headers).toMatchObject({
      "if-none-match": "*",
      "x-amz-meta-a": "plain",
      "x-amz-meta-b": "UTF-8''%E6%97%A5%E6%9C%AC",
      "x-amz-server-side-encryption": "AES256",
      "x-amz-checksum-crc32": checksum.value,
    });
  });

  test("a plain put of nothing", async () => {
    const { headers, body } = await sent(open, stored, (store) =>
      store.put(KEY, new Uint8Array(0)),
    );
    expect(headers).toEqual({});
    expect(body).toBe("");
  });

  test("a put of a view sends the view's bytes alone", async () => {
    const bytes = new TextEncoder().encode("before hello after").subarray(7, 12);
    const { body } = await sent(open, stored, (store) => store.put(KEY, bytes));
    expect(body).toBe("hello");
  });

  test("a put of megabytes waits for no 100-continue", async () => {
    const { headers, body } = await sent(open, stored, (store) =>
      store.put(KEY, new Uint8Array(3_000_000)),
    );
    expect(headers).toEqual({});
    expect(body.length).toBe(3_000_000);
  });

  test("aws:kms with its key", async () => {
    const kms = { algorithm: "aws:kms", keyId: "key-1" } as const;
    const answer = plain(200, "", { etag: '"e"', "x-amz-server-side-encryption": "aws:kms" });
    const { headers } = await sent(open, answer, (store) =>
      store.put(KEY, BYTES, { encryption: kms }),
    );
    expect(headers).toEqual({
      "x-amz-server-side-encryption": "aws:kms",
      "x-amz-server-side-encryption-aws-kms-key-id": "key-1",
    });
  });

  test.each([
    ["from and to", { start: 2, end: 5 }, "bytes=2-4", "2-4/11", "llo"],
    ["from", { start: 2 }, "bytes=2-", "2-10/11", "llo world"],
    ["the last", { suffix: 3 }, "bytes=-3", "8-10/11", "rld"],
  ])("get of a range: %s", async (__, range, header, told, text) => {
    const answer = object(text, { "content-range": `bytes ${told}` });
    const act = async (store: Store) => {
      await using opened = await store.get(KEY, { range, when: { etag: "abc" } });
      expect(opened.info.size).toBe(11);
      expect(Buffer.concat(await taken(opened.body)).toString()).toBe(text);
    };
    const { line, headers } = await sent(open, answer, act);
    expect(line).toBe("GET /bucket/folder/name");
    expect(headers).toEqual({
      range: header,
      "if-match": '"abc"',
      "x-amz-checksum-mode": "ENABLED",
    });
  });

  test("head and delete", async () => {
    const head = await sent(open, object("hello"), (store) => store.head(KEY));
    expect(head).toMatchObject({
      line: "HEAD /bucket/folder/name",
      headers: { "x-amz-checksum-mode": "ENABLED" },
    });
    const gone = await sent(open, plain(204, ""), (store) => store.delete(KEY));
    expect(gone).toMatchObject({ line: "DELETE /bucket/folder/name", headers: {} });
    const careful = await sent(open, plain(204, ""), (store) =>
      store.delete(KEY, { when: { etag: "abc" } }),
    );
    expect(careful.headers).toEqual({ "if-match": '"abc"' });
  });

  test("deleteMany escapes what XML reserves", async () => {
    const keys = [`x&<>"' +%41é`, "plain"].map((name) => objectKey(name));
    const answer = xml(
      200,
      "<DeleteResult><Deleted><Key>x&amp;&lt;&gt;&quot;&#39; +%41é</Key></Deleted><Deleted><Key>plain</Key></Deleted></DeleteResult>",
    );
    const act = async (store: Store) => {
      expect(await store.deleteMany(keys)).toEqual(keys.map((key) => ({ key })));
    };
    const { line, body, headers } = await sent(open, answer, act);
    expect(line).toMatch(/^POST \/bucket\/? delete=$/);
    expect(body).not.toContain(`x&<`);
    expect(body).toContain("<Key>plain</Key>");
    expect(headers["x-amz-checksum-crc32"]).toBeDefined();
  });

  test("copy encodes its source, and takes one version of it", async () => {
    const from = objectKey("a b/c+d/%41/é/x?y#z/(q)!'*");
    const act = (store: Store) => store.copy(from, KEY, { when: { etag: "target" }, encryption });
    const { line, headers } = await sent(open, [object("hello"), copied], act, 1);
    expect(line).toBe("PUT /bucket/folder/name");
    expect(headers).toEqual({
      "x-amz-copy-source": "bucket/a%20b/c%2Bd/%2541/%C3%A9/x%3Fy%23z/%28q%29%21%27%2A",
      "x-amz-copy-source-if-match": '"abc"',
      "x-amz-metadata-directive": "COPY",
      "x-amz-server-side-encryption": "AES256",
      "if-match": '"target"',
    });
  });

  test("a copy onto itself is looked at, and sends nothing more", async () => {
    await using server = await scriptedServer(object("hello"));
    await using store = open(server.url);
    expect(await store.copy(KEY, KEY)).toEqual({ size: 5, etag: "abc" });
    expect(await failureOf(store.copy(KEY, KEY, { when: { absent: true } }))).toMatchObject({
      code: "already-exists",
      outcome: "not-applied",
    });
    expect(await failureOf(store.copy(KEY, KEY, { when: { etag: "x" } }))).toMatchObject({
      code: "precondition-failed",
    });
    expect(server.received.every(({ method }) => method === "HEAD")).toBe(true);
  });

  test("a refused copy tells the target's condition from a source that was replaced", async () => {
    const refused = plain(412, "");
    const when = { etag: "target" };
    await using server = await scriptedServer([object("hello"), refused, object("hello")]);
    await using store = open(server.url);
    const from = objectKey("from");
    expect(await failureOf(store.copy(from, KEY, { when }))).toMatchObject({
      code: "precondition-failed",
      outcome: "not-applied",
    });
    const replaced = object("other", { etag: '"other"' });
    await using second = await scriptedServer([object("hello"), refused, replaced]);
    await using other = open(second.url);
    expect(await failureOf(other.copy(from, KEY, { when }))).toMatchObject({
      code: "conflict",
      outcome: "not-applied",
      retryable: true,
    });
    await using nothing = await scriptedServer([
      object("hello"),
      error(404, "NoSuchKey"),
      object("hello"),
    ]);
    await using free = open(nothing.url);
    expect(await failureOf(free.copy(from, KEY, { when }))).toMatchObject({
      code: "precondition-failed",
      outcome: "not-applied",
    });
    await using third = await scriptedServer([object("hello"), refused, plain(404, "")]);
    await using missing = open(third.url, { profile: "aws" });
    expect(await failureOf(missing.copy(from, KEY, { when }))).toMatchObject({
      code: "bucket-not-found",
    });
  });

  test("list", async () => {
    const act = (store: Store) =>
      taken(store.list({ prefix: "a b/+", delimiter: "/", startAfter: "é", pageSize: 7 }));
    const { line } = await sent(open, list, act);
    expect(line).toMatch(/^GET \/bucket\/? /);
    expect(line.split(" ")[2]).toBe(
      "delimiter=%2F&encoding-type=url&list-type=2&max-keys=7&prefix=a%20b%2F%2B&start-after=%C3%A9",
    );
    const raw = await sent(
      (url) => open(url, { profile: "localstack" }),
      list,
      (store) => taken(store.list()),
    );
    expect(raw.line).not.toContain("encoding-type");
  });

  test.each([
    ["x/.", undefined, "max-keys=2&prefix=x%2F"],
    ["x/../y", undefined, "max-keys=2&prefix=x%2F"],
    ["x//", undefined, "max-keys=2&prefix=x%2F"],
    ["x/.env", "x/./y", "max-keys=2&prefix=x%2F.env&start-after=x%2F"],
  ])(
    "a list of %j after %j asks for no more than any server takes",
    async (prefix, startAfter, asked) => {
      const options = { prefix, startAfter, pageSize: 1 };
      const { line } = await sent(open, list, (store) => taken(store.list(options)));
      expect(line.split(" ")[2]).toBe(`encoding-type=url&list-type=2&${asked}`);
    },
  );

  test("an upload: what is kept is said once, at its beginning", async () => {
    const create = await sent(open, created, (store) =>
      store.createUpload(KEY, { metadata: { a: "b" }, encryption, checksummed: true }),
    );
    expect(create.line).toBe("POST /bucket/folder/name uploads=");
    expect(create.headers).toEqual({
      "x-amz-meta-a": "b",
      "x-amz-server-side-encryption": "AES256",
      "x-amz-checksum-algorithm": "CRC32",
      "x-amz-checksum-type": "FULL_OBJECT",
    });

    const part = await sent(open, stored, (store) =>
      store.uploadPart(upload, 3, BYTES, { checksum }),
    );
    expect(part.line).toBe("PUT /bucket/folder/name partNumber=3&uploadId=up%2Fload%2B1");
    expect(part.headers).toMatchObject({ "x-amz-checksum-crc32": checksum.value });
    expect(part.headers).not.toHaveProperty("x-amz-server-side-encryption");
    expect(part.body).toBe("hello");
  });

  test("a complete with a checksum names those of the parts", async () => {
    const parts = [
      { partNumber: 1, size: 5, etag: "e1", checksum },
      { partNumber: 7, size: 5, etag: "e7", checksum },
    ];
    const { line, headers, body } = await sent(open, completed, (store) =>
      store.completeUpload(upload, parts, { checksum, when: { absent: true } }),
    );
    expect(line).toBe("POST /bucket/folder/name uploadId=up%2Fload%2B1");
    expect(headers).toMatchObject({
      "if-none-match": "*",
      "x-amz-checksum-crc32": checksum.value,
      "x-amz-checksum-type": "FULL_OBJECT",
    });
    expect(body.match(/<ChecksumCRC32>[^<]*/g)).toHaveLength(2);
    expect(body.match(/<PartNumber>\d+/g)).toEqual(["<PartNumber>1", "<PartNumber>7"]);

    const without = await sent(open, completed, (store) => store.completeUpload(upload, parts));
    expect(without.headers).toEqual({});
    expect(without.body).not.toContain("Checksum");
  });

  test("what cannot be honoured is refused before any I/O", async () => {
    await using server = await scriptedServer(plain(200, ""));
    await using store = open(server.url, { profile: "generic" });
    const from = objectKey("from");
    const when = { etag: "e" };
    const kms = { algorithm: "aws:kms" } as const;
    const calls: readonly (readonly [string, () => Promise<unknown>])[] = [
      ["unsupported", () => store.copy(from, KEY, { when })],
      ["unsupported", () => store.delete(KEY, { when })],
      ["unsupported", () => store.put(KEY, BYTES, { encryption: kms })],
      ["unsupported", () => store.copy(from, KEY, { encryption: kms })],
      ["unsupported", () => store.createUpload(KEY, { encryption: kms })],
      ["unsupported", () => taken(store.listUploads({ prefix: "a" }))],
      ["invalid-argument", () => store.put(KEY, BYTES, { contentType: "text/plain\r\nx: y" })],
      ["invalid-argument", () => store.put(KEY, BYTES, { contentType: "" })],
      ["invalid-argument", () => store.put(KEY, BYTES, { when: { etag: 'a"\r\nx: y' } })],
      [
        "invalid-argument",
        () => store.put(KEY, BYTES, { checksum: { algorithm: "CRC32", value: "no" } }),
      ],
      ["checksum-mismatch", () => store.put(KEY, new Uint8Array(9), { checksum })],
      ["invalid-metadata", () => store.put(KEY, BYTES, { metadata: { a: "b\r\nc" } })],
      ["invalid-metadata", () => store.createUpload(KEY, { metadata: { A: "b" } })],
      ["invalid-argument", () => store.get(KEY, { range: { start: 5, end: 5 } })],
      ["invalid-argument", () => store.uploadPart(upload, 0, BYTES)],
      ["invalid-argument", () => store.uploadPart(upload, 10_001, BYTES)],
      ["invalid-argument", () => store.uploadPart(upload, 1.5, BYTES)],
      ["checksum-mismatch", () => store.uploadPart(upload, 1, new Uint8Array(9), { checksum })],
      ["invalid-part", () => store.completeUpload(upload, [])],
      ["invalid-part", () => store.completeUpload(upload, [{ partNumber: 1, size: 1, etag: "" }])],
      [
        "invalid-part",
        () =>
          store.completeUpload(upload, [
            { partNumber: 2, size: 1, etag: "a" },
            { partNumber: 1, size: 1, etag: "b" },
          ]),
      ],
      [
        "checksum-mismatch",
        () =>
          store.completeUpload(upload, [{ partNumber: 1, size: 5, etag: "a", checksum }], {
            checksum: crc32Checksum(7),
          }),
      ],
      ["invalid-argument", () => taken(store.list({ pageSize: 0 }))],
      ["invalid-argument", () => taken(store.list({ pageSize: 1_001 }))],
      ["invalid-argument", () => taken(store.list({ prefix: "\ud800" }))],
    ];
    for (const [code, call] of calls) {
      expect(await failureOf(call())).toMatchObject({ code, bucket: "bucket" });
    }
    expect(await failureOf(store.delete(KEY, { when }))).toMatchObject({
      remedy: expect.stringContaining("profile="),
    });
    expect(server.received).toEqual([]);
  });
});

test("neither store loads the SDK of the other", () => {
  const imports = (folder: string): string =>
    readdirSync(new URL(`../../src/adapters/${folder}/`, import.meta.url))
      .map((name) =>
        readFileSync(new URL(`../../src/adapters/${folder}/${name}`, import.meta.url), "utf8"),
      )
      .join("\n");
  expect(imports("s3")).not.toMatch(/from "minio|adapters\/minio|\.\.\/minio/);
  // The signer of requests is a package of its own, which knows nothing of S3.
  expect(imports("minio")).not.toMatch(/@aws-sdk|@smithy(?!\/signature-v4")|\.\.\/s3\//);
  expect(imports("s3-protocol")).not.toMatch(/@aws-sdk|@smithy|from "minio|\.\.\/(s3|minio)\//);
});
