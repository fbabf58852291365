import { S3Client } from "@aws-sdk/client-s3";
import { describe, expect, test } from "vitest";
import { openMinioStore } from "../../src/adapters/minio/index.js";
import { openS3Store, S3ObjectStore } from "../../src/adapters/s3/index.js";
import { StowageError } from "../../src/domain/errors.js";
import { objectKey } from "../../src/domain/object-key.js";
import type { Store } from "../../src/ports/store.js";
import type { SignedRequest, UrlSigner } from "../../src/ports/url-signer.js";
import { plain, scriptedServer } from "./scripted-server.js";
import { CANARIES, expectNoSecret, failureOf, KEY, STORES } from "./stores.js";

const [accessKey = "", secretKey = ""] = CANARIES;
const ENDPOINT = "http://minio.internal:9000";
const startsAt = new Date("2026-01-02T03:04:05.678Z");
const checksum = { algorithm: "CRC32", value: "AAAAAA==" } as const;
const ODD = objectKey("a b/ü'(*)+&=?/%2e/x;y");

function signerOf(store: Store): UrlSigner {
  if (store.signer === undefined) throw new Error("the store has no signer");
  return store.signer;
}

function parametersOf({ url }: { readonly url: string }): Record<string, string> {
  return Object.fromEntries(new URL(url).searchParams);
}

describe.each(STORES)("%s", (_, open) => {
  test("sends nothing to sign", async () => {
    await using server = await scriptedServer(plain(500, ""));
    await using store = open(server.url);
    const signer = signerOf(store);
    await signer.signGet(KEY);
    await signer.signPut(KEY, { size: 1, checksum, when: { absent: true } });
    await signer.signPost(KEY, { maxBytes: 1 });
    await signer.signPart({ key: KEY, uploadId: "u" }, 1, { size: 1 });
    expect(server.received).toEqual([]);
  });

  test("signs method, host, length, type, metadata, condition, encryption and checksum", async () => {
    await using store = open(ENDPOINT);
    const put = await signerOf(store).signPut(KEY, {
      startsAt,
      size: 5,
      contentType: "text/csv",
      metadata: { team: "Zürich" },
      encryption: { algorithm: "aws:kms", keyId: "key-1" },
      when: { absent: true },
      checksum,
    });
    expect(put.headers).toEqual({
      "content-type": "text/csv",
      "x-amz-meta-team": "UTF-8''Z%C3%BCrich",
      "x-amz-server-side-encryption": "aws:kms",
      "x-amz-server-side-encryption-aws-kms-key-id": "key-1",
      "if-none-match": "*",
      "x-amz-checksum-crc32": "AAAAAA==",
    });
    const signed = [...Object.keys(put.headers), "content-length", "host"].sort();
    expect(parametersOf(put)).toMatchObject({
      "X-Amz-SignedHeaders": signed.join(";"),
      "X-Amz-Date": "20260102T030405Z",
      "X-Amz-Expires": "900",
    });
    expect(put.expiresAt).toEqual(new Date("2026-01-02T03:19:05.000Z"));
  });

  test("puts no checksum of nothing into the URL of a PUT", async () => {
    await using store = open(ENDPOINT);
    const put = await signerOf(store).signPut(KEY, { size: 5 });
    expect(put.url + JSON.stringify(put.headers)).not.toMatch(/checksum|crc32/i);
  });

  test("makes the same URL of the same instant", async () => {
    await using store = open(ENDPOINT);
    const signer = signerOf(store);
    const [one, two] = [
      await signer.signGet(KEY, { startsAt }),
      await signer.signGet(KEY, { startsAt }),
    ];
    expect(one).toEqual(two);
  });

  test("has a form say all in its policy, and no more", async () => {
    await using store = open(ENDPOINT);
    const form = await signerOf(store).signPost(ODD, { startsAt, minBytes: 2, maxBytes: 5 });
    const { policy = "", "x-amz-signature": signature = "", ...fields } = form.fields;
    expect(form.url).toMatch(/^http:\/\/minio\.internal:9000\/bucket\/?$/);
    expect(signature).toMatch(/^[0-9a-f]{64}$/);
    expect(JSON.parse(Buffer.from(policy, "base64").toString())).toEqual({
      expiration: "2026-01-02T03:19:05.000Z",
      conditions: [
        ["eq", "$bucket", "bucket"],
        ...Object.entries(fields).map(([name, value]) => ["eq", `$${name}`, value]),
        ["content-length-range", 2, 5],
      ],
    });
    expect(fields).toMatchObject({ key: ODD, "Content-Type": "application/octet-stream" });
  });

  test.each<[string, (signer: UrlSigner) => Promise<unknown>, string]>([
    ["an expiry of nothing", (s) => s.signGet(KEY, { expiresInSeconds: 0 }), "invalid-argument"],
    ["8 days", (s) => s.signGet(KEY, { expiresInSeconds: 691_200 }), "invalid-argument"],
    ["no time", (s) => s.signGet(KEY, { startsAt: new Date("x") }), "invalid-argument"],
    ["a name with a line", (s) => s.signGet(KEY, { filename: "a\nb" }), "invalid-argument"],
    ["no name", (s) => s.signGet(KEY, { filename: "" }), "invalid-argument"],
    ["a disposition", (s) => s.signGet(KEY, { disposition: "x" as "inline" }), "invalid-argument"],
    ["a size below 0", (s) => s.signPut(KEY, { size: -1 }), "invalid-argument"],
    ["half a byte", (s) => s.signPut(KEY, { size: 0.5 }), "invalid-argument"],
    ["more than 5 GiB", (s) => s.signPut(KEY, { size: 5_368_709_121 }), "too-large"],
    [
      "a range that is none",
      (s) => s.signPost(KEY, { minBytes: 2, maxBytes: 1 }),
      "invalid-argument",
    ],
    [
      "a checksum that is none",
      (s) => s.signPut(KEY, { size: 1, checksum: { algorithm: "CRC32", value: "x" } }),
      "invalid-argument",
    ],
    [
      "part 10,001",
      (s) => s.signPart({ key: KEY, uploadId: "u" }, 10_001, { size: 1 }),
      "invalid-argument",
    ],
    [
      "metadata with a line",
      (s) => s.signPut(KEY, { size: 1, metadata: { a: "b\r\nc" } }),
      "invalid-metadata",
    ],
  ])("refuses %s, and tells no URL and no secret", async (__, sign, code) => {
    await using store = open(ENDPOINT);
    const error = await failureOf(sign(signerOf(store)));
    expect(error).toBeInstanceOf(StowageError);
    expect(error).toMatchObject({ code, key: KEY, bucket: "bucket", outcome: undefined });
    expectNoSecret(error);
    expect((error as Error).message).not.toContain("http");
  });

  test("refuses a form for a key that a server would change", async () => {
    await using store = open(ENDPOINT);
    const key = objectKey(`a/$\{filename}`);
    const sign = signerOf(store).signPost(key, { maxBytes: 1 });
    expect(await failureOf(sign)).toMatchObject({ code: "invalid-key", operation: "signPost" });
  });

  test("refuses what the server does not honour", async () => {
    await using ceph = open(ENDPOINT, { profile: "ceph" });
    const signer = signerOf(ceph);
    const encryption = { algorithm: "AES256" } as const;
    for (const sign of [
      signer.signPut(KEY, { size: 1, checksum }),
      signer.signPart({ key: KEY, uploadId: "u" }, 1, { size: 1, checksum }),
      signer.signPut(KEY, { size: 1, encryption }),
      signer.signPost(KEY, { maxBytes: 1, encryption }),
    ]) {
      expect(await failureOf(sign)).toMatchObject({ code: "unsupported" });
    }
  });
});

