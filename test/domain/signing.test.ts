import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { contentDisposition } from "../../src/domain/disposition.js";
import { validityOf } from "../../src/domain/expiry.js";

const HEADER =
  /^attachment; filename="([^"\\]*)"(?:; filename\*=UTF-8''((?:[A-Za-z0-9!#$&+.^_`|~-]|%[0-9A-F]{2})+))?$/;

describe("a disposition", () => {
  test.each([
    ["housing.csv", 'attachment; filename="housing.csv"'],
    ["a;b=c, d.csv", 'attachment; filename="a;b=c, d.csv"'],
    ['50% "x".csv', "attachment; filename=\"50_ _x_.csv\"; filename*=UTF-8''50%25%20%22x%22.csv"],
    ["😀.csv", "attachment; filename=\"_.csv\"; filename*=UTF-8''%F0%9F%98%80.csv"],
  ])("tells %s", (filename, header) => {
    expect(contentDisposition("attachment", filename)).toBe(header);
  });

  test("of no name is its kind alone", () => {
    expect(contentDisposition("inline")).toBe("inline");
  });

  test("leads back to any name, is ASCII, and has no parameter beside the name", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 1 }), (filename) => {
        if (/\p{Cc}/u.test(filename)) {
          expect(() => contentDisposition("attachment", filename)).toThrow(/control character/);
          return;
        }
        const [, plain, extended] = HEADER.exec(contentDisposition("attachment", filename)) ?? [];
        expect(extended === undefined ? plain : decodeURIComponent(extended)).toBe(filename);
        expect(plain).toMatch(/^[\x20-\x7e]*$/);
      }),
    );
  });

  test.each(["a\r\nset-cookie: x", "a\nb", "\0", "\u0085", "", "\ud800"])("refuses %j", (name) => {
    expect(() => contentDisposition("attachment", name)).toThrow(
      expect.objectContaining({ code: "invalid-argument" }),
    );
  });
});

describe("the time of a signed URL", () => {
  const at = new Date("2026-01-02T03:04:05.678Z");

  test("begins at a whole second, and ends as long after", () => {
    expect(validityOf(at, 60)).toEqual({
      startsAt: new Date("2026-01-02T03:04:05.000Z"),
      expiresInSeconds: 60,
      expiresAt: new Date("2026-01-02T03:05:05.000Z"),
    });
    expect(validityOf(at, 1).expiresInSeconds).toBe(1);
    expect(validityOf(at, 604_800).expiresInSeconds).toBe(604_800);
  });

  test.each([0, -1, 604_801, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "60"])(
    "is not %s s",
    (s) => {
      expect(() => validityOf(at, s as number)).toThrow(
        expect.objectContaining({ code: "invalid-argument" }),
      );
    },
  );

  test.each([new Date("x"), new Date(-1), new Date("+009999-01-01"), "2026-01-01"])(
    "does not begin at %s",
    (wrong) => {
      expect(() => validityOf(wrong as Date, 60)).toThrow(
        expect.objectContaining({ code: "invalid-argument" }),
      );
    },
  );
});
