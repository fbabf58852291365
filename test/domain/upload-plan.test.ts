import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { StowageError } from "../../src/domain/errors.js";
import {
  MULTIPART_PART_BYTES,
  MULTIPART_THRESHOLD_BYTES,
  planUpload,
  S3_LIMITS,
  type StoreLimits,
  streamPartBytes,
} from "../../src/domain/upload-plan.js";

const MIB = 1_048_576;

describe("planUpload of a known size", () => {
  it("sends one request below 5 MiB, and parts from there on", () => {
    expect(MULTIPART_THRESHOLD_BYTES).toBe(5_242_880);
    expect(MULTIPART_PART_BYTES).toBe(5_242_880);
    expect(planUpload(0, S3_LIMITS)).toEqual({ kind: "single", size: 0 });
    expect(planUpload(5_242_879, S3_LIMITS)).toEqual({ kind: "single", size: 5_242_879 });
    expect(planUpload(5_242_880, S3_LIMITS)).toMatchObject({ kind: "parts", partCount: 1 });
    expect(planUpload(5_242_881, S3_LIMITS)).toMatchObject({ partCount: 2, lastPartBytes: 1 });
  });

  it("holds the store's limits for any size up to 48.8 TiB, and sums to the size", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.integer({ min: 1, max: S3_LIMITS.maxObjectBytes }),
          fc.integer({ min: 1, max: 100 * MIB }),
          fc.constantFrom(S3_LIMITS.maxObjectBytes, 10_000 * 5 * MIB, 10_000 * 5 * MIB + 1),
        ),
        fc.integer({ min: 1, max: 6 * 1024 * MIB }),
        (size, partBytes) => {
          const plan = planUpload(size, S3_LIMITS, { partBytes });
          if (plan.kind !== "parts") {
            expect(size).toBeLessThan(MULTIPART_THRESHOLD_BYTES);
            return;
          }
          expect(plan.partCount).toBeLessThanOrEqual(10_000);
          expect(plan.partBytes).toBeGreaterThanOrEqual(5 * MIB);
          expect(plan.partBytes).toBeLessThanOrEqual(5 * 1024 * MIB);
          expect(plan.lastPartBytes).toBeGreaterThan(0);
          expect(plan.lastPartBytes).toBeLessThanOrEqual(plan.partBytes);
          expect((plan.partCount - 1) * plan.partBytes + plan.lastPartBytes).toBe(size);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it("reaches exactly what the store holds, and refuses one byte more", () => {
    const most = S3_LIMITS.maxObjectBytes;
    expect(planUpload(most, S3_LIMITS)).toMatchObject({ partCount: 10_000 });
    expect(() => planUpload(most + 1, S3_LIMITS)).toThrow(StowageError);
    expect(() => planUpload(most + 1, S3_LIMITS)).toThrow(/at most 53687091200000 in one object/);
  });

  it("goes by the limits of the store, not by those of S3", () => {
    const small: StoreLimits = {
      maxObjectBytes: 100,
      maxPutBytes: 20,
      minPartBytes: 10,
      maxPartBytes: 50,
      maxParts: 4,
    };
    expect(planUpload(20, small)).toEqual({ kind: "single", size: 20 });
    expect(planUpload(21, small, { partBytes: 10 })).toMatchObject({
      kind: "parts",
      partBytes: 10,
    });
    expect(planUpload(100, small, { partBytes: 10 })).toMatchObject({
      partCount: 4,
      partBytes: 25,
    });
    expect(() => planUpload(101, small)).toThrow(/at most 100/);
  });

  it.each([-1, 1.5, Number.NaN])("refuses size %d", (size) => {
    expect(() => planUpload(size, S3_LIMITS)).toThrow(StowageError);
  });
});

describe("planUpload of a stream", () => {
  it("begins with small parts that grow up to the cap", () => {
    const plan = planUpload(undefined, S3_LIMITS);
    if (plan.kind !== "stream") throw new Error("not a stream");
    expect(streamPartBytes(plan, 1)).toBe(5 * MIB);
    expect(streamPartBytes(plan, 1_000)).toBe(5 * MIB);
    expect(streamPartBytes(plan, 1_001)).toBe(10 * MIB);
    expect(streamPartBytes(plan, 4_001)).toBe(64 * MIB);
    expect(streamPartBytes(plan, 10_000)).toBe(64 * MIB);
  });

  it("publishes a ceiling that is the sum of all its parts", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 5 * MIB, max: 64 * MIB }),
        fc.integer({ min: 5 * MIB, max: 1024 * MIB }),
        (partBytes, streamPartCapBytes) => {
          const plan = planUpload(undefined, S3_LIMITS, { partBytes, streamPartCapBytes });
          if (plan.kind !== "stream") throw new Error("not a stream");
          let sum = 0;
          for (let part = 1; part <= plan.maxParts; part++) sum += streamPartBytes(plan, part);
          expect(plan.ceilingBytes).toBe(Math.min(sum, S3_LIMITS.maxObjectBytes));
        },
      ),
      { numRuns: 20 },
    );
  });

  it("takes as many bytes as a hint says, within the store's limit, and begins as wished if it can", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: S3_LIMITS.maxObjectBytes }),
        fc.integer({ min: 5 * MIB, max: 64 * MIB }),
        (sizeHint, partBytes) => {
          const plan = planUpload(undefined, S3_LIMITS, { partBytes, sizeHint });
          const plain = planUpload(undefined, S3_LIMITS, { partBytes });
          if (plan.kind !== "stream" || plain.kind !== "stream") throw new Error("not a stream");
          expect(plan.ceilingBytes).toBeGreaterThanOrEqual(sizeHint);
          expect(plan.partCapBytes).toBeLessThanOrEqual(S3_LIMITS.maxPartBytes);
          if (plain.ceilingBytes >= sizeHint) expect(plan).toEqual(plain);
        },
      ),
    );
    const sizeHint = S3_LIMITS.maxObjectBytes + 1;
    expect(() => planUpload(undefined, S3_LIMITS, { sizeHint })).toThrow(/at most/);
  });
});
