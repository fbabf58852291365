import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { cells } from "../../src/adapters/cli/format.js";
import { showProgress } from "../../src/adapters/cli/progress.js";
import { progressLine, RateMeter } from "../../src/adapters/cli/progress-line.js";
import type { Terminal } from "../../src/adapters/cli/terminal.js";
import { objectKey } from "../../src/domain/object-key.js";
import { Capture } from "./fake-terminal.js";

const MIB = 1_048_576;
const KEY = objectKey("datasets/user_1/20251023_143045_a.csv");

describe("progressLine", () => {
  const view = {
    name: "housing_data.csv",
    doneBytes: 5 * MIB,
    totalBytes: 12 * MIB,
    rate: 2 * MIB,
    columns: 80,
  };

  test("tells name, percent, bytes, rate and time left", () => {
    expect(progressLine(view)).toBe(
      "housing_data.csv  41%  5.0 MiB of 12.0 MiB  2.0 MiB/s  4 s left",
    );
  });

  test("of a stream tells bytes and rate alone", () => {
    expect(progressLine({ ...view, totalBytes: undefined })).toBe(
      "housing_data.csv  5.0 MiB  2.0 MiB/s",
    );
  });

  test("tells no rate and no time left before it knows", () => {
    expect(progressLine({ ...view, rate: undefined })).toBe(
      "housing_data.csv  41%  5.0 MiB of 12.0 MiB",
    );
    expect(progressLine({ ...view, doneBytes: undefined })).toBe("housing_data.csv  starting");
  });

  test("promises no time when nothing moves", () => {
    expect(progressLine({ ...view, rate: 0 })).toBe(
      "housing_data.csv  41%  5.0 MiB of 12.0 MiB  0 B/s",
    );
  });

  test("has sent all before all is done", () => {
    expect(progressLine({ ...view, doneBytes: 12 * MIB })).toBe(
      "housing_data.csv  100%  12.0 MiB of 12.0 MiB  finishing",
    );
    expect(progressLine({ ...view, doneBytes: 0, totalBytes: 0 })).toBe(
      "housing_data.csv  100%  0 B of 0 B  finishing",
    );
  });

  test("is not at 100% before the last byte", () => {
    expect(progressLine({ ...view, doneBytes: 12 * MIB - 1 })).toContain("  99%  ");
  });

  test("never reaches the last column, whatever the name and the width", () => {
    for (const name of ["a.csv", "x".repeat(300), "船".repeat(99)]) {
      for (let columns = 1; columns < 120; columns++) {
        expect(cells(progressLine({ ...view, name, columns }))).toBeLessThan(columns);
      }
    }
  });
});

describe("RateMeter", () => {
  test("says nothing in the first half second", () => {
    const meter = new RateMeter(1_000);
    expect(meter.rate(1_499, 100)).toBeUndefined();
    expect(meter.rate(1_500, 100)).toBe(200);
  });

  test("says nothing before the first byte", () => {
    expect(new RateMeter(0).rate(5_000, 0)).toBeUndefined();
  });

  test("is even where bytes come in bursts", () => {
    const meter = new RateMeter(0);
    const rates: number[] = [];
    for (let ms = 100; ms <= 60_000; ms += 100) {
      const rate = meter.rate(ms, Math.floor(ms / 1_000) * 5 * MIB);
      if (ms > 10_000) rates.push(rate ?? 0);
    }
    expect(Math.min(...rates)).toBeGreaterThan(4.4 * MIB);
    expect(Math.max(...rates)).toBeLessThan(5.6 * MIB);
  });

  test("falls to 0 within ten seconds of a standstill, and recovers", () => {
    const meter = new RateMeter(0);
    for (let ms = 0; ms <= 10_000; ms += 100) meter.rate(ms, ms);
    expect(meter.rate(15_000, 10_000)).toBeCloseTo(500, -1);
    for (let ms = 15_100; ms <= 20_100; ms += 100) meter.rate(ms, 10_000);
    expect(meter.rate(20_200, 10_000)).toBe(0);
    expect(meter.rate(21_200, 15_000)).toBeGreaterThan(0);
  });
});

describe("showProgress", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const terminalWith = (stderr: Capture, env: Record<string, string> = {}): Terminal => ({
    stdin: Readable.from([]),
    stdout: new Capture(),
    stderr,
    env,
    cwd: "/",
    elapsedMs: () => performance.now(),
  });

  test("redraws one line at most ten times a second, and clears it at the end", () => {
    const stderr = new Capture(true, 60);
    {
      using progress = showProgress(terminalWith(stderr), "a.csv", false);
      for (let ms = 0; ms < 2_000; ms += 10) {
        vi.advanceTimersByTime(10);
        progress.onProgress({ key: KEY, doneBytes: ms * 1_000, totalBytes: 2_000_000 });
      }
    }
    expect(stderr.writes.length).toBeGreaterThan(10);
    expect(stderr.writes.length).toBeLessThanOrEqual(21);
    expect(stderr.writes.every((write) => write.startsWith("\r") && !write.includes("\n"))).toBe(
      true,
    );
    expect(stderr.writes.at(-1)).toBe("\r\x1b[K");
    vi.advanceTimersByTime(1_000);
    expect(stderr.writes.at(-1)).toBe("\r\x1b[K");
  });

  test("draws nothing anew that has not changed", () => {
    const stderr = new Capture(true, 60);
    using _progress = showProgress(terminalWith(stderr), "a.csv", false);
    vi.advanceTimersByTime(3_000);
    expect(stderr.writes).toEqual(["\ra.csv  starting\x1b[K"]);
  });

  test("leaves no trace of what was over at once", () => {
    const stderr = new Capture(true, 60);
    {
      using progress = showProgress(terminalWith(stderr), "a.csv", false);
      progress.onProgress({ key: KEY, doneBytes: 1, totalBytes: 1 });
    }
    expect(stderr.text).toBe("");
  });

  test.each([
    ["in a pipe", new Capture(false), {}, false],
    ["when it is to be quiet", new Capture(true, 80), {}, true],
    ["on a terminal that cannot rewrite a line", new Capture(true, 80), { TERM: "dumb" }, false],
  ])("shows nothing %s", (_name, stderr, env, quiet) => {
    {
      using progress = showProgress(terminalWith(stderr, env), "a.csv", quiet);
      progress.onProgress({ key: KEY, doneBytes: 1, totalBytes: 2 });
      vi.advanceTimersByTime(3_000);
    }
    expect(stderr.text).toBe("");
  });

  test("does not let a file name steer the terminal", () => {
    const stderr = new Capture(true, 80);
    using _progress = showProgress(terminalWith(stderr), "a\u001b[2J.csv", false);
    vi.advanceTimersByTime(200);
    expect(stderr.text).toBe("\ra\\x1b[2J.csv  starting\x1b[K");
  });
});
