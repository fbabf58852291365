import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { configOf, locationOf, makeBucket } from "./buckets.js";
import { killEverywhere, type Scene, setScene, uploadsOf } from "./killing.js";

/** Real processes, killed by SIGKILL at each boundary of an upload to a real server. */

const server = inject("minio");

describe.each(["s3", "minio"] as const)("an upload in parts to MinIO, by %s,", (way) => {
  let scene: Scene;

  beforeAll(async () => {
    const store = locationOf(way, server, await makeBucket(server), "minio");
    scene = await setScene({ config: { store, ...configOf(server) } });
  });

  afterAll(() => scene[Symbol.asyncDispose]());

  it("killed at any request and any line of its journal, is resumed to the file's bytes", async () => {
    const { kills, resumed, begunAnew, ms } = await killEverywhere(scene);
    console.log(
      `kills: ${kills} of an upload by ${way} to MinIO, one per boundary, ${resumed} resumed, ${begunAnew} with nothing on record, in ${(ms / 1000).toFixed(1)} s`,
    );
    expect(kills).toBeGreaterThan(40);
    expect(resumed).toBeGreaterThan(30);
  }, 300_000);

  it("killed for good, is removed by whoever has its journal, and not while it runs", async () => {
    // The request after the third part's.
    const actor = await scene.start("left", 16);
    const stowage = await scene.open("left");
    const clean = { userId: "left", olderThan: 0 };
    expect(await stowage.removeStaleUploads(clean)).toEqual([]);
    await actor.kill();

    const [session] = await Array.fromAsync(stowage.unfinishedUploads());
    if (session === undefined) throw new Error("nothing is on record");
    const uploads = await uploadsOf(stowage, session.key);
    expect(uploads).toHaveLength(1);
    expect(await stowage.removeStaleUploads({ userId: "left" })).toEqual([]);
    expect(await stowage.removeStaleUploads({ ...clean, dryRun: true })).toMatchObject([
      { key: session.key, uploadId: uploads[0], removed: false, knownBy: "journal" },
    ]);
    expect(await uploadsOf(stowage, session.key)).toEqual(uploads);
    expect(await stowage.removeStaleUploads(clean)).toMatchObject([{ removed: true }]);
    expect(await uploadsOf(stowage, session.key)).toEqual([]);
    expect(await Array.fromAsync(stowage.unfinishedUploads())).toEqual([]);
  });
});
