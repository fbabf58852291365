import type { IncomingHttpHeaders } from "node:http";
import {
  type Answer,
  document,
  ENCRYPTION,
  element,
  elements,
  empty,
  Refusal,
  refusalAnswer,
  textsOf,
} from "./answers.js";
import type { Bucket, KeptObject, NamedPart } from "./bucket.js";
import { verifyBytes } from "./bucket.js";
import { listObjects, listParts, listUploads } from "./lists.js";

/** The requests of S3 that the server knows. */
export type RequestKind =
  | "put"
  | "get"
  | "head"
  | "delete"
  | "deleteMany"
  | "copy"
  | "list"
  | "headBucket"
  | "create"
  | "part"
  | "complete"
  | "abort"
  | "listParts"
  | "listUploads";

export interface S3Request {
  readonly kind: RequestKind;
  readonly bucket: string;
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
}

/** Where servers of S3 differ, in what is sent to them here. */
export interface Likeness {
  readonly bucket: string;
  readonly minPartBytes: number;
  /** Entries of a page of a list, at most. */
  readonly pageSize: number;
  /** Whether the answer to a new upload tells its encryption: MinIO's does not. */
  readonly confirmsUploads: boolean;
}

/** Reads a path-style request. */
export function readRequest(
  method: string,
  url: string,
  headers: IncomingHttpHeaders,
  bytes: Buffer,
): S3Request {
  const [path = "", search = ""] = url.split("?", 2);
  const [, bucket = "", ...segments] = path.split("/").map(decodeURIComponent);
  const key = segments.join("/");
  const query = new URLSearchParams(search);
  return { kind: kindOf(method, key, query, headers), bucket, key, query, headers, bytes };
}

function kindOf(
  method: string,
  key: string,
  query: URLSearchParams,
  headers: IncomingHttpHeaders,
): RequestKind {
  const inUpload = query.has("uploadId");
  if (key === "") {
    if (method === "HEAD") return "headBucket";
    if (method === "POST" && query.has("delete")) return "deleteMany";
    if (method === "GET") return query.has("uploads") ? "listUploads" : "list";
  }
  if (method === "HEAD") return "head";
  if (method === "GET") return inUpload ? "listParts" : "get";
  if (method === "POST") return query.has("uploads") ? "create" : "complete";
  if (method === "DELETE") return inUpload ? "abort" : "delete";
  if (inUpload) return "part";
  return headers["x-amz-copy-source"] === undefined ? "put" : "copy";
}

/** Carries a request out, and gives the answer of Amazon S3. */
export function carryOut(bucket: Bucket, request: S3Request, likeness: Likeness): Answer {
  try {
    if (request.headers.authorization === undefined) throw new Refusal(403, "AccessDenied");
    if (request.bucket !== likeness.bucket) throw new Refusal(404, "NoSuchBucket");
    return ROUTES[request.kind](bucket, request, likeness);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { status, code, message } = error;
    const bodiless = request.kind === "head" || request.kind === "headBucket";
    return bodiless ? empty(status) : refusalAnswer(status, code, message);
  }
}

type Route = (bucket: Bucket, request: S3Request, likeness: Likeness) => Answer;

