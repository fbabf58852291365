export type { MinioCredentials, S3Credentials, StowageConfig } from "./app/config/config.js";
export type { Environment } from "./app/config/settings.js";
export { type Examination, examineStore } from "./app/modules/examine-store.js";
export { openStowage } from "./app/modules/open-stowage.js";
export type { Checkup, Fault } from "./app/probe/checkup.js";
export type { Finding, FindingId, FindingResult, Topic } from "./app/probe/findings.js";
export { type Probed, type ProbedProfile, type ProbeOptions, probe } from "./app/probe/probe.js";
export type { Way } from "./app/probe/ways.js";
export type {
  Downloaded,
  DownloadRequest,
  Kind,
  ListRequest,
  ObjectRequest,
  Progress,
  RemovedUpload,
  RemoveStaleRequest,
  ResumeRequest,
  SignDownloadRequest,
  SignedDownload,
  SignedUpload,
  SignUploadRequest,
  StaleRequest,
  StaleUpload,
  StoredInfo,
  StoredSummary,
  Stowage,
  UnfinishedRequest,
  UnfinishedUpload,
  Uploaded,
  UploadRequest,
} from "./app/stowage.js";
export { type Checksum, type Crc64NvmeChecksum, crc32Checksum } from "./domain/checksum.js";
export { checkContentType } from "./domain/content-type.js";
export {
  type ErrorCode,
  type ErrorFacts,
  type Operation,
  type Outcome,
  StowageError,
} from "./domain/errors.js";
export { checkMetadata, type Metadata } from "./domain/metadata.js";
export { isObjectKey, type ObjectKey, objectKey } from "./domain/object-key.js";
export { type ByteRange, checkRange, resolveRange } from "./domain/range.js";
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
  Journal,
  RecordedPart,
  SessionRecord,
  SessionStart,
  UploadSession,
} from "./ports/journal.js";
export type {
  CompleteUploadOptions,
  CreateUploadOptions,
  MultipartStore,
  Part,
  PartBody,
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
export type { FillNext, Slice } from "./ports/slice.js";
export type { SourceIdentity, UploadSource } from "./ports/source.js";
export type { OpenStore, Store } from "./ports/store.js";
export type {
  SignedForm,
  SignedRequest,
  SignerHonours,
  SignGetOptions,
  SignOptions,
  SignPartOptions,
  SignPostOptions,
  SignPutOptions,
  UrlSigner,
} from "./ports/url-signer.js";
