import { describe, expect, test } from "vitest";
import type { ErrorCode, Outcome } from "../../src/domain/errors.js";
import type { Store } from "../../src/ports/store.js";
import { type Answer, error, plain, scriptedServer, xml } from "./scripted-server.js";
import { BYTES, failureOf, KEY, STORES, taken } from "./stores.js";

const upload = { key: KEY, uploadId: "upload-1" };
const part = { partNumber: 1, size: 5, etag: "abc" };
const other = { etag: "other" };

type Act = (store: Store) => Promise<unknown>;
const put: Act = (store) => store.put(KEY, BYTES);
const putAbsent: Act = (store) => store.put(KEY, BYTES, { when: { absent: true } });
const putMatch: Act = (store) => store.put(KEY, BYTES, { when: other });
const get: Act = (store) => store.get(KEY);
const getMatch: Act = (store) => store.get(KEY, { when: other });
const getRange: Act = (store) => store.get(KEY, { range: { start: 9 } });
const head: Act = (store) => store.head(KEY);
const remove: Act = (store) => store.delete(KEY);
const removeMatch: Act = (store) => store.delete(KEY, { when: other });
const removeMany: Act = (store) => store.deleteMany([KEY]);
const list: Act = (store) => taken(store.list());
const create: Act = (store) => store.createUpload(KEY);
const sendPart: Act = (store) => store.uploadPart(upload, 1, BYTES);
const complete: Act = (store) => store.completeUpload(upload, [part]);
const completeAbsent: Act = (store) =>
  store.completeUpload(upload, [part], { when: { absent: true } });
const completeMatch: Act = (store) => store.completeUpload(upload, [part], { when: other });
const parts: Act = (store) => taken(store.listParts(upload));

const none = undefined;
const not = "not-applied";

/** HEAD has no body: the code is in a header, with MinIO, or nowhere. */
const bare = (status: number, headers: Record<string, string> = {}): Answer =>
  plain(status, "", headers);
const region = { "x-amz-bucket-region": "eu-central-1" };
const malformed = xml(
  400,
  "<Error><Code>AuthorizationHeaderMalformed</Code><Message>the region 'us-east-1' is wrong; expecting 'eu-central-1'</Message><Region>eu-central-1</Region></Error>",
);
const bucketThere = bare(200);

type Row = readonly [
  string,
  Act,
  Answer | readonly Answer[],
  ErrorCode,
  Outcome | undefined,
  retryable: boolean,
];

