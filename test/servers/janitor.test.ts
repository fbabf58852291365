import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { openStowage } from "../../src/app/modules/open-stowage.js";
import type { Stowage } from "../../src/app/stowage.js";
import { objectKey } from "../../src/domain/object-key.js";
import { configOf, locationOf, makeBucket, type Way } from "./buckets.js";

/** What is left of uploads that no process here has on record. */

const OURS = ["datasets/user_7/20251023_143045_a b.csv", "models/user_8/20251023_143045-2_ü.bin"];
const OTHERS = ["backups/user_7/20251023_143045_x.csv", "datasets/user_7/x.csv", "datasets/x"];

const subjects: readonly (readonly [Way, "minio" | "localstack"])[] = [
  ["s3", "localstack"],
  ["s3", "minio"],
  ["minio", "minio"],
];

describe.each(subjects)("stale uploads, by %s on %s,", (way, name) => {
  const server = inject(name);
  let stowage: Stowage;
  let journal: string;

  beforeAll(async () => {
    journal = await mkdtemp(join(tmpdir(), "stowage-janitor-"));
    const store = locationOf(way, server, await makeBucket(server), name);
    stowage = await openStowage({ store, journal, ...configOf(server) }, {});
  });

  afterAll(async () => {
    await stowage[Symbol.asyncDispose]();
    await rm(journal, { recursive: true, force: true });
  });

  it("are removed where the server lists them, and others' are not", async () => {
    const { store } = stowage;
    const uploads = await Promise.all(
      [...OURS, ...OTHERS].map(async (key) => {
        const upload = await store.createUpload(objectKey(key));
        await store.uploadPart(upload, 1, Buffer.from("part"));
        return upload;
      }),
    );
    expect(await Array.fromAsync(stowage.listStaleUploads())).toEqual([]);
    const removed = await stowage.removeStaleUploads({ olderThan: 0 });
    const listed = name === "localstack" ? OURS : [];
    expect(removed.map(({ key }) => key)).toEqual(listed);
    for (const result of removed) {
      expect(result).toMatchObject({ removed: true, knownBy: "store", storedBytes: 4 });
    }
    for (const { key, uploadId } of uploads) {
      const left = await Array.fromAsync(store.listUploads({ key }));
      const ids = left.map((upload) => upload.uploadId);
      expect(ids, key).toEqual(listed.includes(key) ? [] : [uploadId]);
    }
  });
});
