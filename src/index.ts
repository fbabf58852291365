export type { MinioCredentials, S3Credentials, StowageConfig } from "./app/config/config.js";
export type { Environment } from "./app/config/settings.js";
export { openStowage } from "./app/modules/open-stowage.js";
export type {
  Downloaded,
  DownloadRequest,
  Kind,
  ListRequest,
  ObjectRequest,
  Progress,
  StoredInfo,
  StoredSummary,
  Stowage,
  Uploaded,
  UploadRequest,
} from "./app/stowage.js";
export type { Checksum } from "./domain/checksum.js";
export {
  type ErrorCode,
  type ErrorFacts,
  type Operation,
  type Outcome,
  StowageError,
} from "./domain/errors.js";
export type { Metadata } from "./domain/metadata.js";
export { isObjectKey, type ObjectKey, objectKey } from "./domain/object-key.js";
export type { ByteRange } from "./domain/range.js";
export {
  MULTIPART_PART_BYTES,
  MULTIPART_THRESHOLD_BYTES,
  planUpload,
  S3_LIMITS,
  type StoreLimits,
  type UploadPlan,
  type UploadWishes,
} from "./domain/upload-plan.js";
export type {
  CompleteUploadOptions,
  CreateUploadOptions,
  MultipartStore,
  Part,
  Upload,
  UploadFilter,
  UploadPartOptions,
  UploadSummary,
} from "./ports/multipart-store.js";
export type {
  CallOptions,
  CopyOptions,
  DeleteOptions,
  DeleteResult,
  Encryption,
  GetOptions,
  ListEntry,
  ListOptions,
  ObjectAttributes,
  ObjectInfo,
  ObjectStore,
  ObjectSummary,
  OpenObject,
  PutOptions,
  StoreFacts,
  StoreHonours,
  When,
  WriteResult,
} from "./ports/object-store.js";
export type { UploadSource } from "./ports/source.js";
export type { OpenStore, Store } from "./ports/store.js";