/** What servers have answered: MinIO and LocalStack as recorded, Amazon S3 as documented. */
const ROWS: readonly Row[] = [
  ["put: NoSuchBucket", put, error(404, "NoSuchBucket"), "bucket-not-found", not, false],
  [
    "put: PreconditionFailed",
    putMatch,
    error(412, "PreconditionFailed"),
    "precondition-failed",
    not,
    false,
  ],
  ["put: taken", putAbsent, error(412, "PreconditionFailed"), "already-exists", not, false],
  ["put: 412 without a code", putAbsent, plain(412, ""), "already-exists", not, false],
  [
    "put: If-Match on a missing key",
    putMatch,
    error(404, "NoSuchKey"),
    "precondition-failed",
    not,
    false,
  ],
  [
    "put: ConditionalRequestConflict",
    putAbsent,
    error(409, "ConditionalRequestConflict"),
    "conflict",
    not,
    true,
  ],
  ["put: OperationAborted", put, error(409, "OperationAborted"), "conflict", not, true],
  ["put: BadDigest", put, error(400, "BadDigest"), "checksum-mismatch", not, true],
  ["put: InvalidDigest", put, error(400, "InvalidDigest"), "checksum-mismatch", not, false],
  [
    "put: MinIO's checksum",
    put,
    error(400, "XAmzContentChecksumMismatch"),
    "checksum-mismatch",
    not,
    true,
  ],
  ["put: SHA-256", put, error(400, "XAmzContentSHA256Mismatch"), "checksum-mismatch", not, true],
  ["put: EntityTooLarge", put, error(400, "EntityTooLarge"), "too-large", not, false],
  ["put: MetadataTooLarge", put, error(400, "MetadataTooLarge"), "invalid-metadata", not, false],
  ["put: KeyTooLongError", put, error(400, "KeyTooLongError"), "invalid-key", not, false],
  [
    "put: InvalidAccessKeyId",
    put,
    error(403, "InvalidAccessKeyId"),
    "invalid-credentials",
    not,
    false,
  ],
  [
    "put: SignatureDoesNotMatch",
    put,
    error(403, "SignatureDoesNotMatch"),
    "invalid-credentials",
    not,
    false,
  ],
  ["put: ExpiredToken", put, error(400, "ExpiredToken"), "invalid-credentials", not, false],
  ["put: AccessDenied", put, error(403, "AccessDenied"), "access-denied", not, false],
  ["put: 403 of a proxy", put, plain(403, "<html>no</html>"), "access-denied", not, false],
  ["put: RequestTimeTooSkewed", put, error(403, "RequestTimeTooSkewed"), "clock-skew", not, false],
  ["put: wrong region, 400", put, malformed, "wrong-region", not, false],
  [
    "put: wrong region, 301",
    put,
    xml(301, "<Error><Code>PermanentRedirect</Code></Error>", region),
    "wrong-region",
    not,
    false,
  ],
  ["put: disk full", put, error(507, "XMinioStorageFull"), "no-space", "unknown", false],
  ["put: no KMS", put, error(501, "NotImplemented"), "unsupported", not, false],
  ["put: unknown KMS key", put, error(404, "kms:KeyNotFound"), "not-encrypted", not, false],
  ["put: KMS key gone", put, error(400, "KMS.NotFoundException"), "not-encrypted", not, false],
  ["put: SlowDown", put, error(503, "SlowDown"), "throttled", "unknown", true],
  ["put: SlowDownWrite", put, error(503, "SlowDownWrite"), "throttled", "unknown", true],
  ["put: 429", put, plain(429, ""), "throttled", not, true],
  ["put: InternalError", put, error(500, "InternalError"), "unavailable", "unknown", true],
  [
    "put: ServiceUnavailable",
    put,
    error(503, "ServiceUnavailable"),
    "unavailable",
    "unknown",
    true,
  ],
  [
    "put: 502 of a proxy",
    put,
    plain(502, "<html>Bad gateway</html>"),
    "unavailable",
    "unknown",
    true,
  ],
  ["put: 504, empty", put, plain(504, ""), "unavailable", "unknown", true],
  ["put: RequestTimeout", put, error(400, "RequestTimeout"), "unavailable", not, true],
  ["put: 408", put, plain(408, ""), "unavailable", "unknown", true],
  ["put: InvalidArgument", put, error(400, "InvalidArgument"), "unexpected", not, false],
  ["put: 418", put, plain(418, ""), "unexpected", not, false],

  ["get: NoSuchKey", get, error(404, "NoSuchKey"), "not-found", none, false],
  ["get: NoSuchBucket", get, error(404, "NoSuchBucket"), "bucket-not-found", none, false],
  [
    "get: PreconditionFailed",
    getMatch,
    error(412, "PreconditionFailed"),
    "precondition-failed",
    none,
    false,
  ],
  ["get: InvalidRange", getRange, error(416, "InvalidRange"), "range-not-satisfiable", none, false],
  ["get: SlowDownRead", get, error(503, "SlowDownRead"), "throttled", none, true],
  ["get: InvalidObjectState", get, error(403, "InvalidObjectState"), "unsupported", none, false],

  ["head: 404, bucket there", head, [bare(404), bucketThere], "not-found", none, false],
  ["head: 404, no bucket", head, [bare(404), bare(404)], "bucket-not-found", none, false],
  ["head: 404, bucket not for us", head, [bare(404), bare(403)], "not-found", none, false],
  ["head: 404, then 503", head, [bare(404), bare(503)], "unavailable", none, true],
  [
    "head: 404 of MinIO",
    head,
    bare(404, { "x-minio-error-code": "NoSuchKey" }),
    "not-found",
    none,
    false,
  ],
  [
    "head: bucket of MinIO",
    head,
    bare(404, { "x-minio-error-code": "NoSuchBucket" }),
    "bucket-not-found",
    none,
    false,
  ],
  ["head: 403", head, bare(403), "access-denied", none, false],
  [
    "head: 403 of MinIO",
    head,
    bare(403, { "x-minio-error-code": "InvalidAccessKeyId" }),
    "invalid-credentials",
    none,
    false,
  ],
  ["head: 400, other region", head, bare(400, region), "wrong-region", none, false],
  [
    "head: 400, own region",
    head,
    bare(400, { "x-amz-bucket-region": "us-east-1" }),
    "unexpected",
    none,
    false,
  ],
  ["head: 301, other region", head, bare(301, region), "wrong-region", none, false],

  ["delete: NoSuchBucket", remove, error(404, "NoSuchBucket"), "bucket-not-found", not, false],
  [
    "delete: PreconditionFailed",
    removeMatch,
    error(412, "PreconditionFailed"),
    "precondition-failed",
    not,
    false,
  ],
  [
    "delete: If-Match, missing",
    removeMatch,
    error(404, "NoSuchKey"),
    "precondition-failed",
    not,
    false,
  ],
  [
    "deleteMany: NoSuchBucket",
    removeMany,
    error(404, "NoSuchBucket"),
    "bucket-not-found",
    not,
    false,
  ],
  ["list: NoSuchBucket", list, error(404, "NoSuchBucket"), "bucket-not-found", none, false],
  ["list: 404 of a page", list, [plain(404, "<html>"), bucketThere], "unexpected", none, false],

  ["create: AccessDenied", create, error(403, "AccessDenied"), "access-denied", not, false],
  [
    "part: NoSuchUpload",
    sendPart,
    [error(404, "NoSuchUpload"), bucketThere],
    "upload-not-found",
    not,
    false,
  ],
  [
    "part: NoSuchUpload, no bucket",
    sendPart,
    [error(404, "NoSuchUpload"), bare(404)],
    "bucket-not-found",
    not,
    false,
  ],
  [
    "complete: NoSuchUpload",
    complete,
    [error(404, "NoSuchUpload"), bucketThere],
    "upload-not-found",
    not,
    false,
  ],
  ["complete: EntityTooSmall", complete, error(400, "EntityTooSmall"), "invalid-part", not, false],
  ["complete: InvalidPart", complete, error(400, "InvalidPart"), "invalid-part", not, false],
  [
    "complete: InvalidPartOrder",
    complete,
    error(400, "InvalidPartOrder"),
    "invalid-part",
    not,
    false,
  ],
  ["complete: MalformedXML", complete, error(400, "MalformedXML"), "invalid-part", not, false],
  [
    "complete: taken",
    completeAbsent,
    error(412, "PreconditionFailed"),
    "already-exists",
    not,
    false,
  ],
  [
    "complete: 409",
    completeAbsent,
    error(409, "ConditionalRequestConflict"),
    "conflict",
    not,
    true,
  ],
  [
    "complete: If-Match, missing",
    completeMatch,
    error(404, "NoSuchKey"),
    "precondition-failed",
    not,
    false,
  ],
  [
    "parts: NoSuchUpload",
    parts,
    [error(404, "NoSuchUpload"), bucketThere],
    "upload-not-found",
    none,
    false,
  ],
];

