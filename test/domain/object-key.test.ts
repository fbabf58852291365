import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { StowageError } from "../../src/domain/errors.js";
import { isObjectKey, objectKey } from "../../src/domain/object-key.js";
import { compareUtf8, utf8Length } from "../../src/domain/utf8.js";

const refused: readonly (readonly [name: string, rule: RegExp])[] = [
  ["", /is empty/],
  ["/a", /empty segment/],
  ["a/", /empty segment/],
  ["a//b", /empty segment/],
  [".", /segment "\."/],
  ["a/../b", /segment "\.\."/],
  ["a/ ./b", /segment " \."/],
  [".. ", /segment "\.\. "/],
  ["a\\b", /backslash/],
  ["a\u0000b", /control character U\+0000/],
  ["a\nb", /control character U\+000A/],
  ["a\u0085b", /control character U\+0085/],
  ["a\ud800b", /half of a surrogate pair/],
  ["a".repeat(256), /segment of 256 bytes/],
  ["é".repeat(128), /segment of 256 bytes/],
  [`${"a/".repeat(512)}b`, /1025 bytes/],
];

describe("objectKey", () => {
  it.each(refused)("refuses %j and names the rule", (name, rule) => {
    const error = thrownBy(() => objectKey(name));
    expect(error.code).toBe("invalid-key");
    expect(error.message).toMatch(rule);
    expect(error.message).toMatch(/; |\bat most\b/);
  });

  it("takes exactly 255 bytes in a segment and 1,024 in all", () => {
    expect(objectKey(`${"é".repeat(127)}a`)).toHaveLength(128);
    expect(utf8Length(objectKey(`${`${"a".repeat(255)}/`.repeat(3)}${"b".repeat(255)}`))).toBe(
      1023,
    );
    expect(utf8Length(objectKey(`${"a/".repeat(511)}bb`))).toBe(1024);
  });

  it("returns every name that it takes unchanged, and takes none with an empty or dotted segment", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 80 }), (name) => {
        if (!isObjectKey(name)) return;
        expect(objectKey(name)).toBe(name);
        for (const segment of name.split("/")) expect(["", ".", ".."]).not.toContain(segment);
      }),
      { examples: [["héllo wörld/データ.csv"], ["%2e%2e/a"], ["..a/b.."]] },
    );
  });

  it("refuses what is no string", () => {
    for (const value of [undefined, null, 7, {}]) {
      expect(thrownBy(() => objectKey(value as string)).code).toBe("invalid-key");
    }
  });
});

describe("compareUtf8", () => {
  it("orders as the bytes of UTF-8 do, where UTF-16 orders otherwise", () => {
    expect("\u{1f600}" < "\uff21").toBe(true);
    expect(compareUtf8("\u{1f600}", "\uff21")).toBeGreaterThan(0);
    const text = fc.string({ unit: "binary", maxLength: 20 });
    fc.assert(
      fc.property(text, text, (a, b) => {
        const bytes = Buffer.compare(Buffer.from(a), Buffer.from(b));
        expect(Math.sign(compareUtf8(a, b))).toBe(bytes);
      }),
    );
  });
});

function thrownBy(call: () => unknown): StowageError {
  try {
    call();
  } catch (error) {
    if (error instanceof StowageError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
