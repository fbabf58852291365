import { randomBytes } from "node:crypto";
import { mkdtemp, open as openFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { openStowage } from "../../src/app/modules/open-stowage.js";
import type { Stowage } from "../../src/app/stowage.js";
import { partMemory } from "../../src/app/uploader/part-memory.js";
import type { ObjectKey } from "../../src/domain/object-key.js";
import { configOf, locationOf, makeBucket } from "./buckets.js";
import { openFaultProxy, type PlacedFault } from "./fault-proxy.js";
import { killEverywhere, setScene } from "./killing.js";

/** Parts of 16 MiB, of which a memory budget of 8 MiB holds none: all are sent from the file. */

const MIB = 1_048_576;
const SIZES = { partBytes: 16 * MIB, memoryBudgetBytes: 8 * MIB };
const bytes = randomBytes(40 * MIB + 7);
const server = inject("minio");
let folder: string;
let bucket: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "stowage-large-"));
  bucket = await makeBucket(server);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A file of the test's own. */
async function written(name: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

describe.each(["s3", "minio"] as const)("a file in large parts to MinIO, by %s,", (way) => {
  const open = (more: object = {}, endpoint?: string): Promise<Stowage> => {
    const store = locationOf(way, server, bucket, "minio", endpoint);
    return openStowage({ store, ...configOf(server), ...SIZES, ...more }, {});
  };

  async function expectWhole(stowage: Stowage, key: string): Promise<void> {
    await using object = await stowage.open({ userId: way, object: key });
    expect(Buffer.compare(Buffer.concat(await Array.fromAsync(object.body)), bytes)).toBe(0);
  }

  /** Uploads through a proxy on which something happens, one part at a time. */
  async function uploadThrough(placed: PlacedFault, path: string, signal?: AbortSignal) {
    await using proxy = await openFaultProxy(server.endpoint, placed);
    await using stowage = await open({ concurrency: 1 }, proxy.endpoint);
    let key: string | undefined;
    const onProgress = (progress: { readonly key: ObjectKey }): void => {
      key = progress.key;
    };
    const request = { userId: way, source: path, signal, onProgress };
    const told = await stowage.uploadDataset(request).then(
      (uploaded) => uploaded,
      (error: unknown) => ({ error }),
    );
    return { told, key, exchanges: proxy.passed.length };
  }

  async function expectNothingLeft(key: string | undefined): Promise<void> {
    await using straight = await open();
    const of = { key: key as ObjectKey };
    expect(key).toBeDefined();
    expect(await Array.fromAsync(straight.store.listUploads(of))).toEqual([]);
    expect(await Array.fromAsync(straight.store.list({ prefix: key }))).toEqual([]);
  }

  it.each(["auto", "never"] as const)(
    "arrives whole, and takes no more memory than it may (payloadSigning %s)",
    async (payloadSigning) => {
      await using stowage = await open({ payloadSigning });
      let most = 0;
      const watch = setInterval(() => {
        most = Math.max(most, partMemory.heldBytes);
      });
      const source = await written(`${way}-whole-${payloadSigning}.bin`);
      const told = await stowage.uploadDataset({ userId: way, source });
      clearInterval(watch);
      expect(told).toMatchObject({ size: bytes.length, parts: 3 });
      expect(most).toBeGreaterThan(0);
      expect(most).toBeLessThanOrEqual(8 * MIB);
      await expectWhole(stowage, told.key);
      const { checksum } = await stowage.info({ userId: way, object: told.key });
      expect(checksum).toEqual(told.checksum);
    },
  );

  it("is sent again from the file where an answer is lost, or half a part", async () => {
    const path = await written(`${way}-lost.bin`);
    // The look for a free key, the begin, and then the parts.
    const answer = { fault: "reset", exchange: 3, direction: "to client", offset: 0 } as const;
    const half = { ...answer, direction: "to server", offset: 8 * MIB } as const;
    for (const placed of [answer, half]) {
      const { told, exchanges } = await uploadThrough(placed, path);
      if ("error" in told) throw told.error;
      expect(exchanges).toBeGreaterThanOrEqual(7);
      await using straight = await open();
      await expectWhole(straight, told.key);
    }
  });

  it("is refused, and nothing of it stored, when it is written to while a part is sent", async () => {
    const path = await written(`${way}-changed.bin`);
    const file = await openFile(path, "r+");
    let changing: Promise<unknown> | undefined;
    const onFault = (): void => {
      const last = 32 * MIB - 1;
      changing ??= file.write(Buffer.from([(bytes[last] ?? 0) ^ 1]), 0, 1, last);
    };
    const place = { exchange: 3, direction: "to server", offset: MIB } as const;
    const { told, key } = await uploadThrough({ fault: "slow", onFault, ...place }, path);
    await changing;
    await file.close();
    expect(told).toMatchObject({
      error: {
        code: "source-changed",
        message: expect.stringContaining("CRC32 of a part"),
        outcome: "not-applied",
        cleanup: "done",
      },
    });
    await expectNothingLeft(key);
  });

  it("that is aborted while a part is sent rejects with the reason, and leaves nothing", async () => {
    const leaving = new AbortController();
    const reason = new Error("enough");
    const onFault = (): void => leaving.abort(reason);
    const place = { exchange: 3, direction: "to server", offset: 4 * MIB } as const;
    const path = await written(`${way}-aborted.bin`);
    const slow = { fault: "slow", onFault, ...place } as const;
    const { told, key } = await uploadThrough(slow, path, leaving.signal);
    expect(told).toEqual({ error: reason });
    await expectNothingLeft(key);
  });

  it("killed at any boundary, is resumed with the parts that are proved", async () => {
    const store = locationOf(way, server, await makeBucket(server), "minio");
    const config = { store, ...configOf(server), memoryBudgetBytes: 4 * MIB };
    await using scene = await setScene({ config, bytes: 13 * MIB + 7 });
    const { kills, resumed } = await killEverywhere(scene);
    expect(kills).toBeGreaterThan(15);
    expect(resumed).toBeGreaterThan(10);
  }, 300_000);
});