/** What the two signers are to agree on. The SDK names one parameter more, and signs it. */
const SIGNINGS: Readonly<Record<string, (signer: UrlSigner) => Promise<SignedRequest>>> = {
  get: (signer) => signer.signGet(ODD, { startsAt, filename: "ü.csv", contentType: "text/csv" }),
  put: (signer) => signer.signPut(ODD, { startsAt, size: 5, checksum, when: { absent: true } }),
  part: (signer) => signer.signPart({ key: ODD, uploadId: "u+/=" }, 3, { startsAt, size: 5 }),
};

test.each(Object.entries(SIGNINGS))("both sign a %s alike", async (_, sign) => {
  const [one, two] = await Promise.all(
    STORES.map(async ([, open]) => {
      await using store = open(ENDPOINT);
      return await sign(signerOf(store));
    }),
  );
  if (one === undefined || two === undefined) throw new Error("two stores sign");
  const plainOf = ({ url }: SignedRequest): object => {
    const { "X-Amz-Content-Sha256": _, "X-Amz-Signature": __, ...others } = parametersOf({ url });
    return { path: new URL(url).pathname, others };
  };
  expect(plainOf(one)).toEqual(plainOf(two));
  expect(one.headers).toEqual(two.headers);
});

test("both sign a form alike", async () => {
  const forms = await Promise.all(
    STORES.map(async ([, open]) => {
      await using store = open(ENDPOINT);
      return (await signerOf(store).signPost(ODD, { startsAt, maxBytes: 5 })).fields;
    }),
  );
  expect(forms[0]).toEqual(forms[1]);
});

