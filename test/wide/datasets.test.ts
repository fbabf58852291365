import { hash, randomBytes } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import type { StowageConfig } from "../../src/app/config/config.js";
import { openStowage } from "../../src/app/modules/open-stowage.js";
import type { Stowage } from "../../src/app/stowage.js";
import { configOf, locationOf, makeBucket, type Way } from "../servers/buckets.js";

/** The use cases on servers that honour less than they want: done, or refused with what helps. */

const MIB = 1_048_576;
const small = Buffer.from("longitude,latitude\n-122.23,37.88\n");
const large = randomBytes(12 * MIB);
const subjects: readonly (readonly [Way, "versity" | "ceph"])[] = [
  ["s3", "versity"],
  ["minio", "versity"],
  ["s3", "ceph"],
  ["minio", "ceph"],
];

describe.each(subjects)("by %s on %s", (way, name) => {
  const server = inject(name);
  const completesCreateOnly = name === "versity";
  const opened: Stowage[] = [];
  let bucket: string;

  beforeAll(async () => {
    bucket = await makeBucket(server);
  });

  afterAll(async () => {
    for (const stowage of opened) await stowage[Symbol.asyncDispose]();
  });

  async function open(config: StowageConfig = {}): Promise<Stowage> {
    const store = locationOf(way, server, bucket, name);
    const stowage = await openStowage({ store, ...configOf(server), ...config }, {});
    opened.push(stowage);
    return stowage;
  }

  async function listed(stowage: Stowage, userId: string): Promise<number> {
    let count = 0;
    for await (const _ of stowage.list({ userId })) count += 1;
    return count;
  }

  it("refuses an upload that is to be encrypted, which it would not be, and says what to set", async () => {
    const stowage = await open();
    const upload = stowage.uploadDataset({ userId: "enc", source: small, name: "a.csv" });
    await expect(upload).rejects.toMatchObject({
      code: "unsupported",
      outcome: "not-applied",
      message: expect.stringContaining("encryption by AES256"),
    });
    expect(await listed(stowage, "enc")).toBe(0);
  });

  it("gives back what was uploaded, with its metadata, and never replaces anything", async () => {
    const stowage = await open({ encryption: "none" });
    const metadata = { team_name: "Zürich" };
    const request = { userId: "1", source: small, name: "Größe 1.csv", metadata };
    const [first, second] = [
      await stowage.uploadDataset(request),
      await stowage.uploadDataset(request),
    ];
    expect(second.key).not.toBe(first.key);
    const info = await stowage.info({ userId: "1", object: first.uri });
    expect(info.metadata).toMatchObject({ original_filename: "Größe 1.csv", team_name: "Zürich" });
    await using object = await stowage.open({ userId: "1", object: first.key });
    expect(await buffer(object.body)).toEqual(small);
    expect(await listed(stowage, "1")).toBe(2);
  });

  it("verifies a download by the SHA-256 on record, whether the server keeps a checksum or not", async () => {
    const stowage = await open({ encryption: "none" });
    for (const sha256 of [false, true]) {
      const request = { userId: "3", source: small, name: "a.csv", sha256 };
      const { key } = await stowage.uploadDataset(request);
      const to = new WritableStream<Uint8Array>();
      const told = await stowage.download({ userId: "3", object: key, to });
      expect(told.verified).toBe(sha256 || name === "versity");
      const recorded = sha256 ? hash("sha256", small, "hex") : undefined;
      expect((await stowage.info({ userId: "3", object: key })).sha256).toBe(recorded);
    }
  });

  it("sends what is large in parts where it completes create-only, and else says what to set", async () => {
    const stowage = await open({ encryption: "none" });
    const request = { userId: "2", source: large, name: "large.bin" };
    if (!completesCreateOnly) {
      await expect(stowage.uploadDataset(request)).rejects.toMatchObject({
        code: "unsupported",
        outcome: "not-applied",
        remedy: expect.stringContaining("multipartThresholdBytes"),
      });
      expect(await listed(stowage, "2")).toBe(0);
    }
    const atOnce = await open({ encryption: "none", multipartThresholdBytes: 16 * MIB });
    const uploaded = await (completesCreateOnly ? stowage : atOnce).uploadDataset(request);
    expect(uploaded).toMatchObject({ size: large.length, parts: completesCreateOnly ? 3 : 0 });
    await using object = await stowage.open({ userId: "2", object: uploaded.key });
    expect((await buffer(object.body)).equals(large)).toBe(true);
  });
});
