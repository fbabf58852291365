import { describe, expect, test } from "vitest";
import { objectKey } from "../../src/domain/object-key.js";
import type { Store } from "../../src/ports/store.js";
import { type Answer, object, plain, scriptedServer, xml } from "./scripted-server.js";
import { BYTES, failureOf, KEY, STORES, taken } from "./stores.js";

const upload = { key: KEY, uploadId: "upload-1" };
const complete = (store: Store) =>
  store.completeUpload(upload, [{ partNumber: 1, size: 5, etag: "abc" }]);
const copy = (store: Store) => store.copy(objectKey("from"), KEY);

const ERROR = "<Error><Code>InternalError</Code><Message>We failed</Message></Error>";

/** Bodies that have come with 200, or could. */
const ODD_BODIES: readonly (readonly [string, string])[] = [
  ["an error", ERROR],
  ["an error and a line break", `${ERROR}\n`],
  ["an error and spaces", `${ERROR}   `],
  ["a page of a proxy", "<html><body>Please log in</body></html>"],
  ["nothing", ""],
  ["blanks", "  \n  "],
  ["half an answer", '<?xml version="1.0"?>\n<CompleteMultipartUploadResult><Buck'],
  ["half a copy", '<?xml version="1.0"?>\n<CopyObjectResult><ETag>"ab'],
];

const listOf = (inner: string, rest = "<IsTruncated>false</IsTruncated>"): string =>
  `<ListBucketResult><Name>bucket</Name>${rest}${inner}</ListBucketResult>`;
const listed = (key: string, rest = ""): string =>
  `<Contents><Key>${key}</Key><Size>1</Size><ETag>"e"</ETag><LastModified>2026-11-25T01:47:11.000Z</LastModified>${rest}</Contents>`;
const more = (token: string): string =>
  `<IsTruncated>true</IsTruncated><NextContinuationToken>${token}</NextContinuationToken>`;

const ODD_LISTS: readonly (readonly [string, Answer | readonly Answer[]])[] = [
  ["a page of a proxy", plain(200, "<html><body>Please log in</body></html>")],
  ["nothing", plain(200, "")],
  ["half a list", plain(200, `<ListBucketResult><Name>bucket</Name>${listed("a")}<Contents><Ke`)],
  [
    "half a list of whole entries",
    plain(200, `<ListBucketResult><Name>bucket</Name>${listed("a")}`),
  ],
  ["a list that does not say whether it goes on", xml(200, listOf(listed("a"), ""))],
  ["a list that goes on nowhere", xml(200, listOf(listed("a"), "<IsTruncated>true</IsTruncated>"))],
  ["a list that goes on where it was", xml(200, listOf(listed("a"), more("token")))],
  ["a list in another order", xml(200, listOf(listed("b") + listed("a")))],
  [
    "an older page again",
    [
      xml(200, listOf(listed("a") + listed("b"), more("1"))),
      xml(200, listOf(listed("a"), more("2"))),
    ],
  ],
  ["an entry without a size", xml(200, listOf("<Contents><Key>a</Key><ETag>e</ETag></Contents>"))],
  [
    "an entry without a time",
    xml(200, listOf("<Contents><Key>a</Key><Size>1</Size><ETag>e</ETag></Contents>")),
  ],
  [
    "a name that is no encoding",
    xml(200, listOf(`<EncodingType>url</EncodingType>${listed("%zz")}`)),
  ],
];

