import type { ObjectPage, PartPage, UploadPage } from "../s3-protocol/wire.js";
import { childrenOf, childText, type XmlElement } from "../s3-protocol/xml.js";

/** What a `ListBucketResult` tells. */
export function objectPage(list: XmlElement): ObjectPage {
  return {
    isTruncated: flag(list, "IsTruncated"),
    token: childText(list, "NextContinuationToken"),
    encoded: childText(list, "EncodingType") === "url",
    objects: childrenOf(list, "Contents").map((object) => ({
      key: childText(object, "Key"),
      size: number(object, "Size"),
      etag: childText(object, "ETag"),
      lastModified: time(object, "LastModified"),
    })),
    prefixes: childrenOf(list, "CommonPrefixes").map((prefix) => childText(prefix, "Prefix")),
  };
}

/** What a `ListPartsResult` tells. */
export function partPage(list: XmlElement): PartPage {
  return {
    isTruncated: flag(list, "IsTruncated"),
    next: childText(list, "NextPartNumberMarker"),
    parts: childrenOf(list, "Part").map((part) => ({
      partNumber: number(part, "PartNumber"),
      size: number(part, "Size"),
      etag: childText(part, "ETag"),
      crc32: childText(part, "ChecksumCRC32"),
    })),
  };
}

/** What a `ListMultipartUploadsResult` tells. */
export function uploadPage(list: XmlElement): UploadPage {
  return {
    isTruncated: flag(list, "IsTruncated"),
    next: {
      key: childText(list, "NextKeyMarker"),
      uploadId: childText(list, "NextUploadIdMarker"),
    },
    encoded: childText(list, "EncodingType") === "url",
    uploads: childrenOf(list, "Upload").map((upload) => ({
      key: childText(upload, "Key"),
      uploadId: childText(upload, "UploadId"),
      startedAt: time(upload, "Initiated"),
    })),
  };
}

function flag(element: XmlElement, name: string): boolean | undefined {
  const text = childText(element, name);
  return text === "true" || text === "false" ? text === "true" : undefined;
}

function number(element: XmlElement, name: string): number | undefined {
  const text = childText(element, name);
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

function time(element: XmlElement, name: string): Date | undefined {
  const text = childText(element, name);
  return text === undefined ? undefined : new Date(text);
}
