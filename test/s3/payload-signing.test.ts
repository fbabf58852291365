import http from "node:http";
import https from "node:https";
import { Readable } from "node:stream";
import { crc32 } from "node:zlib";
import { S3Client } from "@aws-sdk/client-s3";
import { afterEach, describe, expect, test, vi } from "vitest";
import { openMinioStore } from "../../src/adapters/minio/index.js";
import { S3ObjectStore } from "../../src/adapters/s3/index.js";
import type { PayloadSigning } from "../../src/adapters/s3-protocol/payloads.js";
import { crc32Checksum } from "../../src/domain/checksum.js";
import type { Upload } from "../../src/ports/multipart-store.js";
import type { Store } from "../../src/ports/store.js";
import { object, scriptedServer } from "./scripted-server.js";
import { BYTES, CANARIES, KEY } from "./stores.js";

const checksum = crc32Checksum(crc32(BYTES));
const upload: Upload = { key: KEY, uploadId: "upload-1" };
/** Of `hello`. */
const SIGNED = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
const UNSIGNED = "UNSIGNED-PAYLOAD";
const MD5 = "XUFAKrxLKna5cZ2REBfFkg==";

type Row = readonly [
  signing: PayloadSigning | undefined,
  protocol: "http" | "https",
  profile: "aws" | "localstack" | "ceph" | "generic",
  told: typeof checksum | undefined,
  hash: string,
  /** `Content-MD5`, where nothing else that is sent proves the bytes. */
  md5: string | undefined,
];

const ROWS: readonly Row[] = [
  [undefined, "http", "aws", checksum, SIGNED, undefined],
  [undefined, "https", "aws", checksum, UNSIGNED, undefined],
  ["auto", "https", "aws", checksum, UNSIGNED, undefined],
  ["auto", "https", "aws", undefined, SIGNED, undefined],
  ["auto", "https", "ceph", checksum, SIGNED, undefined],
  ["always", "https", "aws", checksum, SIGNED, undefined],
  ["always", "http", "aws", checksum, SIGNED, undefined],
  ["never", "http", "aws", checksum, UNSIGNED, undefined],
  ["never", "https", "aws", checksum, UNSIGNED, undefined],
  ["never", "https", "ceph", undefined, UNSIGNED, MD5],
  ["never", "http", "ceph", checksum, UNSIGNED, MD5],
  ["always", "http", "ceph", checksum, SIGNED, undefined],
  ["never", "http", "aws", undefined, UNSIGNED, MD5],
  ["auto", "http", "localstack", checksum, SIGNED, undefined],
  ["auto", "http", "localstack", undefined, SIGNED, MD5],
  ["auto", "https", "generic", checksum, SIGNED, MD5],
  ["never", "https", "generic", checksum, UNSIGNED, MD5],
];

afterEach(() => {
  vi.restoreAllMocks();
});

async function send(store: Store, told: typeof checksum | undefined): Promise<void> {
  await store.put(KEY, BYTES, { checksum: told });
  await store.uploadPart(upload, 1, BYTES, { checksum: told });
}

describe.each(ROWS)("payloadSigning %s over %s to %s with %o", (signing, ...row) => {
  const [protocol, profile, told, hash, md5] = row;
  const expected = [hash, md5];

  test(`s3 sends ${hash}, Content-MD5 ${md5}`, async () => {
    const hashes: unknown[] = [];
    const client = new S3Client({
      endpoint: `${protocol}://s3.test`,
      region: "us-east-1",
      credentials: { accessKeyId: "a", secretAccessKey: "s" },
      requestChecksumCalculation: "WHEN_REQUIRED",
      requestHandler: {
        handle: async ({ headers }: { headers: Record<string, string> }) => {
          hashes.push([headers["x-amz-content-sha256"], headers["content-md5"]]);
          const body = Readable.from([]);
          return { response: { statusCode: 200, headers: { etag: '"e"' }, body } };
        },
      },
    });
    const store = new S3ObjectStore({ client, bucket: "bucket", profile, payloadSigning: signing });
    await send(store, told);
    expect(hashes).toEqual([expected, expected]);
  });

  test(`minio sends ${hash}, Content-MD5 ${md5}`, async () => {
    await using server = await scriptedServer(object(""));
    // What is meant for TLS goes without.
    vi.spyOn(https, "request").mockImplementation(((
      options: http.RequestOptions,
      onAnswer: (answer: http.IncomingMessage) => void,
    ) =>
      http.request(
        { ...options, protocol: "http:", agent: undefined },
        onAnswer,
      )) as typeof https.request);
    const [accessKey = "", secretKey = ""] = CANARIES;
    await using store = openMinioStore({
      endpoint: server.url.replace("http:", `${protocol}:`),
      bucket: "bucket",
      accessKey,
      secretKey,
      profile,
      payloadSigning: signing,
    });
    await send(store, told);
    const sent = server.received.map(({ headers }) => [
      headers["x-amz-content-sha256"],
      headers["content-md5"],
    ]);
    expect(sent).toEqual([expected, expected]);
  });
});
