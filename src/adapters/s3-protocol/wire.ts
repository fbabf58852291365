import type { Readable } from "node:stream";
import type { PartBody } from "../../ports/multipart-store.js";
import type { Encryption } from "../../ports/object-store.js";
import type { Failure } from "./failure.js";

/**
 * The requests of S3, each sent once, in no SDK's terms: what the two stores have in common stands
 * above it, and how a request is made and signed below.
 *
 * An answer holds what the server said and no more: whether that is enough is decided above. ETags
 * go both ways as headers carry them, in quotes.
 */
export interface Wire {
  putObject(request: PutRequest): Promise<Written>;
  getObject(request: GetRequest): Promise<FoundObject & { readonly body: Readable }>;
  headObject(request: KeyRequest): Promise<FoundObject>;
  deleteObject(request: KeyRequest & Conditions): Promise<void>;
  deleteObjects(request: DeletesRequest): Promise<readonly Deleted[]>;
  copyObject(request: CopyRequest): Promise<Written>;
  listObjects(request: ListRequest): Promise<ObjectPage>;
  headBucket(request: Sending): Promise<void>;

  createUpload(request: CreateRequest): Promise<CreatedUpload>;
  uploadPart(request: PartRequest): Promise<WrittenPart>;
  copyPart(request: CopyPartRequest): Promise<WrittenPart>;
  completeUpload(request: CompleteRequest): Promise<Completed>;
  abortUpload(request: UploadRequest): Promise<void>;
  listParts(request: UploadRequest & { readonly after?: string | undefined }): Promise<PartPage>;
  listUploads(request: ListUploadsRequest): Promise<UploadPage>;

  /** What an error of any of these means. */
  failureOf(error: unknown): Failure;
}

export interface Sending {
  readonly signal?: AbortSignal | undefined;
}

export interface KeyRequest extends Sending {
  readonly key: string;
}

export interface Conditions {
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: "*" | undefined;
}

export interface Attributes {
  readonly contentType: string;
  /** Names without `x-amz-meta-`, values as headers carry them. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly encryption?: Encryption | undefined;
}

export interface PutRequest extends KeyRequest, Conditions, Attributes {
  readonly bytes: Uint8Array;
  readonly crc32?: string | undefined;
  readonly md5?: string | undefined;
}

export interface GetRequest extends KeyRequest {
  readonly ifMatch?: string | undefined;
  /** As in the header `Range`. */
  readonly range?: string | undefined;
}

export interface Written {
  readonly etag?: string | undefined;
  readonly encryption?: string | undefined;
}

export interface FoundObject {
  /** Bytes of the body, which are those of the range where one was asked for. */
  readonly length?: number | undefined;
  readonly contentRange?: string | undefined;
  readonly etag?: string | undefined;
  readonly lastModified?: Date | undefined;
  readonly contentType?: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  readonly crc32?: string | undefined;
  readonly crc64nvme?: string | undefined;
  readonly encryption?: string | undefined;
}

export interface DeletesRequest extends Sending {
  readonly keys: readonly string[];
}

/** What became of one key: `code` where it was not deleted. */
export interface Deleted {
  readonly key?: string | undefined;
  readonly code?: string | undefined;
  readonly text?: string | undefined;
}

export interface CopyRequest extends KeyRequest, Conditions {
  readonly source: string;
  readonly sourceEtag: string;
  readonly encryption?: Encryption | undefined;
}

export interface ListRequest extends Sending {
  readonly prefix: string;
  readonly delimiter?: string | undefined;
  readonly startAfter?: string | undefined;
  readonly token?: string | undefined;
  readonly pageSize: number;
  readonly encoded: boolean;
}

export interface ListedObject {
  readonly key?: string | undefined;
  readonly size?: number | undefined;
  readonly etag?: string | undefined;
  readonly lastModified?: Date | undefined;
}

export interface ObjectPage {
  /** Missing when the answer was no list. */
  readonly isTruncated?: boolean | undefined;
  readonly token?: string | undefined;
  /** Whether keys and prefixes are percent-encoded. */
  readonly encoded: boolean;
  readonly objects: readonly ListedObject[];
  readonly prefixes: readonly (string | undefined)[];
}

export interface CreateRequest extends KeyRequest, Attributes {
  /** Whether each part and the whole will come with their CRC-32. */
  readonly checksummed: boolean;
}

export interface CreatedUpload {
  readonly uploadId?: string | undefined;
  readonly encryption?: string | undefined;
}

export interface UploadRequest extends KeyRequest {
  readonly uploadId: string;
}

export interface PartRequest extends UploadRequest {
  readonly partNumber: number;
  readonly body: PartBody;
  readonly crc32?: string | undefined;
  readonly md5?: string | undefined;
}

export interface CopyPartRequest extends UploadRequest {
  readonly partNumber: number;
  readonly source: string;
  readonly sourceEtag: string;
  /** As in the header `Range`. */
  readonly range: string;
}

export interface WrittenPart {
  readonly etag?: string | undefined;
  readonly crc32?: string | undefined;
}

export interface CompleteRequest extends UploadRequest, Conditions {
  readonly parts: readonly {
    readonly partNumber: number;
    readonly etag: string;
    readonly crc32?: string | undefined;
  }[];
  /** Of the whole object. */
  readonly crc32?: string | undefined;
}

export interface Completed {
  /** Empty with Ceph RGW. */
  readonly etag?: string | undefined;
  readonly key?: string | undefined;
}

export interface ListedPart extends WrittenPart {
  readonly partNumber?: number | undefined;
  readonly size?: number | undefined;
}

export interface PartPage {
  readonly isTruncated?: boolean | undefined;
  readonly next?: string | undefined;
  readonly parts: readonly ListedPart[];
}

export interface ListUploadsRequest extends Sending {
  readonly prefix: string;
  readonly encoded: boolean;
  /** Where the page before ended. */
  readonly after?: UploadMarker | undefined;
}

export interface UploadMarker {
  readonly key?: string | undefined;
  readonly uploadId?: string | undefined;
}

export interface UploadPage {
  readonly isTruncated?: boolean | undefined;
  readonly next: UploadMarker;
  readonly encoded: boolean;
  readonly uploads: readonly {
    readonly key?: string | undefined;
    readonly uploadId?: string | undefined;
    readonly startedAt?: Date | undefined;
  }[];
}
