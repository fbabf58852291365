import { describe, expect, test } from "vitest";
import { openMinioStore } from "../../src/adapters/minio/index.js";
import { openS3Store } from "../../src/adapters/s3/index.js";
import { RetryingStore } from "../../src/app/retrying-store.js";
import { DEFAULT_RETRY } from "../../src/domain/retry.js";
import type { Clock } from "../../src/ports/clock.js";
import type { OpenStore } from "../../src/ports/store.js";
import { type Answer, error, object, scriptedServer } from "./scripted-server.js";
import { BYTES, failureOf, KEY } from "./stores.js";

const clock: Clock = {
  now: () => new Date(),
  random: () => 0,
  sleep: async () => {},
  token: () => "",
};
const upload = { key: KEY, uploadId: "upload-1" };

/** Refuses the tokens named. */
function refusing(code: string, ended: ReadonlySet<unknown>): Answer {
  return (request, response, socket) => {
    const refused = ended.has(request.headers["x-amz-security-token"]);
    (refused ? error(400, code) : object(""))(request, response, socket);
  };
}

/** A provider whose credentials are others each time, or the same for ever. */
function provider(renews: boolean) {
  let asked = 0;
  return {
    asked: () => asked,
    give: async () => {
      asked += 1;
      const sessionToken = `token-${renews ? asked : 1}`;
      return { accessKeyId: "a", secretAccessKey: "s", sessionToken };
    },
  };
}

type Give = () => Promise<{ accessKeyId: string; secretAccessKey: string; sessionToken: string }>;

const OPEN: readonly (readonly [string, (endpoint: string, give: Give) => OpenStore])[] = [
  ["s3", (endpoint, credentials) => openS3Store({ bucket: "bucket", endpoint, credentials })],
  [
    "minio",
    (endpoint, give) =>
      openMinioStore({
        bucket: "bucket",
        endpoint,
        credentials: async () => {
          const { accessKeyId: accessKey, secretAccessKey: secretKey, sessionToken } = await give();
          return { accessKey, secretKey, sessionToken };
        },
      }),
  ],
];

describe.each(OPEN)("%s", (_, open) => {
  test.each(["ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "InvalidToken"])(
    "%s in the midst of an upload: the provider is asked again once, and the upload goes on",
    async (code) => {
      const ended = new Set<unknown>();
      await using server = await scriptedServer(refusing(code, ended));
      const source = provider(true);
      const options = { bucket: "bucket", endpoint: server.url, credentials: source.give };
      await using plain = openS3Store(options);
      const store = new RetryingStore(plain, clock, { retry: DEFAULT_RETRY });
      await store.uploadPart(upload, 1, BYTES);
      await store.uploadPart(upload, 2, BYTES);
      expect(source.asked()).toBe(1);
      ended.add("token-1");
      await Promise.all([3, 4, 5].map(async (part) => store.uploadPart(upload, part, BYTES)));
      expect(source.asked()).toBe(2);
      expect(await store.head(KEY)).toMatchObject({ etag: "abc" });
      ended.add("token-2");
      expect(await store.head(KEY)).toMatchObject({ etag: "abc" });
      expect(source.asked()).toBe(3);
    },
  );

  test("credentials that come back the same are refused for good, after one more try", async () => {
    await using server = await scriptedServer(refusing("ExpiredToken", new Set(["token-1"])));
    const source = provider(false);
    await using plain = open(server.url, source.give);
    const store = new RetryingStore(plain, clock, { retry: DEFAULT_RETRY });
    expect(await failureOf(store.put(KEY, BYTES))).toMatchObject({
      code: "invalid-credentials",
      retryable: false,
      remedy: expect.stringContaining("expired"),
    });
    expect(source.asked()).toBe(2);
    expect(server.received).toHaveLength(2);
  });
});

test("static credentials that ended are refused at once", async () => {
  await using server = await scriptedServer(refusing("ExpiredToken", new Set(["token-1"])));
  const credentials = await provider(false).give();
  await using plain = openS3Store({ bucket: "bucket", endpoint: server.url, credentials });
  const store = new RetryingStore(plain, clock, { retry: DEFAULT_RETRY });
  expect(await failureOf(store.put(KEY, BYTES))).toMatchObject({
    code: "invalid-credentials",
    retryable: false,
    remedy: expect.stringContaining("expired"),
  });
  expect(server.received).toHaveLength(1);
});

test("the provider is asked again before the credentials end", async () => {
  await using server = await scriptedServer(object(""));
  let asked = 0;
  const credentials = async () => {
    asked += 1;
    const minutes = asked === 1 ? 4 : 60;
    const expiration = new Date(Date.now() + minutes * 60_000);
    return { accessKeyId: "a", secretAccessKey: "s", expiration };
  };
  await using store = openS3Store({ bucket: "bucket", endpoint: server.url, credentials });
  for (let call = 0; call < 3; call++) await store.put(KEY, BYTES);
  expect(asked).toBe(2);
});