describe.each(STORES)("%s tells what a server answers", (kind, open) => {
  test.each(ROWS)("%s", async (_, act, answer, code, outcome, retryable) => {
    await using server = await scriptedServer(answer);
    await using store = open(server.url);
    const failure = await failureOf(act(store));
    expect(failure).toMatchObject({
      name: "StowageError",
      code,
      outcome,
      retryable,
      store: kind,
      bucket: "bucket",
    });
  });

  test("an error tells key, operation, the server's code, status and request id", async () => {
    await using server = await scriptedServer(error(403, "AccessDenied", "not for you"));
    await using store = open(server.url);
    expect(await failureOf(put(store))).toMatchObject({
      message: `Cannot put object "folder/name": ${server.url} answers 403 AccessDenied (not for you)`,
      operation: "put",
      key: KEY,
      providerCode: "AccessDenied",
      status: 403,
      requestId: "REQUEST-1",
    });
  });

  test.each([
    ["seconds", "7", 7_000],
    ["a date that has passed", "Wed, 21 Oct 2015 07:28:00 GMT", 0],
    ["nothing that is known", "soon", undefined],
  ])("Retry-After in %s", async (_, header, retryAfterMs) => {
    const busy = xml(503, "<Error><Code>SlowDown</Code></Error>", { "retry-after": header });
    await using server = await scriptedServer(busy);
    await using store = open(server.url);
    expect(await failureOf(put(store))).toMatchObject({ code: "throttled", retryAfterMs });
  });

  test("a request is sent once, whatever comes back", async () => {
    await using server = await scriptedServer(error(503, "SlowDown"));
    await using store = open(server.url);
    await failureOf(put(store));
    expect(server.received).toHaveLength(1);
  });

  test("the region of the bucket is told where the server tells it", async () => {
    await using server = await scriptedServer(malformed);
    await using store = open(server.url);
    expect(await failureOf(put(store))).toMatchObject({
      message:
        'Cannot put object "folder/name": bucket "bucket" is in region "eu-central-1"; set region to that',
      remedy: "Set region to eu-central-1.",
    });
  });

  test("encryption without a key is told with its remedy", async () => {
    const answer = error(
      501,
      "NotImplemented",
      "Server side encryption specified but KMS is not configured",
    );
    await using server = await scriptedServer(answer);
    await using store = open(server.url);
    const encryption = { algorithm: "AES256" } as const;
    expect(await failureOf(store.put(KEY, BYTES, { encryption }))).toMatchObject({
      code: "unsupported",
      remedy:
        "Give the server a key (MinIO: MINIO_KMS_SECRET_KEY), or set STOWAGE_ENCRYPTION=none.",
    });
  });

  test.each([
    ["aborts an unknown upload", error(404, "NoSuchUpload")],
    ["aborts one again", plain(204, "")],
  ])("%s without an error", async (_, answer) => {
    await using server = await scriptedServer([answer, bucketThere]);
    await using store = open(server.url);
    await expect(store.abortUpload(upload)).resolves.toBeUndefined();
  });

  test("a delete of what is not there is no error, whatever the server calls it", async () => {
    await using server = await scriptedServer(error(404, "NoSuchKey"));
    await using store = open(server.url);
    await expect(store.delete(KEY)).resolves.toBeUndefined();
  });
});
