import { Readable } from "node:stream";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import type { Encryption } from "../../ports/object-store.js";
import type { Slice } from "../../ports/slice.js";
import { errorFields, type Failure } from "../s3-protocol/failure.js";
import { copySource } from "../s3-protocol/headers.js";
import { type SignsPayload, UNSIGNED_PAYLOAD } from "../s3-protocol/payloads.js";
import type { Heeding } from "../s3-protocol/renewal.js";
import { hashOf, sendSlice } from "../s3-protocol/slices.js";
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
import { failureOf } from "./errors.js";
import { type HttpRequest, type Prepare, type Send, sendOf } from "./send.js";

/** The requests of S3, made by the AWS SDK. */
export class SdkWire implements Wire {
  readonly #bucket: string;
  readonly #signs: SignsPayload;
  readonly #signed = new WeakMap<object, { correctedMs: number; generation: number }>();
  readonly #renewal: Heeding | undefined;
  readonly #send: Send;
  #region: string | undefined;

  constructor(client: S3Client, bucket: string, signs: SignsPayload, renewal?: Heeding) {
    this.#bucket = bucket;
    this.#signs = signs;
    this.#renewal = renewal;
    this.#send = this.#watched(client);
  }

  /**
   * Remembers of each error what its request was signed with. The SDK corrects the time by the
   * answer, also by that to another request that was on its way at the same time.
   */
  #watched(client: S3Client): Send {
    const send = sendOf(client);
    return async (command, sending) => {
      this.#region ??= await client.config.region();
      const correctedMs = client.config.systemClockOffset;
      const generation = this.#renewal?.generation ?? 0;
      try {
        return await send(command, sending);
      } catch (error) {
        if (error instanceof Error) this.#signed.set(error, { correctedMs, generation });
        throw error;
      }
    };
  }

  failureOf(error: unknown): Failure {
    const known = error instanceof Error ? this.#signed.get(error) : undefined;
    const failure = failureOf(error, this.#region, known?.correctedMs);
    if (failure.kind !== "answer" || this.#renewal === undefined || known === undefined) {
      return failure;
    }
    return this.#renewal.heed(failure, known.generation);
  }

  async putObject(request: PutRequest): Promise<Written> {
    const { key, bytes, crc32, md5, signal } = request;
    const command = new PutObjectCommand({
      ...this.#at(key),
      ...attributes(request),
      ...conditions(request),
      Body: bytes,
      ContentLength: bytes.length,
      ChecksumCRC32: crc32,
      ContentMD5: md5,
    });
    const prepare = this.#payload(crc32);
    const answer = await this.#send(command, { signal, prepare });
    return { etag: answer.ETag, encryption: answer.ServerSideEncryption };
  }

  async getObject({
    key,
    range,
    ifMatch,
    signal,
  }: GetRequest): Promise<FoundObject & { readonly body: Readable }> {
    const command = new GetObjectCommand({ ...this.#at(key), Range: range, IfMatch: ifMatch });
    // By `ChecksumMode` the SDK would put a stream between that leaves the socket open when it is
    // left early. The header alone has the server tell the checksum.
    const prepare = ({ headers }: HttpRequest): void => {
      headers["x-amz-checksum-mode"] = "ENABLED";
    };
    const answer = await this.#send(command, { signal, prepare }).catch((error: unknown) => {
      letGo(error);
      throw error;
    });
    const { Body } = answer;
    if (!(Body instanceof Readable)) throw new Error("The SDK gives a body that is no stream");
    return { ...found(answer), contentRange: answer.ContentRange, body: Body };
  }

  async headObject({ key, signal }: KeyRequest): Promise<FoundObject> {
    const command = new HeadObjectCommand({ ...this.#at(key), ChecksumMode: "ENABLED" });
    return found(await this.#send(command, { signal }));
  }

  async deleteObject({ key, ifMatch, signal }: KeyRequest & Conditions): Promise<void> {
    const command = new DeleteObjectCommand({ ...this.#at(key), IfMatch: ifMatch });
    await this.#send(command, { signal });
  }

  async deleteObjects({ keys, signal }: DeletesRequest): Promise<readonly Deleted[]> {
    const command = new DeleteObjectsCommand({
      Bucket: this.#bucket,
      Delete: { Objects: keys.map((key) => ({ Key: key })), Quiet: false },
    });
    const { Deleted = [], Errors = [] } = await this.#send(command, { signal });
    return [
      ...Deleted.map(({ Key }) => ({ key: Key })),
      ...Errors.map(({ Key, Code, Message }) => ({ key: Key, code: Code ?? "", text: Message })),
    ];
  }

  async copyObject(request: CopyRequest): Promise<Written> {
    const { key, source, sourceEtag, encryption, signal } = request;
    const command = new CopyObjectCommand({
      ...this.#at(key),
      ...conditions(request),
      ...encrypted(encryption),
      CopySource: copySource(this.#bucket, source),
      CopySourceIfMatch: sourceEtag,
      MetadataDirective: "COPY",
    });
    const answer = await this.#send(command, { signal });
    return { etag: answer.CopyObjectResult?.ETag, encryption: answer.ServerSideEncryption };
  }

  async listObjects(request: ListRequest): Promise<ObjectPage> {
    const { prefix, delimiter, startAfter, token, pageSize, encoded, signal } = request;
    const command = new ListObjectsV2Command({
      Bucket: this.#bucket,
      Prefix: prefix,
      Delimiter: delimiter,
      StartAfter: startAfter,
      ContinuationToken: token,
      MaxKeys: pageSize,
      EncodingType: encoded ? "url" : undefined,
    });
    const answer = await this.#send(command, { signal });
    const { Contents = [], CommonPrefixes = [] } = answer;
    return {
      isTruncated: answer.IsTruncated,
      token: answer.NextContinuationToken,
      encoded: answer.EncodingType === "url",
      objects: Contents.map(({ Key, Size, ETag, LastModified }) => ({
        key: Key,
        size: Size,
        etag: ETag,
        lastModified: LastModified,
      })),
      prefixes: CommonPrefixes.map(({ Prefix }) => Prefix),
    };
  }

  async headBucket({ signal }: Sending): Promise<void> {
    const command = new HeadBucketCommand({ Bucket: this.#bucket });
    await this.#send(command, { signal });
  }

  async createUpload(request: CreateRequest): Promise<CreatedUpload> {
    const { key, checksummed, signal } = request;
    const command = new CreateMultipartUploadCommand({
      ...this.#at(key),
      ...attributes(request),
      ChecksumAlgorithm: checksummed ? "CRC32" : undefined,
      ChecksumType: checksummed ? "FULL_OBJECT" : undefined,
    });
    const answer = await this.#send(command, { signal });
    return { uploadId: answer.UploadId, encryption: answer.ServerSideEncryption };
  }

  async uploadPart(request: PartRequest): Promise<WrittenPart> {
    const { body, crc32, signal } = request;
    if ("open" in body) return this.#uploadSlice(request, body);
    const command = this.#uploadOf(request, body.length, { Body: body });
    const prepare = this.#payload(crc32);
    const answer = await this.#send(command, { signal, prepare });
    return { etag: answer.ETag, crc32: answer.ChecksumCRC32 };
  }

  async #uploadSlice(request: PartRequest, slice: Slice): Promise<WrittenPart> {
    const { crc32, signal } = request;
    const prepare = this.#payload(crc32, () => hashOf(slice, "sha256", "hex", signal));
    return sendSlice(slice, signal, async (stream, either) => {
      const command = this.#uploadOf(request, slice.size, {});
      const answer = await this.#send(command, { signal: either, prepare, stream });
      return { etag: answer.ETag, crc32: answer.ChecksumCRC32 };
    });
  }

  #uploadOf(request: PartRequest, size: number, body: { Body?: Uint8Array }): UploadPartCommand {
    return new UploadPartCommand({
      ...this.#upload(request),
      ...body,
      PartNumber: request.partNumber,
      ContentLength: size,
      ChecksumCRC32: request.crc32,
      ContentMD5: request.md5,
    });
  }

  async copyPart(request: CopyPartRequest): Promise<WrittenPart> {
    const { partNumber, source, sourceEtag, range, signal } = request;
    const command = new UploadPartCopyCommand({
      ...this.#upload(request),
      PartNumber: partNumber,
      CopySource: copySource(this.#bucket, source),
      CopySourceIfMatch: sourceEtag,
      CopySourceRange: range,
    });
    const { CopyPartResult } = await this.#send(command, { signal });
    return { etag: CopyPartResult?.ETag, crc32: CopyPartResult?.ChecksumCRC32 };
  }

  async completeUpload(request: CompleteRequest): Promise<Completed> {
    const { parts, crc32, signal } = request;
    const command = new CompleteMultipartUploadCommand({
      ...this.#upload(request),
      ...conditions(request),
      MultipartUpload: {
        Parts: parts.map((part) => ({
          PartNumber: part.partNumber,
          ETag: part.etag,
          ChecksumCRC32: part.crc32,
        })),
      },
      ChecksumCRC32: crc32,
      ChecksumType: crc32 === undefined ? undefined : "FULL_OBJECT",
    });
    const answer = await this.#send(command, { signal });
    return { etag: answer.ETag, key: answer.Key };
  }

  async abortUpload(request: UploadRequest): Promise<void> {
    const command = new AbortMultipartUploadCommand(this.#upload(request));
    await this.#send(command, request);
  }

  async listParts(
    request: UploadRequest & { readonly after?: string | undefined },
  ): Promise<PartPage> {
    const { after, signal } = request;
    const command = new ListPartsCommand({ ...this.#upload(request), PartNumberMarker: after });
    const answer = await this.#send(command, { signal });
    const { IsTruncated, NextPartNumberMarker, Parts = [] } = answer;
    return {
      isTruncated: IsTruncated,
      next: NextPartNumberMarker,
      parts: Parts.map(({ PartNumber, Size, ETag, ChecksumCRC32 }) => ({
        partNumber: PartNumber,
        size: Size,
        etag: ETag,
        crc32: ChecksumCRC32,
      })),
    };
  }

  async listUploads({ prefix, encoded, after, signal }: ListUploadsRequest): Promise<UploadPage> {
    const command = new ListMultipartUploadsCommand({
      Bucket: this.#bucket,
      Prefix: prefix,
      EncodingType: encoded ? "url" : undefined,
      KeyMarker: after?.key,
      UploadIdMarker: after?.uploadId,
    });
    const answer = await this.#send(command, { signal });
    const { Uploads = [] } = answer;
    return {
      isTruncated: answer.IsTruncated,
      next: { key: answer.NextKeyMarker, uploadId: answer.NextUploadIdMarker },
      encoded: answer.EncodingType === "url",
      uploads: Uploads.map(({ Key, UploadId, Initiated }) => ({
        key: Key,
        uploadId: UploadId,
        startedAt: Initiated,
      })),
    };
  }

  /**
   * The SDK hashes the bytes that it signs, in one native pass, unless the header is there.
   *
   * @param hash gives the SHA-256 of a stream, which the SDK does not hash.
   */
  #payload(crc32: string | undefined, hash?: () => Promise<string>): Prepare {
    return async ({ protocol, headers }) => {
      if (!this.#signs(protocol === "https:", crc32)) {
        headers["x-amz-content-sha256"] = UNSIGNED_PAYLOAD;
      } else if (hash !== undefined) headers["x-amz-content-sha256"] = await hash();
    };
  }

  #at(key: string) {
    return { Bucket: this.#bucket, Key: key };
  }

  #upload({ key, uploadId }: UploadRequest) {
    return { ...this.#at(key), UploadId: uploadId };
  }
}

/** An answer that the SDK cannot read is thrown with its body unread, and its socket held. */
function letGo(error: unknown): void {
  const { body } = errorFields(errorFields(error)["$response"]);
  if (body instanceof Readable) body.destroy();
}

function attributes({ contentType, metadata, encryption }: Attributes) {
  return { ContentType: contentType, Metadata: metadata, ...encrypted(encryption) };
}

function encrypted(encryption: Encryption | undefined) {
  return {
    ServerSideEncryption: encryption?.algorithm,
    SSEKMSKeyId: encryption?.algorithm === "aws:kms" ? encryption.keyId : undefined,
  };
}

function conditions({ ifMatch, ifNoneMatch }: Conditions) {
  return { IfMatch: ifMatch, IfNoneMatch: ifNoneMatch };
}

function found(answer: HeadObjectCommandOutput): FoundObject {
  return {
    length: answer.ContentLength,
    etag: answer.ETag,
    lastModified: answer.LastModified,
    contentType: answer.ContentType,
    metadata: answer.Metadata ?? {},
    crc32: answer.ChecksumCRC32,
    crc64nvme: answer.ChecksumCRC64NVME,
    encryption: answer.ServerSideEncryption,
  };
}
