import { describe, expect, test } from "vitest";
import {
  cells,
  formatBytes,
  formatDuration,
  formatExactBytes,
  formatTime,
  printable,
  shorten,
  wrapped,
} from "../../src/adapters/cli/format.js";
import { nodeFault } from "../../src/adapters/cli/node-version.js";

describe("formatBytes", () => {
  test.each([
    [0, "0 B"],
    [713, "713 B"],
    [1023, "1023 B"],
    [1024, "1.0 KiB"],
    [1536, "1.5 KiB"],
    [1_048_524, "1023.9 KiB"],
    [1_048_575, "1.0 MiB"],
    [5_242_880, "5.0 MiB"],
    [13_002_342, "12.4 MiB"],
    [53_687_091_200_000, "48.8 TiB"],
  ])("%d is %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  test("takes at most 10 characters", () => {
    for (let bytes = 1; bytes < 2 ** 53; bytes *= 2) {
      expect(formatBytes(bytes - 1).length).toBeLessThanOrEqual(10);
    }
    expect(formatBytes(1023.94 * 1024).length).toBe(10);
  });
});

test("formatExactBytes tells every digit", () => {
  expect([0, 1, 1234, 5_242_880].map(formatExactBytes)).toEqual([
    "0 bytes",
    "1 byte",
    "1,234 bytes",
    "5,242,880 bytes",
  ]);
});

test.each([
  [-5, "0 s"],
  [0, "0 s"],
  [1, "1 s"],
  [45_000, "45 s"],
  [59_001, "1 min"],
  [200_000, "3 min 20 s"],
  [3_599_500, "1 h"],
  [7_500_000, "2 h 5 min"],
  [86_400_000, "1 d"],
  [273_600_000, "3 d 4 h"],
])("formatDuration: %d ms is %s", (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test("formatTime is UTC to the second", () => {
  expect(formatTime(new Date("2025-10-23T14:30:45.678Z"))).toBe("2025-10-23T14:30:45Z");
});

test("printable spells out what would steer a terminal, and leaves line breaks", () => {
  expect(printable("a\u001b[31mb\u0007\r\nc\u009bé🚢")).toBe("a\\x1b[31mb\\x07\\x0d\nc\\x9bé🚢");
});

test("shorten cuts by columns, never half a character", () => {
  expect(shorten("housing.csv", 11)).toBe("housing.csv");
  expect(shorten("housing.csv", 8)).toBe("housing…");
  expect(shorten("船荷.csv", 4)).toBe("船…");
  expect(shorten("🚢🚢🚢", 5)).toBe("🚢🚢…");
  expect(shorten("abc", 1)).toBe("…");
  expect(shorten("abc", 0)).toBe("");
  for (let columns = 0; columns < 12; columns++) {
    expect(cells(shorten("a船荷🚢é long name", columns))).toBeLessThanOrEqual(columns);
  }
});

test("nodeFault refuses a Node that is too old, and no other", () => {
  expect(nodeFault("20.20.2", ">=22.12")).toBe(
    "Cannot run on Node 20.20.2: it is too old; use 22.12 or newer",
  );
  expect(nodeFault("22.11.0", ">=22.12")).toBeDefined();
  for (const fine of ["22.12.0", "22.13.1", "24.0.0"]) {
    expect(nodeFault(fine, ">=22.12")).toBeUndefined();
  }
});

describe("wrapped", () => {
  test.each([
    ["short", 80, "", ["short"]],
    ["", 80, "- ", ["- "]],
    ["one two three", 9, "", ["one two", "three"]],
    ["one two three", 9, "- ", ["- one two", "  three"]],
    ["a-word-that-is-too-long for it", 9, "", ["a-word-that-is-too-long", "for it"]],
  ])("%j in %d columns after %j", (text, columns, first, lines) => {
    expect(wrapped(text, columns, first)).toEqual(lines);
  });
});
