import { afterEach, expect, test, vi } from "vitest";
import { openMinioStore } from "../../src/adapters/minio/index.js";
import { openS3Store } from "../../src/adapters/s3/index.js";
import { plain, scriptedServer } from "./scripted-server.js";
import { BYTES, expectNoSecret, failureOf, KEY } from "./stores.js";

afterEach(() => {
  vi.unstubAllEnvs();
});

/** A machine on which the SDK finds nothing. */
function bareMachine(): void {
  for (const name of Object.keys(process.env)) {
    if (name.startsWith("AWS_")) vi.stubEnv(name, undefined);
  }
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
  vi.stubEnv("AWS_CONFIG_FILE", "/nonexistent/config");
  vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials");
}

test.each([
  ["that fails", () => Promise.reject(new Error("the vault is sealed"))],
  ["of nothing", async () => ({ accessKeyId: "", secretAccessKey: "" })],
])("a provider of credentials %s is told as such, before any request", async (_, credentials) => {
  await using server = await scriptedServer(plain(200, ""));
  await using store = openS3Store({ bucket: "bucket", endpoint: server.url, credentials });
  expect(await failureOf(store.put(KEY, BYTES))).toMatchObject({
    code: "invalid-credentials",
    outcome: "not-applied",
    remedy: expect.stringContaining("AWS_ACCESS_KEY_ID"),
  });
  expect(server.received).toEqual([]);
});

test("a machine without credentials is told so", async () => {
  bareMachine();
  await using server = await scriptedServer(plain(200, ""));
  await using store = openS3Store({ bucket: "bucket", endpoint: server.url });
  expect(await failureOf(store.put(KEY, BYTES))).toMatchObject({
    code: "invalid-credentials",
    remedy: expect.stringContaining("AWS_PROFILE"),
  });
});

test("a machine without a region is told so", async () => {
  bareMachine();
  await using store = openS3Store({ bucket: "bucket" });
  expect(await failureOf(store.put(KEY, BYTES))).toMatchObject({
    code: "invalid-config",
    outcome: "not-applied",
    remedy: "Set region, or AWS_REGION.",
  });
});

test("an endpoint that nobody has told is not taken from the environment, nor from the SDK's files", async () => {
  bareMachine();
  await using elsewhere = await scriptedServer(plain(200, ""));
  vi.stubEnv("AWS_ENDPOINT_URL", elsewhere.url);
  const credentials = { accessKeyId: "a", secretAccessKey: "s" };
  await using store = openS3Store({ bucket: "bucket", region: "eu-west-1", credentials });
  const signed = await store.signer?.signGet(KEY);
  expect(signed?.url).toMatch(/^https:\/\/bucket\.s3\.eu-west-1\.amazonaws\.com\//);
});

test("what a store is stands in its facts", async () => {
  const credentials = { accessKeyId: "a", secretAccessKey: "s" };
  await using aws = openS3Store({ bucket: "bucket", region: "eu-west-1", credentials });
  expect(aws.facts).toMatchObject({
    kind: "s3",
    location: "s3://bucket/",
    bucket: "bucket",
    honours: { conditions: { copy: true, delete: true }, listUploads: "prefix" },
  });
  expect(aws.uri(KEY)).toBe("s3://bucket/folder/name");
  await using other = openS3Store({
    bucket: "bucket",
    endpoint: "http://localhost:1",
    credentials,
  });
  expect(other.facts.honours).toMatchObject({
    conditions: { put: true, complete: true, copy: false, delete: false },
    encryption: ["AES256"],
    listUploads: "key",
  });
  await using minio = openMinioStore({
    bucket: "bucket",
    endpoint: "http://[::1]:9000/",
    accessKey: "a",
    secretKey: "s",
  });
  expect(minio.facts).toMatchObject({ kind: "minio", location: "s3://bucket/" });
});

test.each([
  ["a bucket without a name", { bucket: "" }],
  ["a bucket with a path", { bucket: "a/b" }],
  ["an endpoint that is no URL", { endpoint: "localhost:9000" }],
  ["an endpoint of another protocol", { endpoint: "ftp://localhost" }],
  [
    "an endpoint with credentials",
    { endpoint: "http://canary-access-7d1f:canary-secret-93ac@localhost" },
  ],
  ["an endpoint with a query", { endpoint: "http://localhost/?canary-secret-93ac" }],
  ["an unknown profile", { profile: "azure" }],
])("%s is refused when the store is opened", (_, wrong) => {
  const options = { bucket: "bucket", endpoint: "http://localhost:9000", ...wrong };
  for (const open of [
    () => openS3Store(options),
    () => openMinioStore({ ...options, accessKey: "a", secretKey: "s" }),
  ]) {
    try {
      open();
      expect.unreachable();
    } catch (caught) {
      expect(caught).toMatchObject({ code: "invalid-config", operation: "open" });
      expectNoSecret(caught);
    }
  }
});
