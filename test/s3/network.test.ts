import { once } from "node:events";
import http from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { watchfulAgents } from "../../src/adapters/s3-protocol/agents.js";
import { type Answer, object, plain, scriptedServer } from "./scripted-server.js";
import { BYTES, failureOf, KEY, STORES, taken } from "./stores.js";

const upload = { key: KEY, uploadId: "upload-1" };
const parts = [{ partNumber: 1, size: 5, etag: "abc" }];
const silence: Answer = () => undefined;
const reset: Answer = (_request, _response, socket) => {
  socket.resetAndDestroy();
};

/** The beginning of an object of 1,000,000 bytes. */
const beginning =
  (sent: number, then: (socket: Socket) => void = () => undefined): Answer =>
  (_request, response, socket) => {
    response.writeHead(200, {
      "content-length": "1000000",
      etag: '"e"',
      "last-modified": "Wed, 25 Nov 2026 01:47:11 GMT",
    });
    response.write(Buffer.alloc(sent), () => then(socket));
  };

/** A server that takes connections and never says a word. */
async function muteServer(): Promise<{ port: number } & AsyncDisposable> {
  const sockets: Socket[] = [];
  const server = createTcpServer((socket) => {
    socket.on("error", () => undefined);
    sockets.push(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe.each(STORES)("%s on a bad network", (_, open) => {
  test("a refused connection is told at once, with the endpoint, and has changed nothing", async () => {
    const { port } = await muteServer().then(async (server) => {
      await server[Symbol.asyncDispose]();
      return server;
    });
    await using store = open(`http://127.0.0.1:${port}`);
    const begun = performance.now();
    expect(await failureOf(store.put(KEY, BYTES))).toMatchObject({
      code: "unavailable",
      outcome: "not-applied",
      retryable: true,
      providerCode: "ECONNREFUSED",
      message: expect.stringContaining(`http://127.0.0.1:${port}`),
    });
    expect(performance.now() - begun).toBeLessThan(1_000);
  });

  test("an unknown host is told with the endpoint", async () => {
    await using store = open("http://nowhere.invalid:9000");
    expect(await failureOf(store.head(KEY))).toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("http://nowhere.invalid:9000"),
    });
  });

  test("a connection that does not come about ends with the time to connect", async () => {
    await using server = await muteServer();
    await using store = open(`https://127.0.0.1:${server.port}`, { connectTimeoutMs: 100 });
    const begun = performance.now();
    expect(await failureOf(store.put(KEY, BYTES))).toMatchObject({
      code: "unavailable",
      outcome: "not-applied",
      retryable: true,
      message: expect.stringContaining("not connected after 100 ms"),
    });
    expect(performance.now() - begun).toBeLessThan(1_000);
  });

  test("a server of another protocol than TLS is told as no connection", async () => {
    await using server = await scriptedServer(plain(200, ""));
    await using store = open(server.url.replace("http:", "https:"));
    expect(await failureOf(store.put(KEY, BYTES))).toMatchObject({
      code: "unavailable",
      outcome: "not-applied",
    });
  });

  test.each([
    ["put", (store: ReturnType<typeof open>) => store.put(KEY, BYTES), "unknown"],
    [
      "complete",
      (store: ReturnType<typeof open>) => store.completeUpload(upload, parts),
      "unknown",
    ],
    ["get", (store: ReturnType<typeof open>) => store.get(KEY), undefined],
    ["list", (store: ReturnType<typeof open>) => taken(store.list()), undefined],
  ])("%s: silence is a timeout, a reset is unavailable", async (__, act, outcome) => {
    await using silent = await scriptedServer(silence);
    await using idle = open(silent.url, { idleTimeoutMs: 100 });
    const begun = performance.now();
    expect(await failureOf(act(idle))).toMatchObject({ code: "timeout", outcome, retryable: true });
    expect(performance.now() - begun).toBeLessThan(1_000);

    await using brusque = await scriptedServer(reset);
    await using store = open(brusque.url);
    expect(await failureOf(act(store))).toMatchObject({
      code: "unavailable",
      outcome,
      retryable: true,
      providerCode: "ECONNRESET",
    });
  });

  test("a request has a time limit of its own where one is set", async () => {
    await using server = await scriptedServer(silence);
    await using store = open(server.url, { requestTimeoutMs: 100 });
    expect(await failureOf(store.put(KEY, BYTES))).toMatchObject({
      code: "timeout",
      outcome: "unknown",
    });
  });

  test.each([
    ["is reset", beginning(300_000, (socket) => socket.resetAndDestroy()), "unavailable"],
    ["is closed", beginning(300_000, (socket) => socket.destroySoon()), "unavailable"],
    ["falls silent", beginning(300_000), "timeout"],
  ])("a body whose connection %s ends with an error", async (__, answer, code) => {
    await using server = await scriptedServer(answer);
    await using store = open(server.url, { idleTimeoutMs: 200 });
    await using opened = await store.get(KEY);
    expect(await failureOf(taken(opened.body))).toMatchObject({
      code,
      operation: "get",
      key: KEY,
      retryable: true,
    });
  });

  test("a slow reader is not taken for a silent server", async () => {
    const bytes = "x".repeat(3_000_000);
    await using server = await scriptedServer(object(bytes));
    await using store = open(server.url, { idleTimeoutMs: 100 });
    await using opened = await store.get(KEY);
    let read = 0;
    for await (const chunk of opened.body) {
      if (read === 0) await sleep(500);
      read += chunk.length;
    }
    expect(read).toBe(bytes.length);
  });

  test("a busy process is not taken for a silent server", async () => {
    const thenBusy: Answer = (request, response, socket) => {
      object("hello")(request, response, socket);
      // The answer is on its way, and nobody in this process can read it for a while.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
    };
    await using server = await scriptedServer(thenBusy);
    await using store = open(server.url, { idleTimeoutMs: 100 });
    expect((await store.head(KEY)).size).toBe(5);
  });

  test("behind a slow reader, silence is still found", async () => {
    // As much as fills the buffer and pauses the connection, and not a byte more.
    await using server = await scriptedServer(beginning(66_000));
    await using store = open(server.url, { idleTimeoutMs: 100 });
    await using opened = await store.get(KEY);
    await sleep(350);
    expect(await failureOf(taken(opened.body))).toMatchObject({ code: "timeout" });
  }, 5_000);

  test("requests that wait for a connection are not taken for ones without", async () => {
    const slow: Answer = (request, response, socket) => {
      setTimeout(() => object("hello")(request, response, socket), 250);
    };
    await using server = await scriptedServer(slow);
    await using store = open(server.url, { maxSockets: 1, connectTimeoutMs: 1_000 });
    const all = await Promise.all([1, 2, 3, 4, 5, 6].map(() => store.head(KEY)));
    expect(all.map(({ size }) => size)).toEqual([5, 5, 5, 5, 5, 5]);
    expect(server.sockets.size).toBe(1);
  });

  test("bodies left early, disposed of or aborted let go of their connections", async () => {
    await using server = await scriptedServer(beginning(300_000));
    await using store = open(server.url, { maxSockets: 3 });
    for (let round = 0; round < 12; round++) {
      const abort = new AbortController();
      const opened = await store.get(KEY, { signal: abort.signal });
      if (round % 3 === 0) await opened[Symbol.asyncDispose]();
      else if (round % 3 === 1) for await (const _chunk of opened.body) break;
      else abort.abort();
    }
    await expect.poll(() => server.sockets.size).toBe(0);
  });

  test("answers with an error let go of their connections", async () => {
    const answers = [404, 503, 412].map((status) => plain(status, "x".repeat(100_000)));
    const odd = object("x".repeat(1_000_000), { "last-modified": "yesterday" });
    await using server = await scriptedServer([...answers, odd]);
    await using store = open(server.url, { maxSockets: 1, idleTimeoutMs: 500 });
    for (let round = 0; round < 6; round++) await failureOf(store.get(KEY));
    expect(server.received.length).toBeGreaterThanOrEqual(6);
  });

  test("a body is iterable once", async () => {
    await using server = await scriptedServer(object("hello"));
    await using store = open(server.url);
    await using opened = await store.get(KEY);
    expect(Buffer.concat(await taken(opened.body)).toString()).toBe("hello");
    expect(() => opened.body[Symbol.asyncIterator]()).toThrow("iterable once");
  });

  test.each([
    ["before the call", false],
    ["while the answer is awaited", true],
  ])("an abort %s rejects with the reason, and ends the request", async (__, arrives) => {
    let abort = new AbortController();
    const reason = new Error("no longer wanted");
    await using server = await scriptedServer(() => abort.abort(reason));
    await using store = open(server.url);
    const calls = [
      (signal: AbortSignal) => store.put(KEY, BYTES, { signal }),
      (signal: AbortSignal) => store.get(KEY, { signal }),
      (signal: AbortSignal) => store.copy(KEY, KEY, { signal }),
      (signal: AbortSignal) => store.completeUpload(upload, parts, { signal }),
      (signal: AbortSignal) => taken(store.list({ signal })),
      (signal: AbortSignal) => store.deleteMany([KEY], { signal }),
    ];
    for (const call of calls) {
      abort = new AbortController();
      if (!arrives) abort.abort(reason);
      expect(await failureOf(call(abort.signal))).toBe(reason);
    }
    expect(server.received.length).toBe(arrives ? calls.length : 0);
    await expect.poll(() => server.sockets.size).toBe(0);
  });

  test("an abort while the body is read rejects with the reason", async () => {
    await using server = await scriptedServer(beginning(300_000));
    await using store = open(server.url);
    const abort = new AbortController();
    const reason = new Error("no longer wanted");
    await using opened = await store.get(KEY, { signal: abort.signal });
    setTimeout(() => abort.abort(reason), 50);
    expect(await failureOf(taken(opened.body))).toBe(reason);
    await expect.poll(() => server.sockets.size).toBe(0);
  });

  test("a signal that outlives many calls keeps no listener of theirs", async () => {
    await using server = await scriptedServer(object("hello"));
    await using store = open(server.url);
    const { signal } = new AbortController();
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...args);
    };
    for (let round = 0; round < 5; round++) {
      await using opened = await store.get(KEY, { signal });
      await taken(opened.body);
      await store.head(KEY, { signal });
    }
    await expect.poll(() => listeners).toBeLessThanOrEqual(0);
  });

  test("disposing of the store closes its connections", async () => {
    await using server = await scriptedServer(object("hello"));
    const store = open(server.url);
    await store.head(KEY);
    expect(server.sockets.size).toBe(1);
    await store[Symbol.asyncDispose]();
    await expect.poll(() => server.sockets.size).toBe(0);
  });

  test("what waits for a connection when the store is disposed of gets none", async () => {
    await using server = await scriptedServer(silence);
    const store = open(server.url, { maxSockets: 1 });
    const calls = [1, 2, 3].map(() => failureOf(store.put(KEY, BYTES)));
    await expect.poll(() => server.received.length).toBe(1);
    await store[Symbol.asyncDispose]();
    const [sent, ...waiting] = await Promise.all(calls);
    expect(sent).toMatchObject({ code: "unavailable", outcome: "unknown" });
    for (const error of waiting) {
      expect(error).toMatchObject({ code: "invalid-argument", outcome: "not-applied" });
    }
    await expect.poll(() => server.sockets.size).toBe(0);
    expect(server.received.length).toBe(1);
  });

  test("a store that is disposed of at any turn of a call opens no connection after that", async () => {
    await using server = await scriptedServer(plain(200, "", { etag: '"e"' }));
    for (let turns = 0; turns < 80; turns++) {
      const store = open(server.url);
      const call = store.put(KEY, BYTES).catch((error: unknown) => error);
      for (let turn = 0; turn < turns; turn++) await undefined;
      await store[Symbol.asyncDispose]();
      await call;
    }
    await expect.poll(() => server.sockets.size).toBe(0);
  });
});

test("the time to connect is watched for plain connections too", async () => {
  const agents = watchfulAgents({ connectTimeoutMs: 50, idleTimeoutMs: 1_000, maxSockets: 1 });
  const request = http.get({
    agent: agents.http,
    host: "host.test",
    // A name that is looked up for ever.
    lookup: () => undefined,
  });
  const [error] = await once(request, "error").catch((caught: unknown) => [caught]);
  expect(error).toMatchObject({ code: "STOWAGE_CONNECT_TIMEOUT" });
  agents.destroy();
});
