import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  checkMetadata,
  checkUserMetadata,
  decodeMetadataValue,
  encodeMetadataValue,
  MAX_METADATA_BYTES,
  metadataBytes,
} from "../../src/domain/metadata.js";

const nasty = [
  "",
  " ",
  "  two  spaces  ",
  "\t",
  "naïve",
  "住宅.csv",
  "😀",
  "=?UTF-8?B?w6k=?=",
  "UTF-8''x",
  "utf-8''%41",
  "100%25",
  'a,b;c="d"',
  "\u2028",
];

describe("metadata values", () => {
  it("come back from a header as they were, any Unicode", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (value) => {
        expect(decodeMetadataValue(encodeMetadataValue(value))).toBe(value);
      }),
      { examples: nasty.map((value) => [value]) },
    );
  });

  it("are headers that no server changes: printable ASCII, not trimmed, not empty", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (value) => {
        expect(encodeMetadataValue(value)).toMatch(/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/);
      }),
      { examples: nasty.map((value) => [value]) },
    );
  });

  it("stay readable where they can, and follow RFC 8187 where not", () => {
    expect(encodeMetadataValue("housing_data.csv")).toBe("housing_data.csv");
    expect(encodeMetadataValue("€ rates")).toBe("UTF-8''%E2%82%AC%20rates");
  });

  it("of others that only look encoded are left as they are", () => {
    expect(decodeMetadataValue("UTF-8''%zz")).toBe("UTF-8''%zz");
    expect(decodeMetadataValue("plain % text")).toBe("plain % text");
  });
});

describe("checkMetadata", () => {
  it.each([
    [{ "": "x" }, /a-z, 0-9/],
    [{ Name: "x" }, /use "name"/],
    [{ "a b": "x" }, /a-z, 0-9/],
    [{ "x-amz-acl": "public-read" }, /names of S3 itself/],
    [{ a: "x\r\ny: z" }, /line break/],
    [{ a: "x\0" }, /NUL/],
    [{ a: "\ud800" }, /surrogate/],
    [{ a: 7 as unknown as string }, /not a string/],
  ])("refuses %j", (metadata: Record<string, string>, rule) => {
    expect(() => checkMetadata(metadata)).toThrow(rule);
  });

  it("counts as the strictest server does: 2,048 bytes fit, 2,049 do not", () => {
    const room = MAX_METADATA_BYTES - "x-amz-meta-a".length;
    expect(metadataBytes({ a: "v".repeat(room) })).toBe(2048);
    checkMetadata({ a: "v".repeat(room) });
    expect(() => checkMetadata({ a: "v".repeat(room + 1) })).toThrow(/2049 bytes: at most 2048/);
    expect(() => checkMetadata({ a: "é".repeat(400) })).toThrow(/at most 2048/);
  });

  it("keeps the reserved names for Stowage", () => {
    for (const name of ["uploaded_at", "original_filename", "write_token"]) {
      expect(() => checkUserMetadata({ [name]: "x" })).toThrow(/reserved/);
      checkMetadata({ [name]: "x" });
    }
  });
});
