import type { IncomingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";
import { crc32 } from "node:zlib";
import { crc32Checksum } from "../../domain/checksum.js";
import type { Encryption } from "../../ports/object-store.js";
import type { Failure } from "../s3-protocol/failure.js";
import { copySource } from "../s3-protocol/headers.js";
import type { SignsPayload } from "../s3-protocol/payloads.js";
import type {
  Attributes,
  Completed,
  CompleteRequest,
  Conditions,
  CopyPartRequest,
  CopyRequest,
  CreatedUpload,
  CreateRequest,
  Deleted,
  DeletesRequest,
  FoundObject,
  GetRequest,
  KeyRequest,
  ListRequest,
  ListUploadsRequest,
  ObjectPage,
  PartPage,
  PartRequest,
  PutRequest,
  Sending,
  UploadPage,
  UploadRequest,
  Wire,
  Written,
  WrittenPart,
} from "../s3-protocol/wire.js";
import { childrenOf, childText, xml } from "../s3-protocol/xml.js";
import { objectPage, partPage, uploadPage } from "./answers.js";
import { failureOf } from "./errors.js";
import type { Requests } from "./requests.js";

/** The requests of S3, signed and sent by the client of MinIO. */
export class MinioWire implements Wire {
  readonly #requests: Requests;
  readonly #bucket: string;
  readonly #signs: SignsPayload;

  constructor(requests: Requests, bucket: string, signs: SignsPayload) {
    this.#requests = requests;
    this.#bucket = bucket;
    this.#signs = signs;
  }

  failureOf(error: unknown): Failure {
    return failureOf(error);
  }

  async putObject(request: PutRequest): Promise<Written> {
    const { key, bytes, signal } = request;
    const headers = {
      ...attributes(request),
      ...conditions(request),
      ...checksum(request.crc32),
      "content-md5": request.md5,
    };
    const answer = await this.#requests.send({
      method: "PUT",
      key,
      headers,
      body: bytes,
      signed: this.#signs(this.#requests.secure, request.crc32),
      signal,
    });
    return written(answer);
  }

  async getObject({
    key,
    range,
    ifMatch,
    signal,
  }: GetRequest): Promise<FoundObject & { readonly body: Readable }> {
    const headers = { range, "if-match": ifMatch, "x-amz-checksum-mode": "ENABLED" };
    const answer = await this.#requests.sendForBody({ method: "GET", key, headers, signal });
    return { ...found(answer.headers), body: answer };
  }

  async headObject({ key, signal }: KeyRequest): Promise<FoundObject> {
    const headers = { "x-amz-checksum-mode": "ENABLED" };
    return found(await this.#requests.send({ method: "HEAD", key, headers, signal }));
  }

  async deleteObject({ key, ifMatch, signal }: KeyRequest & Conditions): Promise<void> {
    await this.#requests.send({ method: "DELETE", key, headers: { "if-match": ifMatch }, signal });
  }

  async deleteObjects({ keys, signal }: DeletesRequest): Promise<readonly Deleted[]> {
    const body = xml("Delete", [
      ...keys.map((key) => xml("Object", [xml("Key", key)])),
      xml("Quiet", "false"),
    ]);
    const headers = {
      "content-type": "application/xml",
      ...checksum(crc32Checksum(crc32(body)).value),
    };
    const { element } = await this.#requests.sendForXml(
      { method: "POST", query: { delete: "" }, headers, body: Buffer.from(body), signal },
      "DeleteResult",
    );
    return [
      ...childrenOf(element, "Deleted").map((deleted) => ({ key: childText(deleted, "Key") })),
      ...childrenOf(element, "Error").map((error) => ({
        key: childText(error, "Key"),
        code: childText(error, "Code") ?? "",
        text: childText(error, "Message"),
      })),
    ];
  }

  async copyObject(request: CopyRequest): Promise<Written> {
    const { key, source, sourceEtag, encryption, signal } = request;
    const headers = {
      ...conditions(request),
      ...encrypted(encryption),
      ...this.#from(source, sourceEtag),
      "x-amz-metadata-directive": "COPY",
    };
    const { element, headers: told } = await this.#requests.sendForXml(
      { method: "PUT", key, headers, signal },
      "CopyObjectResult",
    );
    return { ...written(told), etag: childText(element, "ETag") };
  }

  async listObjects(request: ListRequest): Promise<ObjectPage> {
    const { prefix, delimiter, startAfter, token, pageSize, encoded, signal } = request;
    const query = {
      "list-type": 2,
      prefix,
      delimiter,
      "start-after": startAfter,
      "continuation-token": token,
      "max-keys": pageSize,
      "encoding-type": encoded ? "url" : undefined,
    };
    const answer = await this.#requests.sendForXml(
      { method: "GET", query, signal },
      "ListBucketResult",
    );
    return objectPage(answer.element);
  }

  async headBucket({ signal }: Sending): Promise<void> {
    await this.#requests.send({ method: "HEAD", signal });
  }

  async createUpload(request: CreateRequest): Promise<CreatedUpload> {
    const { key, checksummed, signal } = request;
    const headers = {
      ...attributes(request),
      "x-amz-checksum-algorithm": checksummed ? "CRC32" : undefined,
      "x-amz-checksum-type": checksummed ? "FULL_OBJECT" : undefined,
    };
    const { element, headers: told } = await this.#requests.sendForXml(
      { method: "POST", key, query: { uploads: "" }, headers, signal },
      "InitiateMultipartUploadResult",
    );
    return { ...written(told), uploadId: childText(element, "UploadId") };
  }

  async uploadPart(request: PartRequest): Promise<WrittenPart> {
    const { key, uploadId, partNumber, body, signal } = request;
    const headers = { ...checksum(request.crc32), "content-md5": request.md5 };
    const query = { partNumber, uploadId };
    const signed = this.#signs(this.#requests.secure, request.crc32);
    const part = { method: "PUT", key, query, headers, signed } as const;
    const answer =
      "open" in body
        ? await this.#requests.sendSlice({ ...part, signal }, body)
        : await this.#requests.send({ ...part, body, signal });
    return { etag: answer.etag, crc32: one(answer["x-amz-checksum-crc32"]) };
  }

  async copyPart(request: CopyPartRequest): Promise<WrittenPart> {
    const { key, uploadId, partNumber, source, sourceEtag, range, signal } = request;
    const headers = { ...this.#from(source, sourceEtag), "x-amz-copy-source-range": range };
    const { element } = await this.#requests.sendForXml(
      { method: "PUT", key, query: { partNumber, uploadId }, headers, signal },
      "CopyPartResult",
    );
    return { etag: childText(element, "ETag"), crc32: childText(element, "ChecksumCRC32") };
  }

  async completeUpload(request: CompleteRequest): Promise<Completed> {
    const { key, uploadId, signal, parts } = request;
    const body = xml(
      "CompleteMultipartUpload",
      parts.map((part) =>
        xml("Part", [
          xml("PartNumber", String(part.partNumber)),
          xml("ETag", part.etag),
          ...(part.crc32 === undefined ? [] : [xml("ChecksumCRC32", part.crc32)]),
        ]),
      ),
    );
    const headers = {
      "content-type": "application/xml",
      ...conditions(request),
      "x-amz-checksum-crc32": request.crc32,
      "x-amz-checksum-type": request.crc32 === undefined ? undefined : "FULL_OBJECT",
    };
    const { element } = await this.#requests.sendForXml(
      { method: "POST", key, query: { uploadId }, headers, body, signal },
      "CompleteMultipartUploadResult",
    );
    return { etag: childText(element, "ETag"), key: childText(element, "Key") };
  }

  async abortUpload({ key, uploadId, signal }: UploadRequest): Promise<void> {
    await this.#requests.send({ method: "DELETE", key, query: { uploadId }, signal });
  }

  async listParts({
    key,
    uploadId,
    after,
    signal,
  }: UploadRequest & { readonly after?: string | undefined }): Promise<PartPage> {
    const query = { uploadId, "part-number-marker": after };
    const answer = await this.#requests.sendForXml(
      { method: "GET", key, query, signal },
      "ListPartsResult",
    );
    return partPage(answer.element);
  }

  async listUploads({ prefix, encoded, after, signal }: ListUploadsRequest): Promise<UploadPage> {
    const query = {
      uploads: "",
      prefix,
      "encoding-type": encoded ? "url" : undefined,
      "key-marker": after?.key,
      "upload-id-marker": after?.uploadId,
    };
    const answer = await this.#requests.sendForXml(
      { method: "GET", query, signal },
      "ListMultipartUploadsResult",
    );
    return uploadPage(answer.element);
  }

  #from(source: string, etag: string) {
    return {
      "x-amz-copy-source": copySource(this.#bucket, source),
      "x-amz-copy-source-if-match": etag,
    };
  }
}

