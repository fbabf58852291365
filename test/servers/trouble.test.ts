import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { openStowage } from "../../src/app/modules/open-stowage.js";
import type { Progress, Stowage } from "../../src/app/stowage.js";
import { StowageError } from "../../src/domain/errors.js";
import { configOf, locationOf, makeBucket, type Way } from "./buckets.js";
import { type FaultProxy, openFaultProxy } from "./fault-proxy.js";

const MIB = 1_048_576;
const source = randomBytes(25 * MIB + 7);
const server = inject("minio");
let bucket: string;

beforeAll(async () => {
  bucket = await makeBucket(server);
});

/** Through the proxy, so that the server can be taken away; straight, to see what it holds. */
function open(way: Way, more: object = {}, endpoint?: string): Promise<Stowage> {
  const store = locationOf(way, server, bucket, "minio", endpoint);
  return openStowage({ store, ...configOf(server), ...more }, {});
}

describe.each(["s3", "minio"] as const)("an upload in parts to MinIO, by %s,", (way) => {
  let straight: Stowage;
  let proxy: FaultProxy;

  beforeAll(async () => {
    straight = await open(way);
    proxy = await openFaultProxy(server.endpoint);
  });

  afterAll(async () => {
    await straight[Symbol.asyncDispose]();
    await proxy[Symbol.asyncDispose]();
  });

  async function failed(
    name: string,
    config: object,
    onProgress: (progress: Progress) => void,
    signal?: AbortSignal,
  ): Promise<unknown> {
    await using stowage = await open(way, config, proxy.endpoint);
    return await stowage.uploadDataset({ userId: way, source, name, onProgress, signal }).then(
      ({ uri }) => new Error(`it was stored: ${uri}`),
      (error: unknown) => error,
    );
  }

  /** What the server holds of an upload: neither an object nor an upload in progress. */
  async function leftOf(key: Progress["key"] | undefined): Promise<unknown[]> {
    if (key === undefined) throw new Error("the upload has not begun");
    const uploads = await Array.fromAsync(straight.store.listUploads({ key }));
    const objects = await Array.fromAsync(straight.store.list({ prefix: key }));
    return [...uploads, ...objects];
  }

  it("of which a part is refused says so, and leaves nothing behind", async () => {
    proxy.flipAt(3 * MIB);
    const error = await failed("flipped.bin", { maxAttempts: 1 }, () => undefined);
    if (!(error instanceof StowageError)) throw error;
    expect(error).toMatchObject({
      code: "checksum-mismatch",
      operation: "uploadPart",
      outcome: "not-applied",
      cleanup: "done",
    });
    expect(await leftOf(error.key as Progress["key"])).toEqual([]);
  });

  it("of which a part is changed on its way is sent again, that part alone", async () => {
    await using stowage = await open(way, {}, proxy.endpoint);
    const sent = proxy.passed.length;
    proxy.flipAt(3 * MIB);
    const { key, checksum } = await stowage.uploadDataset({
      userId: way,
      source,
      name: "again.bin",
    });
    // To look for the key, begin, send six parts, one of them again, complete, and see it encrypted.
    expect(proxy.passed.length - sent).toBe(11);
    expect((await straight.info({ userId: way, object: key })).checksum).toEqual(checksum);
    await straight.remove({ userId: way, object: key });
  });

  it("whose server goes away and comes back is removed, and says so", async () => {
    let key: Progress["key"] | undefined;
    let back: Promise<void> | undefined;
    const error = await failed("away.bin", { maxAttempts: 1 }, (progress) => {
      key = progress.key;
      back ??= proxy.down().then(async () => {
        await new Promise((resolve) => setTimeout(resolve, 700));
        await proxy.up();
      });
    });
    await back;
    expect(error).toMatchObject({
      code: "unavailable",
      outcome: "not-applied",
      cleanup: "done",
    });
    expect(await leftOf(key)).toEqual([]);
  });

  it("whose server falters is mended, and arrives whole", async () => {
    let back: Promise<void> | undefined;
    await using stowage = await open(way, { maxAttempts: 10 }, proxy.endpoint);
    const onProgress = (): void => {
      back ??= proxy.down().then(() => proxy.up());
    };
    const request = { userId: way, source, name: "mended.bin", onProgress };
    const { key, checksum } = await stowage.uploadDataset(request);
    await back;
    const info = await straight.info({ userId: way, object: key });
    expect(info).toMatchObject({ size: source.length, checksum });
    const uploads = await Array.fromAsync(straight.store.listUploads({ key }));
    expect(uploads).toEqual([]);
  });

  it("whose server stays away ends within its limits, and says what may be left", async () => {
    const began = performance.now();
    const config = { maxAttempts: 2, cleanupTimeoutMs: 2_000 };
    let gone: Promise<void> | undefined;
    const error = await failed("gone.bin", config, () => {
      gone ??= proxy.down();
    });
    await gone;
    await proxy.up();
    expect(error).toMatchObject({
      code: "unavailable",
      outcome: "not-applied",
      cleanup: "pending",
    });
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  it("that is aborted rejects with the reason at once, and leaves nothing behind", async () => {
    const reason = new Error("enough");
    const controller = new AbortController();
    let key: Progress["key"] | undefined;
    let abortedAt = 0;
    const error = await failed(
      "aborted.bin",
      {},
      (progress) => {
        key = progress.key;
        abortedAt ||= performance.now();
        controller.abort(reason);
      },
      controller.signal,
    );
    expect(error).toBe(reason);
    expect(performance.now() - abortedAt).toBeLessThan(2_000);
    expect(await leftOf(key)).toEqual([]);
  });
});
