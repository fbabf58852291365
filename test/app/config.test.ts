import { describe, expect, it } from "vitest";
import type { StowageConfig } from "../../src/app/config/config.js";
import { readLocation, serverProfile } from "../../src/app/config/location.js";
import { type Environment, readSettings } from "../../src/app/config/settings.js";
import { StowageError } from "../../src/domain/errors.js";

describe("a location", () => {
  it.each([
    ["./data", { kind: "filesystem", directory: "/home/ada/data" }],
    [".", { kind: "filesystem", directory: "/home/ada" }],
    ["/srv/data", { kind: "filesystem", directory: "/srv/data" }],
    ["file:///srv/my%20data", { kind: "filesystem", directory: "/srv/my data" }],
    ["memory:", { kind: "memory" }],
    ["s3://my-bucket", { kind: "s3", bucket: "my-bucket" }],
    [
      "s3://b.1-x/?region=eu-central-1&endpoint=http://127.0.0.1:4566&pathStyle=true&profile=localstack",
      {
        kind: "s3",
        bucket: "b.1-x",
        region: "eu-central-1",
        endpoint: "http://127.0.0.1:4566",
        pathStyle: true,
        profile: "localstack",
      },
    ],
    ["minio://box:9000/bucket", { kind: "minio", endpoint: "https://box:9000", bucket: "bucket" }],
    [
      "s3://bucket?publicEndpoint=https://files.example.org",
      { kind: "s3", bucket: "bucket", publicEndpoint: "https://files.example.org" },
    ],
    [
      "minio://box:9000/bucket?publicEndpoint=https://files.example.org:8443",
      {
        kind: "minio",
        endpoint: "https://box:9000",
        publicEndpoint: "https://files.example.org:8443",
        bucket: "bucket",
      },
    ],
    [
      "minio://127.0.0.1:9000/bucket?tls=false",
      { kind: "minio", endpoint: "http://127.0.0.1:9000", bucket: "bucket" },
    ],
  ])("%s is understood", (text, location) => {
    expect(readLocation(text, "/home/ada")).toEqual({ location });
  });

  it.each([
    ["", /no known form/],
    ["data", /such as \.\/data for a folder or s3:\/\/data for a bucket/],
    ["gs://bucket", /no known form; use \.\/dir/],
    ["s3://", /names no bucket|no known form/],
    ["s3://My_Bucket", /3 to 63/],
    ["s3://ab", /3 to 63/],
    ["s3://10.0.0.1", /3 to 63/],
    ["s3://bucket/some/prefix", /path after the bucket/],
    ["s3://bucket?regoin=eu", /unknown setting "regoin"; known are region/],
    ["s3://bucket?region=", /"region" no value/],
    ["s3://bucket?region=a&region=b", /twice/],
    ["s3://bucket?pathStyle=yes", /neither true nor false/],
    ["s3://bucket?endpoint=127.0.0.1:9000", /use http:\/\/host:port/],
    ["s3://bucket?endpoint=ftp://x", /use http:\/\/host:port/],
    ["s3://bucket?publicEndpoint=files.example.org", /the publicEndpoint .*use http:\/\/host:port/],
    ["s3://bucket?publicEndpoint=https://x.org/files", /a path in its publicEndpoint/],
    ["minio://host/bucket?publicEndpoint=https://k:hush@x.org", /credentials/],
    ["s3://AKIAKEY:hush@bucket", /credentials, which do not belong/],
    ["s3://AKIAKEY:wJalr/hush/K7@bucket", /credentials, which do not belong/],
    ["minio://ada:hush/hush?@host/bucket", /credentials, which do not belong/],
    ["s3://bucket?endpoint=http://k:hu/hush@host", /credentials/],
    ["s3://bucket?endpoint=http%3A%2F%2Fkey%3Ahush%40host", /credentials/],
    ["s3://bucket?secretAccessKey=hush", /unknown setting "secretAccessKey"/],
    ["file:data", /no known form/],
    ["file:./data", /no known form/],
    ["s3://bucket?endpoint=http://key:hush@host", /credentials/],
    ["minio://host:9000", /names no bucket/],
    ["minio://host:9000/bucket/x", /path after the bucket/],
    ["file://host/share", /another machine/],
  ])("%s is refused", (text, fault) => {
    const read = readLocation(text, "/home/ada");
    if (!("fault" in read)) throw new Error("it was taken");
    expect(read.fault).toMatch(fault);
    expect(read.fault + read.shown).not.toMatch(/hush/);
  });
});