const METADATA = "x-amz-meta-";
const ENCRYPTION = "x-amz-server-side-encryption";

function attributes({ contentType, metadata, encryption }: Attributes) {
  const named = Object.entries(metadata).map(([name, value]) => [METADATA + name, value]);
  return {
    ...Object.fromEntries(named),
    ...encrypted(encryption),
    "content-type": contentType,
  };
}

function encrypted(encryption: Encryption | undefined) {
  return {
    [ENCRYPTION]: encryption?.algorithm,
    [`${ENCRYPTION}-aws-kms-key-id`]:
      encryption?.algorithm === "aws:kms" ? encryption.keyId : undefined,
  };
}

function conditions({ ifMatch, ifNoneMatch }: Conditions) {
  return { "if-match": ifMatch, "if-none-match": ifNoneMatch };
}

function checksum(value: string | undefined) {
  return {
    "x-amz-checksum-crc32": value,
    "x-amz-sdk-checksum-algorithm": value === undefined ? undefined : "CRC32",
  };
}

function written(headers: IncomingHttpHeaders): Written {
  return { etag: headers.etag, encryption: one(headers[ENCRYPTION]) };
}

function found(headers: IncomingHttpHeaders): FoundObject {
  const length = headers["content-length"];
  const lastModified = headers["last-modified"];
  const metadata = Object.entries(headers)
    .filter(([name]) => name.startsWith(METADATA))
    .map(([name, value]) => [name.slice(METADATA.length), one(value) ?? ""]);
  return {
    ...written(headers),
    length: length === undefined ? undefined : Number(length),
    contentRange: headers["content-range"],
    lastModified: lastModified === undefined ? undefined : new Date(lastModified),
    contentType: headers["content-type"],
    metadata: Object.fromEntries(metadata),
    crc32: one(headers["x-amz-checksum-crc32"]),
    crc64nvme: one(headers["x-amz-checksum-crc64nvme"]),
  };
}

function one(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(",") : header;
}
