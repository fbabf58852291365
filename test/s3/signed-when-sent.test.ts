import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { RetryingStore } from "../../src/app/retrying-store.js";
import { DEFAULT_RETRY } from "../../src/domain/retry.js";
import { stillClock } from "../app/scripted-store.js";
import { type Answer, error, object, type Received, scriptedServer } from "./scripted-server.js";
import { BYTES, failureOf, KEY, STORES, taken } from "./stores.js";

/** Servers refuse what was signed 15 minutes ago. */
const LATER_MS = 20 * 60_000;
const BEGIN = Date.parse("2026-11-25T10:00:00Z");

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: BEGIN });
});

afterEach(() => {
  vi.useRealTimers();
});

function later(): void {
  vi.setSystemTime(Date.now() + LATER_MS);
}

/** Minutes after the beginning of which a request is. */
function signedAt({ headers }: Received): number {
  const text = String(headers["x-amz-date"]);
  const iso = text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)/, "$1-$2-$3T$4:$5:");
  return (Date.parse(iso) - BEGIN) / 60_000;
}

/** A script that holds each answer until it is told to give it, at the time that it is then. */
function held(answer: Answer = object("")): { script: Answer; answer(at: number): void } {
  const waiting: (() => void)[] = [];
  return {
    script: (request, response, socket) => {
      waiting.push(() => {
        response.setHeader("date", new Date().toUTCString());
        answer(request, response, socket);
      });
    },
    answer: (at) => waiting[at]?.(),
  };
}

/** Answers with more than a socket and a stream hold. */
const large: Answer = (request, response, socket) => {
  response.setHeader("date", new Date().toUTCString());
  object("x".repeat(8_000_000))(request, response as ServerResponse, socket);
};

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

/** Gives whatever is under way the time to go on, should it want to. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe.each(STORES)(
  "%s signs a request when it is sent, and not when it is asked for:",
  (...row) => {
    const [, open] = row;

    test("one that waits for a connection", async () => {
      const { script, answer } = held();
      await using server = await scriptedServer(script);
      await using store = open(server.url, { maxSockets: 2 });
      const calls = [1, 2, 3].map(async () => store.put(KEY, BYTES));
      await until(() => server.received.length === 2);
      await turns();
      later();
      answer(0);
      await until(() => server.received.length === 3);
      later();
      answer(1);
      answer(2);
      await Promise.all(calls);
      expect(server.received.map(signedAt)).toEqual([0, 0, 20]);
    });

    test("one that waits for a connection which a slow reader has", async () => {
      await using server = await scriptedServer(large);
      await using store = open(server.url, { maxSockets: 1 });
      const slow = await store.get(KEY);
      const head = store.head(KEY);
      await turns();
      later();
      const all = await taken(slow.body);
      expect(Buffer.concat(all)).toHaveLength(8_000_000);
      await head;
      expect(server.received.map(signedAt)).toEqual([0, 20]);
    });

    test("one that waits for a connection which a body has that is let go of", async () => {
      await using server = await scriptedServer(large);
      await using store = open(server.url, { maxSockets: 1 });
      const left = await store.get(KEY);
      const head = store.head(KEY);
      await turns();
      later();
      await left[Symbol.asyncDispose]();
      await head;
      expect(server.received.map(signedAt)).toEqual([0, 20]);
    });

    test("one that waits its turn while the server asks for less", async () => {
      const { script, answer } = held();
      const throttled: Answer = (request, response, socket) => {
        response.setHeader("date", new Date().toUTCString());
        error(503, "SlowDown")(request, response, socket);
      };
      await using server = await scriptedServer([throttled, script]);
      await using plain = open(server.url);
      const store = new RetryingStore(plain, stillClock(), { retry: DEFAULT_RETRY });
      const first = store.put(KEY, BYTES);
      await until(() => server.received.length === 2);
      const second = store.put(KEY, BYTES);
      await turns();
      later();
      answer(0);
      await until(() => server.received.length === 3);
      answer(1);
      await Promise.all([first, second]);
      expect(server.received.map(signedAt)).toEqual([0, 0, 20]);
    });

    test("one that is aborted while it waits is not sent, and leaves its place to the next", async () => {
      const { script, answer } = held();
      await using server = await scriptedServer(script);
      await using store = open(server.url, { maxSockets: 1 });
      const leaving = new AbortController();
      const reason = new Error("enough");
      const first = store.put(KEY, BYTES);
      await until(() => server.received.length === 1);
      const second = failureOf(store.put(KEY, BYTES, { signal: leaving.signal }));
      const third = store.put(KEY, BYTES);
      await turns();
      leaving.abort(reason);
      expect(await second).toBe(reason);
      answer(0);
      await until(() => server.received.length === 2);
      answer(1);
      await Promise.all([first, third]);
      expect(server.received).toHaveLength(2);
    });

    test("the connections of requests that were aborted are those of others", async () => {
      const { script, answer } = held();
      await using server = await scriptedServer(script);
      await using store = open(server.url, { maxSockets: 2 });
      for (let round = 1; round <= 4; round++) {
        const leaving = new AbortController();
        const calls = [1, 2].map(() =>
          failureOf(store.put(KEY, BYTES, { signal: leaving.signal })),
        );
        await until(() => server.received.length === 2 * round);
        leaving.abort(new Error("enough"));
        await Promise.all(calls);
      }
      const last = store.put(KEY, BYTES);
      await until(() => server.received.length === 9);
      answer(8);
      await last;
    });
  },
);