describe("settings", () => {
  it("come from nothing at all: the directory ./stowage-data, not encrypted", () => {
    expect(read({})).toMatchObject({
      location: { kind: "filesystem", directory: "/home/ada/stowage-data" },
      datasetsPrefix: "datasets",
      modelsPrefix: "models",
      encryption: undefined,
      payloadSigning: "auto",
      wishes: { thresholdBytes: 5_242_880, partBytes: 5_242_880 },
      concurrency: 4,
      retry: { maxAttempts: 5 },
      connectTimeoutMs: 3_000,
      idleTimeoutMs: 20_000,
    });
  });

  it("ask for AES256 on S3 and MinIO unless told otherwise", () => {
    const s3 = { store: "s3://bucket" };
    expect(read(s3).encryption).toEqual({ algorithm: "AES256" });
    expect(read({ ...s3, encryption: "none" }).encryption).toBeUndefined();
    expect(read({ ...s3, encryption: "aws:kms:key/1" }).encryption).toEqual({
      algorithm: "aws:kms",
      keyId: "key/1",
    });
    const env = { MINIO_ACCESS_KEY: "a", MINIO_SECRET_KEY: "s" };
    expect(read({ store: "minio://host/bucket" }, env)).toMatchObject({
      encryption: { algorithm: "AES256" },
      minioCredentials: { accessKey: "a", secretKey: "s" },
    });
  });

  it.each([
    [{ AWS_ENDPOINT_URL: "http://box:9000" }, "http://box:9000"],
    [{ AWS_ENDPOINT_URL: "http://box", AWS_ENDPOINT_URL_S3: "https://s3.box" }, "https://s3.box"],
    [{ AWS_ENDPOINT_URL: "" }, undefined],
    [{ AWS_ENDPOINT_URL: "http://box", AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "true" }, undefined],
  ])("take the endpoint of the AWS SDKs' variables %o", (env, endpoint) => {
    const { location } = read({ store: "s3://bucket" }, env);
    expect(location).toMatchObject({ kind: "s3", endpoint });
    // A server that nobody has named is not trusted as Amazon S3 is.
    expect(serverProfile(location)).toBe(endpoint === undefined ? "aws" : "generic");
    const named = read({ store: "s3://bucket?endpoint=http://named" }, env);
    expect(named.location).toMatchObject({ endpoint: "http://named" });
  });

  it("refuse an endpoint in a variable as they do one in a location", () => {
    const of = (endpoint: string) => () =>
      read({ store: "s3://bucket" }, { AWS_ENDPOINT_URL_S3: endpoint });
    expect(of("box:9000")).toThrow(/AWS_ENDPOINT_URL_S3 "box:9000"; use http:\/\/host:port/);
    expect(of("http://key:hush@box")).toThrow(/^(?!.*hush).*credentials/);
  });

  it("come from variables, over which the object's fields win", () => {
    const env = {
      STOWAGE_STORE: "memory:",
      STOWAGE_CONCURRENCY: "8",
      STOWAGE_PART_BYTES: "8_388_608",
    };
    expect(read({}, env)).toMatchObject({
      location: { kind: "memory" },
      concurrency: 8,
      wishes: { partBytes: 8_388_608 },
    });
    expect(read({ concurrency: 2 }, env).concurrency).toBe(2);
  });

  it("tell every mistake at once: the name, the value and the right form", () => {
    const message = refusal(
      { concurrency: 0, datasetsPrefix: "a//b" },
      {
        STOWAGE_STORE: "s3://key:hush@bucket",
        STOWAGE_PART_BYTES: "5MB",
        STOWAGE_ENCRYPTION: "rot13",
        STOWAGE_ENCRYPTON: "none",
      },
    );
    expect(message.split("\n")).toHaveLength(7);
    expect(message).toMatch(/^Cannot use the configuration, for 6 reasons:/);
    expect(message).toMatch(/- concurrency is 0: use a whole number of parts from 1 to 64/);
    expect(message).toMatch(/- datasetsPrefix is "a\/\/b": use a key/);
    expect(message).toMatch(/- STOWAGE_STORE is "s3:\/\/\*\*\*": it seems to hold credentials/);
    expect(message).toMatch(
      /- STOWAGE_PART_BYTES is "5MB": use a whole number of bytes from 5242880/,
    );
    expect(message).toMatch(/- STOWAGE_ENCRYPTION is "rot13": use AES256/);
    expect(message).toMatch(/- STOWAGE_ENCRYPTON is not known; known are STOWAGE_STORE/);
    expect(message).not.toMatch(/hush/);
  });

  it.each<[StowageConfig, Environment, RegExp]>([
    [{ store: "./x", encryption: "AES256" }, {}, /cannot encrypt/],
    [{}, { STOWAGE_PAYLOAD_SIGNING: "maybe" }, /STOWAGE_PAYLOAD_SIGNING is "maybe": use auto/],
    [{ store: "minio://host/bucket" }, {}, /MINIO_ACCESS_KEY is not set/],
    [{ modelsPrefix: "datasets/models" }, {}, /within the other prefix/],
    [{ datasetsPrefix: "user_1" }, {}, /no "user_…" in it/],
    [{ partsize: 1 } as StowageConfig, {}, /partsize is not known/],
    [{ multipartThresholdBytes: 2 ** 40 }, {}, /from 1 to 5368709120/],
    [{ s3Credentials: { accessKeyId: "" } as never }, {}, /s3Credentials needs/],
    [{ s3Credentials: null as never }, {}, /s3Credentials needs/],
    [{ minioCredentials: null as never }, {}, /minioCredentials needs/],
    [{ concurrency: 5n as never }, {}, /concurrency is 5n: use a whole number/],
  ])("refuse $0", (config, env, rule) => {
    expect(refusal(config, env)).toMatch(rule);
  });

  it("leave variables of others alone", () => {
    expect(read({}, { PATH: "/bin", STOWAGE_TEST_SERVERS: "processes" }).concurrency).toBe(4);
  });
});

function read(config: StowageConfig, env: Environment = {}) {
  return readSettings(config, env, "/home/ada");
}

function refusal(config: StowageConfig, env: Environment): string {
  try {
    read(config, env);
  } catch (error) {
    if (error instanceof StowageError && error.code === "invalid-config") return error.message;
    throw error;
  }
  throw new Error("nothing was refused");
}
