import { element, elements, type Xml } from "./answers.js";
import type { KeptObject, KeptUpload } from "./bucket.js";

/** `ListObjectsV2`: by the UTF-8 bytes of the keys, and of the prefixes up to the delimiter. */
export function listObjects(
  objects: readonly KeptObject[],
  query: URLSearchParams,
  bucket: string,
  pageSize: number,
): Xml {
  const prefix = query.get("prefix") ?? "";
  const delimiter = query.get("delimiter") ?? "";
  const token = query.get("continuation-token");
  const after = token === null ? (query.get("start-after") ?? "") : fromToken(token);
  const most = Math.min(pageSize, Number(query.get("max-keys") ?? 1_000));
  const encode = encoder(query);

  const entries = new Map<string, KeptObject | undefined>();
  for (const object of objects.toSorted((a, b) => byBytes(a.key, b.key))) {
    if (!object.key.startsWith(prefix)) continue;
    const cut = delimiter === "" ? -1 : object.key.indexOf(delimiter, prefix.length);
    const name = cut < 0 ? object.key : object.key.slice(0, cut + delimiter.length);
    if (byBytes(name, after) > 0) entries.set(name, cut < 0 ? object : undefined);
  }
  const page = [...entries].slice(0, most);
  const isTruncated = entries.size > page.length;
  return element("ListBucketResult", [
    ...elements({
      Name: bucket,
      Prefix: encode(prefix),
      KeyCount: page.length,
      MaxKeys: most,
      IsTruncated: isTruncated,
      EncodingType: query.get("encoding-type") ?? undefined,
      NextContinuationToken: isTruncated ? toToken(page.at(-1)?.[0] ?? "") : undefined,
    }),
    ...page.map(([name, object]) =>
      object === undefined
        ? element("CommonPrefixes", elements({ Prefix: encode(name) }))
        : element(
            "Contents",
            elements({
              Key: encode(name),
              LastModified: object.lastModified.toISOString(),
              ETag: object.etag,
              Size: object.bytes.length,
              StorageClass: "STANDARD",
            }),
          ),
    ),
  ]);
}

export function listParts(
  upload: KeptUpload,
  query: URLSearchParams,
  bucket: string,
  pageSize: number,
): Xml {
  const after = Number(query.get("part-number-marker") ?? 0);
  const parts = [...upload.parts]
    .filter(([number]) => number > after)
    .toSorted(([a], [b]) => a - b);
  const page = parts.slice(0, pageSize);
  return element("ListPartsResult", [
    ...elements({
      Bucket: bucket,
      Key: upload.key,
      UploadId: upload.id,
      NextPartNumberMarker: page.at(-1)?.[0] ?? 0,
      MaxParts: pageSize,
      IsTruncated: parts.length > page.length,
    }),
    ...page.map(([number, part]) =>
      element(
        "Part",
        elements({
          PartNumber: number,
          LastModified: part.lastModified.toISOString(),
          ETag: part.etag,
          Size: part.bytes.length,
          ChecksumCRC32: part.crc32,
        }),
      ),
    ),
  ]);
}

/** `ListMultipartUploads`: by key, and of one key by the time at which they began. */
export function listUploads(
  uploads: readonly KeptUpload[],
  query: URLSearchParams,
  bucket: string,
  pageSize: number,
): Xml {
  const prefix = query.get("prefix") ?? "";
  const afterKey = query.get("key-marker") ?? "";
  const afterId = query.get("upload-id-marker") ?? "";
  const encode = encoder(query);
  const all = uploads
    .filter(({ key }) => key.startsWith(prefix))
    .toSorted((a, b) => byBytes(a.key, b.key) || ordinal(a.id) - ordinal(b.id));
  const found = all.filter(({ key, id }) => {
    const order = byBytes(key, afterKey);
    return order > 0 || (order === 0 && afterId !== "" && ordinal(id) > ordinal(afterId));
  });
  const page = found.slice(0, pageSize);
  const last = page.at(-1);
  return element("ListMultipartUploadsResult", [
    ...elements({
      Bucket: bucket,
      KeyMarker: encode(afterKey),
      UploadIdMarker: afterId,
      NextKeyMarker: last === undefined ? "" : encode(last.key),
      NextUploadIdMarker: last?.id ?? "",
      EncodingType: query.get("encoding-type") ?? undefined,
      MaxUploads: pageSize,
      IsTruncated: found.length > page.length,
    }),
    ...page.map(({ key, id, startedAt }) =>
      element(
        "Upload",
        elements({
          Key: encode(key),
          UploadId: id,
          StorageClass: "STANDARD",
          Initiated: startedAt.toISOString(),
        }),
      ),
    ),
  ]);
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function ordinal(uploadId: string): number {
  return Number(uploadId.slice("upload-".length));
}

/** Opaque, as tokens are. */
function toToken(name: string): string {
  return Buffer.from(name).toString("base64");
}

function fromToken(token: string): string {
  return Buffer.from(token, "base64").toString();
}

/** `encoding-type=url`: as forms are, with `+` for a space, and slashes left as they are. */
function encoder(query: URLSearchParams): (text: string) => string {
  if (query.get("encoding-type") !== "url") return (text) => text;
  return (text) => encodeURIComponent(text).replaceAll("%2F", "/").replaceAll("%20", "+");
}
