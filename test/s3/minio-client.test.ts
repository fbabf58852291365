import { Client } from "minio";
import { CredentialProvider } from "minio/dist/esm/CredentialProvider.mjs";
import { Credentials } from "minio/dist/esm/Credentials.mjs";
import { signV4 } from "minio/dist/esm/signing.mjs";
import { expect, test } from "vitest";
import { MinioObjectStore, minioTransport } from "../../src/adapters/minio/index.js";
import { objectKey } from "../../src/domain/object-key.js";
import { error, object, type Received, scriptedServer } from "./scripted-server.js";
import { BYTES, failureOf, KEY } from "./stores.js";

type ClientOptions = ConstructorParameters<typeof Client>[0];

function clientAt(url: string, options: Partial<ClientOptions> = {}): Client {
  const { hostname, port } = new URL(url);
  return new Client({
    endPoint: hostname,
    port: Number(port),
    useSSL: false,
    accessKey: "access",
    secretKey: "secret",
    transport: minioTransport,
    ...options,
  });
}

/** What authorizes a request, by the function that the client of MinIO signs with. */
function authorized({ method, url: path, headers }: Received): string {
  const names = /SignedHeaders=([^,]+)/.exec(headers.authorization ?? "")?.[1]?.split(";") ?? [];
  const entries = names.map((name) => {
    // Named in lower case, they would be left out.
    const named = name.replace(/^content-(?=type|length)/, "Content-");
    return [named, String(headers[name])];
  });
  const stamp = String(headers["x-amz-date"]);
  const time = stamp.replace(/^(....)(..)(..T..)(..)(..Z)$/, "$1-$2-$3:$4:$5");
  const request = { method, path, headers: Object.fromEntries(entries) } as never;
  const hash = String(headers["x-amz-content-sha256"]);
  return signV4(request, "access", "secret", "us-east-1", new Date(time), hash);
}

test("what is sent is signed with the client's keys, whatever its key, query and headers", async () => {
  await using server = await scriptedServer(object(""));
  const store = new MinioObjectStore({ client: clientAt(server.url), bucket: "bucket" });
  const odd = objectKey("a b/ü'(*)+&=?/%2e/x;y");
  await store.put(odd, BYTES, { metadata: { name: "a; b  c" }, when: { absent: true } });
  await store.createUpload(odd, { contentType: "text/csv" }).catch(() => undefined);
  await store.uploadPart({ key: odd, uploadId: "a+b/c=" }, 1, BYTES);
  expect(server.received).toHaveLength(3);
  for (const request of server.received) {
    const { authorization } = request.headers;
    expect(authorization).toMatch(/SignedHeaders=content-length;(content-type;)?host;/);
    expect(authorization).toBe(authorized(request));
  }
});

test("a client stays as it was, and signs its own requests", async () => {
  await using server = await scriptedServer(object(""));
  const client = clientAt(server.url);
  const before = { ...client };
  const store = new MinioObjectStore({ client, bucket: "bucket" });
  await store.put(KEY, BYTES);
  expect({ ...client }).toEqual(before);
  await client.statObject("bucket", "a");
  const own = server.received.at(-1);
  expect(own?.headers.authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=access\//);
});

test("an anonymous client sends without a signature", async () => {
  await using server = await scriptedServer(object(""));
  const client = clientAt(server.url, { accessKey: "", secretKey: "" });
  await new MinioObjectStore({ client, bucket: "bucket" }).put(KEY, BYTES);
  const [request] = server.received;
  expect(request?.bytes).toEqual(Buffer.from(BYTES));
  expect(request?.headers).not.toHaveProperty("authorization");
});

test("a client without our transport is refused, and sends nothing", async () => {
  await using server = await scriptedServer(object(""));
  const { hostname: endPoint, port } = new URL(server.url);
  const keys = { accessKey: "access", secretKey: "secret" };
  const client = new Client({ endPoint, port: Number(port), useSSL: false, ...keys });
  const store = new MinioObjectStore({ client, bucket: "bucket" });
  expect(await failureOf(store.put(KEY, BYTES))).toMatchObject({ code: "invalid-config" });
  expect(server.received).toHaveLength(0);
});

test("the client's provider of credentials is asked for each request", async () => {
  let asked = 0;
  class Provider extends CredentialProvider {
    override async getCredentials(): Promise<Credentials> {
      asked += 1;
      const sessionToken = `token-${asked}`;
      return new Credentials({ accessKey: "access", secretKey: "secret", sessionToken });
    }
  }
  await using server = await scriptedServer(object(""));
  const credentialsProvider = new Provider({ accessKey: "", secretKey: "" });
  const options = { accessKey: "", secretKey: "", credentialsProvider } as never;
  const client = clientAt(server.url, options);
  const store = new MinioObjectStore({ client, bucket: "bucket" });
  await store.put(KEY, BYTES);
  await store.put(KEY, BYTES);
  const tokens = server.received.map(({ headers }) => headers["x-amz-security-token"]);
  expect(tokens).toEqual(["token-1", "token-2"]);
  for (const { headers } of server.received) {
    expect(headers.authorization).toMatch(/SignedHeaders=[^,]*x-amz-security-token/);
  }
});

test("an answer that is larger than any is not held", async () => {
  let sent = 0;
  await using server = await scriptedServer((_, response) => {
    const piece = Buffer.alloc(1_048_576);
    const more = (): void => {
      while (sent < 100_000_000 && !response.destroyed) {
        sent += piece.length;
        if (!response.write(piece)) return void response.once("drain", more);
      }
    };
    response.writeHead(200, { etag: '"abc"' });
    more();
  });
  const store = new MinioObjectStore({ client: clientAt(server.url), bucket: "bucket" });
  expect(await failureOf(store.put(KEY, BYTES))).toMatchObject({ code: "bad-answer" });
  expect(sent).toBeLessThan(60_000_000);
});

test("an answer of an error is read to its end", async () => {
  await using server = await scriptedServer(error(400, "KeyTooLongError", "x".repeat(200_000)));
  const store = new MinioObjectStore({ client: clientAt(server.url), bucket: "bucket" });
  expect(await failureOf(store.put(KEY, BYTES))).toMatchObject({ providerCode: "KeyTooLongError" });
});
