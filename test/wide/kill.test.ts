import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { configOf, locationOf, makeBucket } from "../servers/buckets.js";
import { killEverywhere, type Scene, setScene } from "../servers/killing.js";

/**
 * Ceph RGW keeps no checksums of parts, so what is trusted there is proved by what is on record. It
 * ignores conditions on a complete, for which Stowage refuses uploads in parts there: here the store is
 * taken to honour them, since nobody else writes these keys.
 */
const server = inject("ceph");
/** Three parts: what is uploaded here stays in Ceph's memory, which is small, until hours after it is deleted. */
const BYTES = 12 * 1_048_576 + 7;

describe.each(["s3", "minio"] as const)("an upload in parts to Ceph RGW, by %s,", (way) => {
  let scene: Scene;

  beforeAll(async () => {
    const store = locationOf(way, server, await makeBucket(server), "ceph");
    const config = { store, encryption: "none", ...configOf(server) };
    scene = await setScene({ config, trusting: true, bytes: BYTES });
  });

  afterAll(() => scene[Symbol.asyncDispose]());

  it("killed at any request and any line of its journal, is resumed to the file's bytes", async () => {
    const { kills, resumed, begunAnew, ms } = await killEverywhere(scene);
    console.log(
      `kills: ${kills} of an upload by ${way} to Ceph RGW, one per boundary, ${resumed} resumed, ${begunAnew} with nothing on record, in ${(ms / 1000).toFixed(1)} s`,
    );
    expect(kills).toBeGreaterThan(20);
    expect(resumed).toBeGreaterThan(15);
  });
});
