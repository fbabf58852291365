import { describe, expect, it } from "vitest";
import { MemoryObjectStore } from "../../src/adapters/memory/index.js";
import { RetryingStore } from "../../src/app/retrying-store.js";
import { StowageError } from "../../src/domain/errors.js";
import { objectKey } from "../../src/domain/object-key.js";
import { DEFAULT_RETRY } from "../../src/domain/retry.js";
import { failure } from "./engine-rig.js";
import { scripted, stillClock, unavailable } from "./scripted-store.js";

const KEY = objectKey("a");
const BYTES = Buffer.from("bytes");
const PATIENT = { ...DEFAULT_RETRY, maxAttempts: 20 };

describe("what requests are sent again for", () => {
  it("is bounded for all requests of a client together", async () => {
    const store = scripted(new MemoryObjectStore(), [{ operation: "head", run: unavailable }]);
    const retrying = new RetryingStore(store, stillClock(), { retry: PATIENT });
    const heads = Array.from({ length: 100 }, () => failure(retrying.head(KEY)));
    for (const error of await Promise.all(heads)) expect(error.code).toBe("unavailable");
    // 100 first sendings, and as many again as 500 tokens buy, at 5 each.
    expect(store.calls.length).toBe(100 + 100);
  });

  it("costs more after a time-out, and is earned again by requests that go well", async () => {
    let down = true;
    const run = (): void => {
      if (down) throw new StowageError("timeout", "Cannot wait");
    };
    const store = scripted(new MemoryObjectStore(), [{ operation: "put", run }]);
    const retrying = new RetryingStore(store, stillClock(), { retry: PATIENT });
    for (let put = 0; put < 10; put++) await failure(retrying.put(KEY, BYTES));
    expect(store.calls.length).toBe(10 + 50);
    down = false;
    for (let put = 0; put < 20; put++) await retrying.put(KEY, BYTES);
    down = true;
    store.calls.length = 0;
    await failure(retrying.put(KEY, BYTES));
    expect(store.calls.length).toBe(1 + 2);
  });
});

describe("the time of a call", () => {
  it.each(["put", "head"] as const)("is bounded: %s", async (operation) => {
    const never = (): Promise<never> => new Promise(() => undefined);
    const stuck = scripted(new MemoryObjectStore(), []);
    const silent = new Proxy(stuck, {
      get: (target, name) =>
        name === operation
          ? (...args: unknown[]) => {
              const { signal } = args.at(-1) as { signal: AbortSignal };
              return Promise.race([
                never(),
                new Promise((_, reject) => {
                  signal.addEventListener("abort", () => reject(signal.reason));
                }),
              ]);
            }
          : Reflect.get(target, name),
    });
    const patience = { retry: DEFAULT_RETRY, callTimeoutMs: 20 };
    const retrying = new RetryingStore(silent, stillClock(), patience);
    const error = await failure(
      operation === "put" ? retrying.put(KEY, BYTES) : retrying.head(KEY),
    );
    expect(error).toMatchObject({ code: "timeout", operation, key: KEY, store: "memory" });
    expect(error.outcome).toBe(operation === "put" ? "unknown" : undefined);
    expect(error.message).toContain("20 ms");
  });

  it("does not end a body that was opened in time", async () => {
    const store = new MemoryObjectStore();
    await store.put(KEY, BYTES);
    const patience = { retry: DEFAULT_RETRY, callTimeoutMs: 20 };
    await using opened = await new RetryingStore(store, stillClock(), patience).get(KEY);
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(Buffer.concat(await Array.fromAsync(opened.body))).toEqual(BYTES);
  });

  it("leaves a body that was opened to the caller's signal", async () => {
    const store = new MemoryObjectStore();
    await store.put(KEY, BYTES);
    const caller = new AbortController();
    const retrying = new RetryingStore(store, stillClock(), { retry: DEFAULT_RETRY });
    await using opened = await retrying.get(KEY, { signal: caller.signal });
    const reason = new Error("left");
    caller.abort(reason);
    await expect(Array.fromAsync(opened.body)).rejects.toBe(reason);
  });
});

it("sends less at once while the server asks for it, and more again later", async () => {
  let busy = true;
  let flying = 0;
  let most = 0;
  const run = async (): Promise<void> => {
    most = Math.max(most, ++flying);
    await new Promise((resolve) => setImmediate(resolve));
    flying -= 1;
    if (busy) throw new StowageError("throttled", "Cannot write: SlowDown");
  };
  const store = scripted(new MemoryObjectStore(), [{ operation: "put", run }]);
  const retrying = new RetryingStore(store, stillClock(), { retry: DEFAULT_RETRY });
  const wave = async (puts: number): Promise<number> => {
    most = 0;
    const all = Array.from({ length: puts }, () => retrying.put(KEY, BYTES).catch(() => undefined));
    await Promise.all(all);
    return most;
  };
  expect(await wave(40)).toBe(40);
  busy = false;
  const slowed = await wave(40);
  expect(slowed).toBeLessThan(20);
  for (let again = 0; again < 60; again++) await wave(40);
  expect(await wave(40)).toBe(40);
});
