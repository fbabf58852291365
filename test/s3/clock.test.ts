import { afterEach, describe, expect, test, vi } from "vitest";
import { RetryingStore } from "../../src/app/retrying-store.js";
import { DEFAULT_RETRY } from "../../src/domain/retry.js";
import type { Clock } from "../../src/ports/clock.js";
import { type Answer, error, object, type Received, scriptedServer } from "./scripted-server.js";
import { BYTES, failureOf, KEY, STORES } from "./stores.js";

const MINUTE = 60_000;
const at = (request: Received): number => {
  const text = String(request.headers["x-amz-date"]);
  return Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)/, "$1-$2-$3T$4:$5:"));
};

/** A server whose clock is ahead, and that refuses what is 15 minutes off, as S3 does. */
function servedAhead(aheadMs: number, shownMs: number = aheadMs): Answer {
  return (request, response, socket) => {
    const now = Date.now() + aheadMs;
    response.setHeader("date", new Date(Date.now() + shownMs).toUTCString());
    const refused = Math.abs(at(request) - now) > 15 * MINUTE;
    (refused ? error(403, "RequestTimeTooSkewed") : object(""))(request, response, socket);
  };
}

const clock: Clock = {
  now: () => new Date(),
  random: () => 0,
  sleep: async () => {},
  token: () => "",
};

afterEach(() => {
  vi.restoreAllMocks();
});

describe.each(STORES)("%s and a server of another time", (_, open) => {
  test.each([20, -20])("%i minutes ahead: the time is corrected once, and stays so", async (by) => {
    await using server = await scriptedServer(servedAhead(by * MINUTE));
    await using plain = open(server.url);
    const store = new RetryingStore(plain, clock, { retry: DEFAULT_RETRY });
    await store.put(KEY, BYTES);
    await store.put(KEY, BYTES);
    expect(server.received).toHaveLength(3);
  });

  test("requests that were on their way at the same time are all sent again", async () => {
    await using server = await scriptedServer(servedAhead(20 * MINUTE));
    await using plain = open(server.url);
    const store = new RetryingStore(plain, clock, { retry: DEFAULT_RETRY });
    await Promise.all([1, 2, 3, 4].map(async () => store.put(KEY, BYTES)));
    expect(server.received.length).toBeLessThanOrEqual(8);
  });

  test("a HEAD, whose answer tells no code, is corrected as well", async () => {
    await using server = await scriptedServer(servedAhead(20 * MINUTE));
    await using plain = open(server.url);
    const store = new RetryingStore(plain, clock, { retry: DEFAULT_RETRY });
    expect(await store.head(KEY)).toMatchObject({ etag: "abc" });
    expect(server.received).toHaveLength(2);
  });

  test.each([
    [20, /clock is 1(199|200) s behind that of http/],
    [-20, /clock is 1[12]\d\d s ahead of that of http/],
  ])("%i minutes that the server does not take: the offset is named", async (by, message) => {
    // It shows one time, and goes by another.
    await using server = await scriptedServer(servedAhead(5 * 60 * MINUTE, by * MINUTE));
    await using plain = open(server.url);
    const store = new RetryingStore(plain, clock, { retry: DEFAULT_RETRY });
    expect(await failureOf(store.put(KEY, BYTES))).toMatchObject({
      code: "clock-skew",
      retryable: false,
      attempts: 2,
      outcome: "not-applied",
      message: expect.stringMatching(message),
      remedy: expect.stringMatching(/clock/),
    });
    expect(server.received).toHaveLength(2);
  });
});
