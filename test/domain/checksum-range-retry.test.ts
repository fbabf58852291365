import { crc32 } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { combineCrc32, crc32Checksum, crc32Number } from "../../src/domain/checksum.js";
import { type ErrorCode, StowageError } from "../../src/domain/errors.js";
import { checkRange, resolveRange } from "../../src/domain/range.js";
import { DEFAULT_RETRY, RetryBudget, retryDelayMs } from "../../src/domain/retry.js";

describe("combineCrc32", () => {
  it("is the CRC-32 of the runs joined", () => {
    const bytes = fc.uint8Array({ maxLength: 300 });
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(combineCrc32(crc32(a), crc32(b), b.length)).toBe(crc32(Buffer.concat([a, b])));
      }),
    );
  });

  it("holds for lengths beyond 32 bits", () => {
    // Zero bytes, of which runs can be doubled: 2^33 of them from 2^32 twice.
    let crc = crc32(Buffer.alloc(1));
    for (let length = 1; length < 2 ** 33; length *= 2) crc = combineCrc32(crc, crc, length);
    let stepwise = crc32(Buffer.alloc(1 << 20));
    for (let length = 2 ** 20; length < 2 ** 33; length *= 2) {
      stepwise = combineCrc32(stepwise, stepwise, length);
    }
    expect(crc).toBe(stepwise);
  });
});

describe("checksums", () => {
  it("are written as S3 does: the check value of CRC-32 is y/Q5Jg==", () => {
    expect(crc32Checksum(crc32("123456789"))).toEqual({ algorithm: "CRC32", value: "y/Q5Jg==" });
  });

  it("are reversible", () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 32 - 1 }), (crc) => {
        expect(crc32Number(crc32Checksum(crc))).toBe(crc);
      }),
    );
    expect(() => crc32Number({ algorithm: "CRC32", value: "AAA=" })).toThrow(StowageError);
  });
});

describe("ranges", () => {
  it("give what slice gives", () => {
    fc.assert(
      fc.property(fc.nat(40), fc.nat(50), fc.nat(50), (size, start, length) => {
        const bytes = Array.from({ length: size }, (_, index) => index);
        const range = { start, end: start + length + 1 };
        if (start >= size && start > 0) {
          expect(() => resolveRange(range, size)).toThrow(/Cannot read from byte/);
        } else {
          const { start: from, end } = resolveRange(range, size);
          expect(bytes.slice(from, end)).toEqual(bytes.slice(range.start, range.end));
        }
      }),
    );
  });

  it.each([{ start: -1 }, { start: 2, end: 2 }, { start: 1.5 }, { suffix: 0 }, { suffix: -1 }])(
    "refuses %j before any I/O",
    (range) => {
      expect(() => checkRange(range)).toThrow(/Cannot read range/);
    },
  );
});

const error = (code: ErrorCode, retryAfterMs?: number) =>
  new StowageError(code, "x", { retryAfterMs });

describe("retryDelayMs", () => {
  it("never waits for what a retry cannot mend", () => {
    for (const code of ["not-found", "access-denied", "already-exists", "invalid-key"] as const) {
      expect(retryDelayMs(error(code), 1, 0.5)).toBeUndefined();
    }
  });

  it("ends after the attempts allowed", () => {
    expect(retryDelayMs(error("unavailable"), 4, 0.5)).toBe(800);
    expect(retryDelayMs(error("unavailable"), 5, 0.5)).toBeUndefined();
  });

  it("sends bytes that were changed on their way once more, and not again", () => {
    const damaged = new StowageError("checksum-mismatch", "x", { retryable: true });
    expect(retryDelayMs(damaged, 1, 0.5)).toBe(100);
    expect(retryDelayMs(damaged, 2, 0.5)).toBeUndefined();
    expect(retryDelayMs(damaged, 1, 0.5, { ...DEFAULT_RETRY, maxAttempts: 1 })).toBeUndefined();
    expect(retryDelayMs(error("checksum-mismatch"), 1, 0.5)).toBeUndefined();
  });

  it("draws from zero to a bound that doubles, and heeds the server up to the longest wait", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 19 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (attempt, random) => {
          const policy = { ...DEFAULT_RETRY, maxAttempts: 20 };
          const delay = retryDelayMs(error("timeout"), attempt, random, policy) ?? Number.NaN;
          expect(delay).toBeGreaterThanOrEqual(0);
          expect(delay).toBeLessThanOrEqual(Math.min(20_000, 200 * 2 ** (attempt - 1)));
        },
      ),
    );
    expect(retryDelayMs(error("throttled", 3_000), 1, 0)).toBe(3_000);
    expect(retryDelayMs(error("throttled", 9_999_999), 1, 0)).toBe(20_000);
  });
});

describe("RetryBudget", () => {
  it("is spent by sending again, more by time-outs, and never overdrawn", () => {
    const budget = new RetryBudget();
    expect(budget.spend(error("unavailable"))).toBe(5);
    expect(budget.spend(error("timeout"))).toBe(10);
    expect(budget.tokens).toBe(485);
    for (let again = 0; again < 97; again++) budget.spend(error("unavailable"));
    expect(budget.spend(error("unavailable"))).toBeUndefined();
    expect(budget.tokens).toBe(0);
  });

  it("is earned by what goes well, which gives back its own cost, up to what it began with", () => {
    const budget = new RetryBudget();
    const spent = budget.spend(error("timeout")) ?? 0;
    budget.succeed(0);
    expect(budget.tokens).toBe(491);
    budget.succeed(spent);
    expect(budget.tokens).toBe(500);
  });
});

describe("StowageError", () => {
  it("tells its facts in JSON, and keeps cause and stack when facts are added", () => {
    const cause = new Error("cause");
    const first = new StowageError("timeout", "Cannot", { key: "a" }, { cause });
    const second = first.with({ attempts: 3, outcome: "unknown" });
    expect(second.cause).toBe(cause);
    expect(second.stack).toBe(first.stack);
    expect(JSON.parse(JSON.stringify(second))).toEqual({
      name: "StowageError",
      code: "timeout",
      message: "Cannot",
      key: "a",
      attempts: 3,
      outcome: "unknown",
      retryable: true,
    });
  });
});