describe.each(STORES)("%s believes no odd answer", (_, open) => {
  test.each(ODD_BODIES)("complete: %s", async (__, body) => {
    await using server = await scriptedServer(plain(200, body));
    await using store = open(server.url);
    const failure = await failureOf(complete(store));
    expect(failure).toMatchObject({ outcome: "unknown", retryable: true });
    expect(["bad-answer", "unavailable"]).toContain((failure as { code: string }).code);
    expect(server.received).toHaveLength(1);
  });

  test.each(ODD_BODIES)("copy: %s", async (__, body) => {
    await using server = await scriptedServer([object("hello"), plain(200, body)]);
    await using store = open(server.url);
    const failure = await failureOf(copy(store));
    expect(failure).toMatchObject({ outcome: "unknown", retryable: true });
    expect(["bad-answer", "unavailable"]).toContain((failure as { code: string }).code);
  });

  test("complete: the answer of Ceph RGW, whose ETag is empty, is made whole by a HEAD", async () => {
    const answer = xml(
      200,
      "<CompleteMultipartUploadResult><Location>l</Location><Bucket>bucket</Bucket><Key>folder/name</Key><ETag></ETag></CompleteMultipartUploadResult>",
    );
    await using server = await scriptedServer([answer, object("hello", { etag: '"found-1"' })]);
    await using store = open(server.url);
    expect(await complete(store)).toEqual({ size: 5, etag: "found-1" });
    expect(server.received.map(({ method }) => method)).toEqual(["POST", "HEAD"]);
  });

  test("complete: blanks before the answer, which keep the connection alive, are no harm", async () => {
    const body =
      '<?xml version="1.0"?>\n      \n  <CompleteMultipartUploadResult><Key>k</Key><ETag>&#34;x-1&#34;</ETag></CompleteMultipartUploadResult>';
    await using server = await scriptedServer(plain(200, body));
    await using store = open(server.url);
    expect(await complete(store)).toEqual({ size: 5, etag: "x-1" });
  });

  test("put: a success without an ETag", async () => {
    await using server = await scriptedServer(plain(200, ""));
    await using store = open(server.url);
    expect(await failureOf(store.put(KEY, BYTES))).toMatchObject({
      code: "bad-answer",
      outcome: "unknown",
    });
  });

  test("create and part: a success without an id or an ETag", async () => {
    await using server = await scriptedServer(plain(200, "<html></html>"));
    await using store = open(server.url);
    for (const act of [() => store.createUpload(KEY), () => store.uploadPart(upload, 1, BYTES)]) {
      expect(await failureOf(act())).toMatchObject({ code: "bad-answer", outcome: "unknown" });
    }
  });

  test.each([
    ["no ETag", object("hello", { etag: "" })],
    ["no time", object("hello", { "last-modified": "yesterday" })],
  ])("get and head: %s", async (__, answer) => {
    await using server = await scriptedServer(answer);
    await using store = open(server.url);
    for (const act of [() => store.get(KEY), () => store.head(KEY)]) {
      expect(await failureOf(act())).toMatchObject({ code: "bad-answer" });
    }
  });

  test("get: an answer without a length", async () => {
    const chunked: Answer = (_request, response) => {
      response.writeHead(200, { etag: '"e"', "last-modified": "Wed, 25 Nov 2026 01:47:11 GMT" });
      response.write("hel");
      response.end("lo");
    };
    await using server = await scriptedServer(chunked);
    await using store = open(server.url);
    expect(await failureOf(store.get(KEY))).toMatchObject({ code: "bad-answer" });
  });

  test.each([
    ["the whole object", object("hello world")],
    ["another range", object("lo", { "content-range": "bytes 3-4/11" })],
    ["fewer bytes", object("ll", { "content-range": "bytes 2-4/11" })],
  ])("get of a range: %s", async (__, answer) => {
    await using server = await scriptedServer(answer);
    await using store = open(server.url);
    const failure = await failureOf(store.get(KEY, { range: { start: 2, end: 5 } }));
    expect(failure).toMatchObject({ code: "bad-answer", retryable: true });
  });

  test.each(ODD_LISTS)("list: %s", async (__, answer) => {
    await using server = await scriptedServer(answer);
    await using store = open(server.url);
    expect(await failureOf(taken(store.list()))).toMatchObject({
      code: "bad-answer",
      operation: "list",
      retryable: true,
    });
  });

  test("list: what is told twice is given once", async () => {
    const pages = [
      xml(200, listOf(listed("a") + listed("b"), more("1"))),
      xml(200, listOf(listed("b") + listed("c"))),
    ];
    await using server = await scriptedServer(pages);
    await using store = open(server.url);
    const keys = (await taken(store.list())).map((entry) => entry.kind === "object" && entry.key);
    expect(keys).toEqual(["a", "b", "c"]);
  });

  test("list: names that break the key policy are left out", async () => {
    const names = ["folder/", "/x", "a//b", "a/../b", "good", "with%0Abreak"];
    const body = listOf(
      `<EncodingType>url</EncodingType>${names
        .toSorted()
        .map((n) => listed(n))
        .join("")}`,
    );
    await using server = await scriptedServer(xml(200, body));
    await using store = open(server.url);
    const keys = (await taken(store.list())).map((entry) => entry.kind === "object" && entry.key);
    expect(keys).toEqual(["good"]);
  });

  test("list: keys and common prefixes come in one order, by UTF-8", async () => {
    const body = listOf(
      [
        "<EncodingType>url</EncodingType>",
        listed("a+b"),
        listed("%EF%BF%AE"),
        "<CommonPrefixes><Prefix>%C3%A9/</Prefix></CommonPrefixes>",
        "<CommonPrefixes><Prefix>%F0%9F%98%80/</Prefix></CommonPrefixes>",
      ].join(""),
    );
    await using server = await scriptedServer(xml(200, body));
    await using store = open(server.url);
    const names = (await taken(store.list({ delimiter: "/" }))).map((entry) =>
      entry.kind === "object" ? entry.key : entry.prefix,
    );
    expect(names).toEqual(["a b", "é/", "\uffee", "😀/"]);
  });

  test.each([
    ["parts", (store: Store) => taken(store.listParts(upload))],
    ["uploads", (store: Store) => taken(store.listUploads({ prefix: "" }))],
  ])("a list of %s: no list, and one that goes on where it was", async (name, act) => {
    const root = name === "parts" ? "ListPartsResult" : "ListMultipartUploadsResult";
    const next =
      name === "parts"
        ? "<NextPartNumberMarker>3</NextPartNumberMarker>"
        : "<NextKeyMarker>k</NextKeyMarker><NextUploadIdMarker>u</NextUploadIdMarker>";
    const loop = xml(200, `<${root}><IsTruncated>true</IsTruncated>${next}</${root}>`);
    for (const answer of [loop, plain(200, "<html></html>"), plain(200, `<${root}><IsTrunc`)]) {
      await using server = await scriptedServer(answer);
      await using store = open(server.url);
      expect(await failureOf(act(store))).toMatchObject({ code: "bad-answer" });
      expect(server.received.length).toBeLessThanOrEqual(2);
    }
  });

  test("deleteMany: each key has its own result, and silence is no success", async () => {
    const body =
      "<DeleteResult><Deleted><Key>a</Key></Deleted><Error><Key>b</Key><Code>AccessDenied</Code><Message>no</Message></Error><Error><Key>d</Key><Code>InternalError</Code></Error></DeleteResult>";
    await using server = await scriptedServer(xml(200, body));
    await using store = open(server.url);
    const results = await store.deleteMany(["a", "b", "c", "d"].map((name) => objectKey(name)));
    expect(results).toMatchObject([
      { key: "a" },
      { key: "b", error: { code: "access-denied", key: "b", outcome: "not-applied" } },
      { key: "c", error: { code: "bad-answer", key: "c", outcome: "unknown" } },
      { key: "d", error: { code: "unavailable", key: "d", outcome: "unknown", retryable: true } },
    ]);
    expect(results[0]?.error).toBeUndefined();
  });

  test("deleteMany: 200 that is no answer", async () => {
    await using server = await scriptedServer(plain(200, "<html></html>"));
    await using store = open(server.url);
    const [result] = await store.deleteMany([KEY]).catch((error: unknown) => [{ error }]);
    expect(result?.error).toMatchObject({ code: "bad-answer", outcome: "unknown" });
  });
});
