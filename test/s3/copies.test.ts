import { S3Client } from "@aws-sdk/client-s3";
import { expect, test } from "vitest";
import { S3ObjectStore } from "../../src/adapters/s3/index.js";
import { profileOf } from "../../src/adapters/s3-protocol/profiles.js";
import { objectKey } from "../../src/domain/object-key.js";
import type { Store } from "../../src/ports/store.js";
import { type Answer, error, object, plain, scriptedServer, xml } from "./scripted-server.js";
import { failureOf, KEY } from "./stores.js";

const from = objectKey("from");
const created = xml(
  200,
  "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>",
);
const part = xml(
  200,
  "<CopyPartResult><ETag>e</ETag><ChecksumCRC32>AAAAAA==</ChecksumCRC32></CopyPartResult>",
);
const completed = xml(
  200,
  "<CompleteMultipartUploadResult><Key>k</Key><ETag>e-2</ETag></CompleteMultipartUploadResult>",
);
const source = object("x", {
  "content-length": "6000000",
  "content-type": "text/a",
  "x-amz-meta-a": "UTF-8''%C3%A9",
  "x-amz-checksum-crc32": "NhCmhg==",
});
const aborted = plain(204, "");

/** A store that copies more than 5 MiB in parts. */
function storeAt(endpoint: string): Store {
  const client = new S3Client({
    endpoint,
    region: "us-east-1",
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId: "a", secretAccessKey: "s" },
    requestChecksumCalculation: "WHEN_REQUIRED",
  });
  const profile = { ...profileOf("aws"), maxCopyBytes: 5_242_880 };
  return new S3ObjectStore({ client, bucket: "bucket", profile });
}

test("a large object is copied in parts of one version, with all that is kept with it", async () => {
  const script = [source, created, part, part, completed];
  await using server = await scriptedServer(script);
  const when = { absent: true } as const;
  expect(await storeAt(server.url).copy(from, KEY, { when })).toEqual({
    size: 6_000_000,
    etag: "e-2",
  });
  const [, create, first, second, complete] = server.received;
  expect(create?.headers).toMatchObject({
    "content-type": "text/a",
    "x-amz-meta-a": "UTF-8''%C3%A9",
    "x-amz-checksum-type": "FULL_OBJECT",
  });
  expect(create?.headers).not.toHaveProperty("if-none-match");
  const ranges = [first, second].map((request) => request?.headers["x-amz-copy-source-range"]);
  expect(ranges).toEqual(["bytes=0-5242879", "bytes=5242880-5999999"]);
  for (const request of [first, second]) {
    expect(request?.headers["x-amz-copy-source-if-match"]).toBe('"abc"');
  }
  expect(complete?.headers).toMatchObject({
    "if-none-match": "*",
    "x-amz-checksum-crc32": "NhCmhg==",
  });
});

const FAILURES: readonly (readonly [string, readonly Answer[], object])[] = [
  [
    "beginning fails",
    [source, error(503, "SlowDown")],
    { code: "throttled", outcome: "not-applied", retryable: true },
  ],
  [
    "a part fails",
    [source, created, error(500, "InternalError"), aborted],
    { code: "unavailable", outcome: "not-applied", cleanup: "done" },
  ],
  [
    "a part is answered with 200 and an error",
    [source, created, plain(200, "<Error><Code>InternalError</Code></Error>"), aborted],
    { outcome: "not-applied", cleanup: "done", retryable: true },
  ],
  [
    "a part is answered with a page",
    [source, created, plain(200, "<html></html>"), aborted],
    { code: "bad-answer", outcome: "not-applied", cleanup: "done" },
  ],
  [
    "the source is replaced meanwhile",
    [source, created, plain(412, ""), aborted, object("y", { etag: '"other"' })],
    { code: "conflict", outcome: "not-applied", cleanup: "done", retryable: true },
  ],
  [
    "the complete is refused",
    [source, created, part, part, plain(412, ""), aborted, source],
    { code: "already-exists", outcome: "not-applied", cleanup: "done" },
  ],
  [
    "the complete is lost",
    [source, created, part, part, plain(502, ""), aborted],
    { code: "unavailable", outcome: "unknown", cleanup: "done" },
  ],
  [
    "the abort fails too",
    [source, created, error(500, "InternalError"), plain(503, "")],
    { code: "unavailable", outcome: "not-applied", cleanup: "pending" },
  ],
];

test.each(FAILURES)("where %s, no upload stays behind", async (_, script, expected) => {
  await using server = await scriptedServer(script);
  const when = { absent: true } as const;
  const failure = await failureOf(storeAt(server.url).copy(from, KEY, { when }));
  expect(failure).toMatchObject({ operation: "copy", key: KEY, ...expected });
  const aborts = server.received.filter(({ method }) => method === "DELETE");
  expect(aborts).toHaveLength(script.length > 2 ? 1 : 0);
});