const ROUTES: Readonly<Record<RequestKind, Route>> = {
  headBucket: () => empty(200),
  put: (bucket, { key, bytes, headers }) => {
    const object = bucket.put(key, bytes, headers);
    return empty(200, { etag: object.etag, ...encrypted(object), ...checksum(object) });
  },
  get: (bucket, { key, headers }) => {
    const object = bucket.object(key);
    const match = headers["if-match"];
    if (match !== undefined && match !== object.etag) throw new Refusal(412, "PreconditionFailed");
    return { ...ranged(object, headers), body: rangeOf(object, headers).bytes };
  },
  head: (bucket, { key, headers }) => {
    const object = bucket.object(key);
    return { ...ranged(object, headers), body: Buffer.alloc(0) };
  },
  delete: (bucket, { key, headers }) => {
    bucket.remove(key, headers);
    return empty(204);
  },
  deleteMany: (bucket, { bytes, headers }) => {
    verifyBytes(bytes, headers);
    const keys = textsOf(bytes.toString(), "Key");
    for (const key of keys) bucket.remove(key, {});
    return document(
      element(
        "DeleteResult",
        keys.map((key) => element("Deleted", [element("Key", key)])),
      ),
    );
  },
  copy: (bucket, { key, headers, bucket: name }) => {
    const source = decodeURIComponent(String(headers["x-amz-copy-source"]));
    const object = bucket.copy(source.slice(name.length + 1), key, headers);
    const LastModified = object.lastModified.toISOString();
    const result = element("CopyObjectResult", elements({ LastModified, ETag: object.etag }));
    return document(result, 200, encrypted(object));
  },
  list: (bucket, { query }, { bucket: name, pageSize }) =>
    document(listObjects([...bucket.objects.values()], query, name, pageSize)),
  create: (bucket, { key, headers }, { bucket: Bucket, confirmsUploads }) => {
    const upload = bucket.begin(key, headers);
    const result = element(
      "InitiateMultipartUploadResult",
      elements({ Bucket, Key: key, UploadId: upload.id }),
    );
    return document(result, 200, confirmsUploads ? encrypted(upload) : {});
  },
  part: (bucket, { key, query, bytes, headers }) => {
    const number = Number(query.get("partNumber"));
    const part = bucket.putPart(key, uploadId(query), number, bytes, headers);
    return empty(200, { etag: part.etag, ...checksum(part) });
  },
  complete: (bucket, { key, query, bytes, headers }, { bucket: Bucket }) => {
    const named = textsOf(bytes.toString(), "Part").map(
      (part): NamedPart => ({
        number: Number(textsOf(part, "PartNumber")[0]),
        etag: textsOf(part, "ETag")[0] ?? "",
        crc32: textsOf(part, "ChecksumCRC32")[0],
      }),
    );
    const object = bucket.complete(key, uploadId(query), named, headers);
    const result = element(
      "CompleteMultipartUploadResult",
      elements({
        Location: `/${Bucket}/${key}`,
        Bucket,
        Key: key,
        ETag: object.etag,
        ChecksumCRC32: object.crc32,
      }),
    );
    return document(result, 200, encrypted(object));
  },
  abort: (bucket, { key, query }) => {
    bucket.abort(key, uploadId(query));
    return empty(204);
  },
  listParts: (bucket, { key, query }, { bucket: name, pageSize }) =>
    document(listParts(bucket.upload(key, uploadId(query)), query, name, pageSize)),
  listUploads: (bucket, { query }, { bucket: name, pageSize }) =>
    document(listUploads([...bucket.uploads.values()], query, name, pageSize)),
};

function uploadId(query: URLSearchParams): string {
  return query.get("uploadId") ?? "";
}

function encrypted({ attributes }: Pick<KeptObject, "attributes">): Answer["headers"] {
  const { encryption } = attributes;
  return encryption === undefined ? {} : { [ENCRYPTION]: encryption };
}

function checksum({ crc32 }: { readonly crc32?: string | undefined }): Answer["headers"] {
  return crc32 === undefined
    ? {}
    : { "x-amz-checksum-crc32": crc32, "x-amz-checksum-type": "FULL_OBJECT" };
}

/** Status and headers of an object, or of the range of it that is asked for. */
function ranged(object: KeptObject, headers: IncomingHttpHeaders): Omit<Answer, "body"> {
  const { bytes, start } = rangeOf(object, headers);
  const size = object.bytes.length;
  const whole = headers.range === undefined;
  const told = {
    "accept-ranges": "bytes",
    "content-length": String(bytes.length),
    "content-type": object.attributes.contentType,
    etag: object.etag,
    "last-modified": object.lastModified.toUTCString(),
    ...object.attributes.metadata,
    ...encrypted(object),
    ...(whole && headers["x-amz-checksum-mode"] === "ENABLED" ? checksum(object) : {}),
  };
  if (whole) return { status: 200, headers: told };
  const range = `bytes ${start}-${start + bytes.length - 1}/${size}`;
  return { status: 206, headers: { ...told, "content-range": range } };
}

function rangeOf(
  object: KeptObject,
  headers: IncomingHttpHeaders,
): { readonly start: number; readonly bytes: Buffer } {
  const size = object.bytes.length;
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(headers.range ?? "") ?? [];
  if (first === undefined) return { start: 0, bytes: object.bytes };
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size : Math.min(size, Number(last) + 1);
  if (start >= size || (first === "" && Number(last) === 0)) throw new Refusal(416, "InvalidRange");
  return { start, bytes: object.bytes.subarray(start, end) };
}
