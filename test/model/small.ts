import fc from "fast-check";
import type { StoreLimits } from "../../src/domain/upload-plan.js";
import type { Repertoire } from "./commands/any.js";

/** Limits that commands reach, for a store that takes limits of a test's own. */
export const SMALL_LIMITS: StoreLimits = {
  maxObjectBytes: 140_000,
  maxPutBytes: 140_000,
  minPartBytes: 1_000,
  maxPartBytes: 130_000,
  maxParts: 9,
};

/** Commands that reach the limits, and the edges of a chunk. */
export const smallRepertoire: Repertoire = {
  sizes: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(0, 1, 17, 1_000) },
    { weight: 4, arbitrary: fc.constantFrom(65_535, 65_536, 65_537, 139_999, 140_000) },
    { weight: 1, arbitrary: fc.constant(140_001) },
  ),
  partSizes: fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(0, 1, 999, 1_000, 1_001) },
    { weight: 4, arbitrary: fc.constantFrom(70_000, 129_999, 130_000) },
    { weight: 1, arbitrary: fc.constant(130_001) },
  ),
  uploadSizes: fc.oneof(
    fc.tuple(fc.constantFrom(1, 1_000, 65_537)),
    fc.tuple(fc.constantFrom(1_000, 1_001, 65_536), fc.constantFrom(0, 1, 65_537)),
    fc.tuple(
      fc.constantFrom(1_000, 70_000),
      fc.constantFrom(1_000, 70_001),
      fc.constantFrom(1, 17),
    ),
  ),
  maxParts: SMALL_LIMITS.maxParts,
  interrupts: true,
};