describe("a client of one's own", () => {
  const credentials = { accessKeyId: accessKey, secretAccessKey: secretKey };

  test("is addressed as it has it, and its checksum of nothing is in no URL", async () => {
    const client = new S3Client({ region: "eu-central-1", credentials });
    const signer = signerOf(new S3ObjectStore({ client, bucket: "bucket" }));
    const signed = await signer.signPut(KEY, { size: 5 });
    expect(signed.url).toMatch(
      /^https:\/\/bucket\.s3\.eu-central-1\.amazonaws\.com\/folder\/name\?/,
    );
    expect(signed.url + JSON.stringify(signed.headers)).not.toMatch(/crc32|checksum/i);
    expect(parametersOf(signed)["X-Amz-SignedHeaders"]).toBe("content-length;content-type;host");
    const form = await signer.signPost(KEY, { maxBytes: 5 });
    expect(form.url).toBe("https://bucket.s3.eu-central-1.amazonaws.com/");
    client.destroy();
  });
});

describe("a public endpoint", () => {
  const publicEndpoint = "https://files.example.org";
  const options = { bucket: "bucket", endpoint: ENDPOINT, publicEndpoint };

  test("is what signed URLs lead to, and is signed", async () => {
    await using s3 = openS3Store({
      ...options,
      credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
    });
    await using minio = openMinioStore({ ...options, accessKey, secretKey });
    await using other = openMinioStore({
      ...options,
      publicEndpoint: undefined,
      accessKey,
      secretKey,
    });
    for (const store of [s3, minio]) {
      const { url } = await signerOf(store).signGet(KEY, { startsAt });
      expect(url).toMatch(/^https:\/\/files\.example\.org\/bucket\/folder\/name\?/);
      const form = await signerOf(store).signPost(KEY, { maxBytes: 1 });
      expect(form.url).toMatch(/^https:\/\/files\.example\.org\/bucket\/?$/);
    }
    const within = await signerOf(other).signGet(KEY, { startsAt });
    const without = await signerOf(minio).signGet(KEY, { startsAt });
    expect(parametersOf(within)["X-Amz-Signature"]).not.toBe(
      parametersOf(without)["X-Amz-Signature"],
    );
  });

  test("receives nothing of the store's own", async () => {
    await using internal = await scriptedServer(plain(404, ""));
    await using outside = await scriptedServer(plain(404, ""));
    const where = { bucket: "bucket", endpoint: internal.url, publicEndpoint: outside.url };
    const credentials = { accessKeyId: accessKey, secretAccessKey: secretKey };
    for (const store of [
      openS3Store({ ...where, credentials }),
      openMinioStore({ ...where, accessKey, secretKey }),
    ]) {
      await signerOf(store).signGet(KEY);
      await failureOf(store.head(KEY));
      await store[Symbol.asyncDispose]();
    }
    expect(internal.received.length).toBeGreaterThan(0);
    expect(outside.received).toEqual([]);
  });

  test("that is none is refused when the store is opened", () => {
    for (const wrong of ["files.example.org", "https://k:canary-secret-93ac@files.example.org"]) {
      const where = { bucket: "bucket", endpoint: ENDPOINT, publicEndpoint: wrong };
      for (const open of [
        () => openS3Store(where),
        () => openMinioStore({ ...where, accessKey, secretKey }),
      ]) {
        expect(open).toThrow(expect.objectContaining({ code: "invalid-config" }));
      }
    }
  });
});

describe("temporary credentials", () => {
  test("stand in the URL by their token, and it expires no later than they do", async () => {
    const soon = new Date(startsAt.getTime() + 60_000);
    const credentials = {
      accessKeyId: accessKey,
      secretAccessKey: secretKey,
      sessionToken: "token-1",
      expiration: soon,
    };
    await using s3 = openS3Store({ bucket: "bucket", endpoint: ENDPOINT, credentials });
    const get = await signerOf(s3).signGet(KEY, { startsAt });
    expect(get.expiresAt).toEqual(soon);
    expect(parametersOf(get)).toMatchObject({ "X-Amz-Security-Token": "token-1" });
    const form = await signerOf(s3).signPost(KEY, { startsAt, maxBytes: 1 });
    expect(form.fields).toMatchObject({ "x-amz-security-token": "token-1" });
    expect(form.expiresAt).toEqual(soon);
  });

  test("of MinIO stand in the URL too", async () => {
    const where = { bucket: "bucket", endpoint: ENDPOINT, sessionToken: "token-1" };
    await using minio = openMinioStore({ ...where, accessKey, secretKey });
    const get = await signerOf(minio).signGet(KEY);
    expect(parametersOf(get)).toMatchObject({ "X-Amz-Security-Token": "token-1" });
  });

  test("that cannot be had are told as such", async () => {
    const credentials = async () => Promise.reject(new Error("no metadata service"));
    await using s3 = openS3Store({ bucket: "bucket", endpoint: ENDPOINT, credentials });
    const error = await failureOf(signerOf(s3).signGet(KEY));
    expect(error).toMatchObject({ code: "invalid-credentials", operation: "signGet" });
  });
});
