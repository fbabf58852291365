import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { openStowage } from "../../src/app/modules/open-stowage.js";
import type { Stowage, Uploaded } from "../../src/app/stowage.js";
import { configOf, locationOf, makeBucket, sdkClient, type Way } from "./buckets.js";
import { type FaultProxy, openFaultProxy } from "./fault-proxy.js";
import type { ServerAddress } from "./setup/server.js";

/** The behaviours of the module that Stowage began as, each seen from outside, on a real server. */

const MIB = 1_048_576;
const small = Buffer.from("longitude,latitude\n-122.23,37.88\n");
const large = randomBytes(12 * MIB);
const subjects: readonly (readonly [Way, "minio" | "localstack", ServerAddress])[] = [
  ["s3", "minio", inject("minio")],
  ["s3", "localstack", inject("localstack")],
  ["minio", "minio", inject("minio")],
];

describe.each(subjects)("by %s on %s", (way, profile, server) => {
  let bucket: string;
  let stowage: Stowage;
  let proxy: FaultProxy;
  let folder: string;
  let file: string;
  let simple: Uploaded;
  let multipart: Uploaded;
  const sdk = sdkClient(server);

  beforeAll(async () => {
    bucket = await makeBucket(server);
    proxy = await openFaultProxy(server.endpoint);
    stowage = await open();
    folder = await mkdtemp(join(tmpdir(), "stowage-original-"));
    file = join(folder, "housing_data.csv");
    await writeFile(file, small);
    const request = { userId: 12345, metadata: { project: "mieten" } };
    simple = await stowage.uploadDataset({ ...request, source: file });
    multipart = await stowage.uploadDataset({ ...request, source: large, name: "large.bin" });
  });

  afterAll(async () => {
    await stowage[Symbol.asyncDispose]();
    await proxy[Symbol.asyncDispose]();
    sdk.destroy();
    await rm(folder, { recursive: true, force: true });
  });

  function open(endpoint = server.endpoint, config: object = {}): Promise<Stowage> {
    const store = locationOf(way, server, bucket, profile, endpoint);
    return openStowage({ store, maxAttempts: 1, ...configOf(server), ...config }, {});
  }

  const head = (key: string, partNumber?: number) =>
    sdk.send(new HeadObjectCommand({ Bucket: bucket, Key: key, PartNumber: partNumber }));
  const bytesOf = async (key: string): Promise<Buffer> => {
    const answer = await sdk.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return Buffer.from((await answer.Body?.transformToByteArray()) ?? []);
  };
  const keysOf = async (prefix: string): Promise<(string | undefined)[]> => {
    const answer = await sdk.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix }));
    return (answer.Contents ?? []).map(({ Key }) => Key);
  };
  const upload = (source: string | URL | Uint8Array, name?: string, userId = 1) =>
    stowage.uploadDataset({ userId, source, name });

  describe("initialisation", () => {
    it("1 keeps what it is given", () => {
      expect(stowage.store.facts).toMatchObject({ kind: way, bucket });
    });
    it("2 has a client that reaches the server", async () => {
      const objects = await Array.fromAsync(stowage.list({ userId: "nobody" }));
      expect(objects).toEqual([]);
    });
  });

  describe("key generation", () => {
    it("3 begins with the user's prefix", () => {
      expect(simple.key.startsWith("datasets/user_12345/")).toBe(true);
    });
    it("4 holds the time, in UTC", () => {
      const stamp = /\/(\d{4})(\d\d)(\d\d)_(\d\d)(\d\d)(\d\d)_/.exec(simple.key) ?? [];
      const [, year, month, day, hour, minute, second] = stamp;
      const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
      expect(Math.abs(Date.now() - at)).toBeLessThan(600_000);
    });
    it("5 is of the form prefix/user_id/YYYYMMDD_HHMMSS_name", () => {
      expect(simple.key).toMatch(/^datasets\/user_12345\/\d{8}_\d{6}_housing_data\.csv$/);
    });
    it("6 keeps users apart", async () => {
      const [one, ten] = [await upload(small, "x", 1), await upload(small, "x", 10)];
      expect(await keysOf("datasets/user_1/")).toContain(one.key);
      expect(await keysOf("datasets/user_1/")).not.toContain(ten.key);
    });
    it("7 keeps the file name", async () => {
      const { key } = await upload(small, "Übersicht 2025 (a+b).csv");
      expect(await keysOf(key)).toEqual([key]);
      expect(key).toMatch(/_Übersicht 2025 \(a\+b\)\.csv$/);
    });
  });

  describe("simple upload", () => {
    it("8 sends one request", async () => {
      expect(simple.parts).toBe(0);
      expect((await head(simple.key)).ETag).not.toMatch(/-\d+"$/);
    });
    it("9 stores in the bucket, under the key", async () => {
      expect(await keysOf(simple.key)).toEqual([simple.key]);
    });
    it("10 stores the bytes of the file", async () => {
      expect(await bytesOf(simple.key)).toEqual(small);
    });
    it("11 is encrypted with AES256", async () => {
      expect((await head(simple.key)).ServerSideEncryption).toBe("AES256");
    });
    it("12 carries its metadata", async () => {
      const { Metadata } = await head(simple.key);
      expect(Metadata).toMatchObject({
        original_filename: "housing_data.csv",
        project: "mieten",
      });
      expect(Metadata?.["uploaded_at"]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    });
    it("13 returns the URI", () => {
      expect(simple.uri).toBe(`s3://${bucket}/${simple.key}`);
    });
    it("14 rejects with what the server says", async () => {
      const store = locationOf(way, server, "no-such-bucket-here", profile);
      await using wrong = await openStowage({ store, ...configOf(server) }, {});
      await expect(wrong.uploadDataset({ userId: 1, source: file })).rejects.toMatchObject({
        code: "bucket-not-found",
        outcome: "not-applied",
      });
    });
    it("15 rejects when no server answers", async () => {
      await using away = await open("http://127.0.0.1:9");
      await expect(away.uploadDataset({ userId: 1, source: file })).rejects.toMatchObject({
        code: "unavailable",
      });
    });
  });

  describe("multipart upload", () => {
    const broken = async (name: string): Promise<unknown> => {
      await using through = await open(proxy.endpoint);
      proxy.flipAt(3 * MIB);
      const request = { userId: "broken", source: large, name };
      return await through.uploadDataset(request).catch((error: unknown) => error);
    };

    it("16 is created as an upload of parts", async () => {
      expect((await head(multipart.key)).ETag).toMatch(/-3"$/);
    });
    it("17 is encrypted with AES256", async () => {
      expect((await head(multipart.key)).ServerSideEncryption).toBe("AES256");
    });
    it("18 carries its metadata", async () => {
      const { Metadata } = await head(multipart.key);
      expect(Metadata).toMatchObject({ original_filename: "large.bin", project: "mieten" });
    });
    it("19 sends parts of 5 MiB, the last with the rest", async () => {
      expect(multipart.parts).toBe(3);
      const first = await head(multipart.key, 1);
      const last = await head(multipart.key, 3);
      expect(first.ContentLength).toBe(5 * MIB);
      expect(last.ContentLength).toBe(2 * MIB);
    });
    it("20 is completed to the bytes of the source", async () => {
      expect((await bytesOf(multipart.key)).equals(large)).toBe(true);
    });
    it("21 returns the URI", () => {
      expect(multipart.uri).toBe(`s3://${bucket}/${multipart.key}`);
    });
    it("22 is aborted when a part fails", async () => {
      expect(await broken("a.bin")).toMatchObject({ cleanup: "done" });
      const of = { Bucket: bucket, Prefix: "datasets/user_broken/" };
      const { Uploads } = await sdk.send(new ListMultipartUploadsCommand(of));
      expect(Uploads ?? []).toEqual([]);
      expect(await keysOf("datasets/user_broken/")).toEqual([]);
    });
    it("23 rejects with the cause", async () => {
      expect(await broken("b.bin")).toMatchObject({
        code: "checksum-mismatch",
        operation: "uploadPart",
        outcome: "not-applied",
      });
    });
  });

  describe("dataset upload", () => {
    it("24 refuses a missing file before anything is sent", async () => {
      await using away = await open("http://127.0.0.1:9");
      await expect(away.uploadDataset({ userId: 1, source: "/no/x.csv" })).rejects.toMatchObject({
        code: "source-not-found",
      });
    });
    it("25 sends one request below 5 MiB", async () => {
      expect((await upload(large.subarray(0, 5 * MIB - 1), "below")).parts).toBe(0);
    });
    it("26 sends parts from 5 MiB on", async () => {
      expect((await upload(large.subarray(0, 5 * MIB), "at")).parts).toBe(1);
      expect((await upload(large.subarray(0, 5 * MIB + 1), "above")).parts).toBe(2);
    });
    it("27 has the user's id in its key", async () => {
      expect((await upload(small, "x", 777)).key).toContain("/user_777/");
    });
    it("28 takes a name of one's own", async () => {
      expect((await upload(file, "renamed.csv")).key).toMatch(/_renamed\.csv$/);
    });
    it("29 takes the file's name where none is given", async () => {
      expect((await upload(file)).key).toMatch(/_housing_data\.csv$/);
    });
    it("30 returns the URI of what is there", async () => {
      const { uri } = await upload(file);
      expect(await stowage.info({ userId: 1, object: uri })).toMatchObject({ uri });
    });
    it("31 takes a path as a URL", async () => {
      expect(await bytesOf((await upload(pathToFileURL(file))).key)).toEqual(small);
    });
    it("32 passes on the store's error, typed", async () => {
      await using away = await open("http://127.0.0.1:9");
      const error = await away.uploadDataset({ userId: 1, source: file }).catch((e: unknown) => e);
      expect(error).toMatchObject({ name: "StowageError", operation: "put", retryable: true });
    });
  });

  describe("from end to end", () => {
    it.each([
      ["33 a small dataset", small],
      ["34 a large dataset", large],
    ])("%s is stored, listed, downloaded and removed", async (name, bytes) => {
      const { key } = await stowage.uploadDataset({ userId: "e2e", source: bytes, name });
      const listed = await Array.fromAsync(stowage.list({ userId: "e2e" }));
      expect(listed.map((object) => object.key)).toContain(key);
      const to = join(folder, name);
      const result = await stowage.download({ userId: "e2e", object: key, to });
      expect(result).toMatchObject({ size: bytes.length, verified: true });
      await stowage.remove({ userId: "e2e", object: key });
      expect(await keysOf(key)).toEqual([]);
    });
    it("35 users do not see each other's", async () => {
      const { key } = await upload(small, "mine", 1);
      const request = { userId: 2, object: key };
      await expect(stowage.info(request)).rejects.toMatchObject({ code: "access-denied" });
      const listed = await Array.fromAsync(stowage.list({ userId: 2 }));
      expect(listed).toEqual([]);
    });
  });
});
