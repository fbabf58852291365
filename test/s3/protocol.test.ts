import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { retryAfterMs, withoutSecrets } from "../../src/adapters/s3-protocol/failure.js";
import {
  copySource,
  percentDecoded,
  percentEncoded,
  toldRange,
} from "../../src/adapters/s3-protocol/headers.js";
import { profileOf } from "../../src/adapters/s3-protocol/profiles.js";
import { childrenOf, childText, readXml, xml } from "../../src/adapters/s3-protocol/xml.js";

/** What XML 1.0 can carry: neither control characters nor halves of surrogate pairs. */
const text = fc
  .string({ unit: "grapheme" })
  .map((value) =>
    value.toWellFormed().replace(/[^\t\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, ""),
  );

describe("xml", () => {
  test("what is written is read again", () => {
    fc.assert(
      fc.property(fc.array(text), (values) => {
        const document = xml(
          "Delete",
          values.map((value) => xml("Key", value)),
        );
        const root = readXml(document);
        expect(root?.name).toBe("Delete");
        const read = root === undefined ? [] : childrenOf(root, "Key").map((key) => key.text);
        expect(read).toEqual(values);
      }),
    );
  });

  test("no beginning of a document is one", () => {
    const document =
      '<?xml version="1.0"?>\n<!-- c --><A xmlns="x" y=\'z\'><B>1 &lt; 2 &#x41;&#66;</B><C/><B></B></A>';
    for (let end = 0; end < document.length; end++) {
      expect(readXml(document.slice(0, end))).toBeUndefined();
    }
    const root = readXml(document);
    expect(root).toMatchObject({
      name: "A",
      children: [{ name: "B" }, { name: "C" }, { name: "B" }],
    });
    expect(root && childText(root, "B")).toBe("1 < 2 AB");
    expect(root && childText(root, "C")).toBe("");
    expect(root && childText(root, "D")).toBeUndefined();
  });

  test.each([
    ["text alone", "hello"],
    ["text around", "<A></A>hello"],
    ["two roots", "<A/><B/>"],
    ["crossed elements", "<A><B></A></B>"],
    ["an end without a beginning", "</A>"],
    ["a bare ampersand's tag", "<A><</A>"],
    ["a page of HTML", "<!DOCTYPE html><html><br></html>"],
  ])("%s is no document", (_, document) => {
    expect(readXml(document)).toBeUndefined();
  });

  test("unknown entities stay as they are", () => {
    expect(readXml("<A>&nbsp;&#x110000;</A>")?.text).toBe("&nbsp;&#x110000;");
  });
});

describe("headers", () => {
  test("percent-encoding is undone, and leaves nothing that a URL would change", () => {
    fc.assert(
      fc.property(text, (value) => {
        const encoded = percentEncoded(value);
        expect(encoded).toMatch(/^[A-Za-z0-9._~%-]*$/);
        expect(percentDecoded(encoded)).toBe(value);
      }),
    );
    expect(percentDecoded("a+b%2Bc")).toBe("a b+c");
    expect(percentDecoded("%zz")).toBeUndefined();
  });

  test("a copy's source keeps its slashes", () => {
    expect(copySource("bucket", "a/b c/d+e")).toBe("bucket/a/b%20c/d%2Be");
  });

  test.each([
    ["bytes 0-4/11", { start: 0, end: 5, size: 11 }],
    ["bytes 0--1/0", { start: 0, end: 0, size: 0 }],
    ["bytes */11", undefined],
    ["bytes 0-4/*", undefined],
    [undefined, undefined],
  ])("Content-Range %s", (header, expected) => {
    expect(toldRange(header)).toEqual(expected);
  });

  test("Retry-After", () => {
    const now = new Date("2026-11-25T01:00:00Z");
    expect(retryAfterMs("2", now)).toBe(2_000);
    expect(retryAfterMs("Wed, 25 Nov 2026 01:00:30 GMT", now)).toBe(30_000);
    expect(retryAfterMs("Wed, 25 Nov 2026 00:00:00 GMT", now)).toBe(0);
    expect(retryAfterMs("later", now)).toBeUndefined();
    expect(retryAfterMs(undefined, now)).toBeUndefined();
  });
});

test("signatures are cut out of what servers say", () => {
  expect(
    withoutSecrets(
      "got AWS4-HMAC-SHA256 Credential=id/20261125, SignedHeaders=host, Signature=abc",
    ),
  ).toBe("got …");
  expect(withoutSecrets("url?X-Amz-Credential=id&X-Amz-Signature=abc&a=b")).toBe(
    "url?X-Amz-Credential=…&X-Amz-Signature=…&a=b",
  );
  expect(withoutSecrets("x".repeat(1_000))).toHaveLength(300);
});

test("an unknown profile is refused with the known ones", () => {
  expect(() => profileOf("toString")).toThrow(
    'Cannot use profile "toString": the known ones are aws, minio, localstack, versity, ceph, generic',
  );
});
