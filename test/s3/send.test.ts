import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { openS3Store } from "../../src/adapters/s3/index.js";
import { type Answer, object, scriptedServer } from "./scripted-server.js";
import { BYTES, failureOf, KEY } from "./stores.js";

const credentials = { accessKeyId: "a", secretAccessKey: "s" };
const upload = { key: KEY, uploadId: "upload-1" };

/** An answer that is given when the test says so. */
function held(): { readonly answer: Answer; readonly give: () => void; asked: Promise<void> } {
  const asked = Promise.withResolvers<void>();
  const given = Promise.withResolvers<void>();
  return {
    answer: async (request, response, socket) => {
      asked.resolve();
      await given.promise;
      object("")(request, response, socket);
    },
    give: given.resolve,
    asked: asked.promise,
  };
}

// What the SDK resolves for one command is kept for the next of its kind.
describe("of two commands of a kind", () => {
  test("each ends by its own signal", async () => {
    const [first, second] = [held(), held()];
    await using server = await scriptedServer([first.answer, second.answer]);
    await using store = openS3Store({ bucket: "bucket", endpoint: server.url, credentials });
    const [one, other] = [new AbortController(), new AbortController()];
    const aborted = failureOf(store.put(KEY, BYTES, { signal: one.signal }));
    await first.asked;
    const put = store.put(KEY, BYTES, { signal: other.signal });
    await second.asked;
    const closed = Promise.all([...server.sockets].slice(0, 1).map((socket) => closing(socket)));
    one.abort("enough");
    expect(await aborted).toBe("enough");
    await closed;
    expect(server.sockets.size).toBe(1);
    second.give();
    expect(await put).toMatchObject({ etag: "abc" });
  });

  test("each has its own headers and bytes", async () => {
    await using server = await scriptedServer(object("hello"));
    await using store = openS3Store({ bucket: "bucket", endpoint: server.url, credentials });
    await store.put(KEY, BYTES, { contentType: "text/a", metadata: { a: "1" } });
    await store.put(KEY, new Uint8Array(3), { contentType: "text/b", when: { absent: true } });
    const [first, second] = server.received;
    expect(first?.headers).toMatchObject({ "content-type": "text/a", "x-amz-meta-a": "1" });
    expect(first?.headers).not.toHaveProperty("if-none-match");
    expect(second?.headers).toMatchObject({ "content-type": "text/b", "if-none-match": "*" });
    expect(second?.headers).not.toHaveProperty("x-amz-meta-a");
    expect(server.received.map(({ bytes }) => bytes.length)).toEqual([BYTES.length, 3]);
  });

  test("each is prepared before it is signed", async () => {
    await using server = await scriptedServer(object("hello"));
    const options = { bucket: "bucket", endpoint: server.url, credentials };
    await using store = openS3Store({ ...options, payloadSigning: "never" });
    for (let call = 0; call < 2; call++) {
      await store.put(KEY, BYTES);
      await using _ = await store.get(KEY);
    }
    const told = server.received.map(({ headers }) => [
      headers["x-amz-content-sha256"],
      headers["x-amz-checksum-mode"],
    ]);
    const put = ["UNSIGNED-PAYLOAD", undefined];
    const get = [expect.stringMatching(/^[0-9a-f]{64}$/), "ENABLED"];
    expect(told).toEqual([put, get, put, get]);
  });

  test("one that is only signed is not sent, and one that is sent is not only signed", async () => {
    await using server = await scriptedServer(object("hello"));
    await using store = openS3Store({ bucket: "bucket", endpoint: server.url, credentials });
    await store.signer?.signGet(KEY);
    expect(server.received).toHaveLength(0);
    await using opened = await store.get(KEY);
    expect(await Array.fromAsync(opened.body)).toHaveLength(1);
    await store.signer?.signGet(KEY);
    expect(server.received).toHaveLength(1);
    await using again = await store.get(KEY);
    expect(await Array.fromAsync(again.body)).toHaveLength(1);
  });
});

test.each(["put", "uploadPart"] as const)("holds no bytes after %s", async (call) => {
  await using server = await scriptedServer(object(""));
  await using store = openS3Store({ bucket: "bucket", endpoint: server.url, credentials });
  const sent = async (): Promise<WeakRef<ArrayBuffer>> => {
    const bytes = new Uint8Array(100_000);
    await (call === "put" ? store.put(KEY, bytes) : store.uploadPart(upload, 1, bytes));
    return new WeakRef(bytes.buffer);
  };
  const bytes = await sent();
  // The agent holds a request until its socket is used again.
  await store.put(KEY, new Uint8Array(1));
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  await new Promise(setImmediate);
  collect();
  expect(bytes.deref()).toBeUndefined();
});

function closing(socket: { once(event: "close", listener: () => void): unknown }): Promise<void> {
  return new Promise((resolve) => {
    socket.once("close", () => resolve());
  });
}
