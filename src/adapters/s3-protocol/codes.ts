import type { ErrorCode } from "../../domain/errors.js";
import type { Call } from "./errors.js";
import type { AnswerFailure } from "./failure.js";

/** Codes of S3 and of servers that speak it, whichever the operation. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  NoSuchBucket: "bucket-not-found",
  NoSuchUpload: "upload-not-found",

  InvalidRange: "range-not-satisfiable",
  EntityTooSmall: "invalid-part",
  InvalidPart: "invalid-part",
  InvalidPartOrder: "invalid-part",
  EntityTooLarge: "too-large",
  MetadataTooLarge: "invalid-metadata",
  KeyTooLongError: "invalid-key",
  InvalidObjectName: "invalid-key",
  XMinioInvalidObjectName: "invalid-key",
  XMinioInvalidResourceName: "invalid-key",

  BadDigest: "checksum-mismatch",
  InvalidDigest: "checksum-mismatch",
  XAmzContentChecksumMismatch: "checksum-mismatch",
  XAmzContentSHA256Mismatch: "checksum-mismatch",

  InvalidAccessKeyId: "invalid-credentials",
  SignatureDoesNotMatch: "invalid-credentials",
  ExpiredToken: "invalid-credentials",
  ExpiredTokenException: "invalid-credentials",
  InvalidToken: "invalid-credentials",
  InvalidSecurity: "invalid-credentials",
  TokenRefreshRequired: "invalid-credentials",
  NotSignedUp: "invalid-credentials",
  AccessDenied: "access-denied",
  AllAccessDisabled: "access-denied",
  AccountProblem: "access-denied",
  RequestTimeTooSkewed: "clock-skew",
  RequestExpired: "clock-skew",

  PermanentRedirect: "wrong-region",
  MovedPermanently: "wrong-region",
  TemporaryRedirect: "wrong-region",
  Redirect: "wrong-region",
  IllegalLocationConstraintException: "wrong-region",

  XMinioStorageFull: "no-space",
  QuotaExceeded: "no-space",
  XMinioAdminBucketQuotaExceeded: "no-space",
  InsufficientStorage: "no-space",

  ConditionalRequestConflict: "conflict",
  OperationAborted: "conflict",

  SlowDown: "throttled",
  SlowDownRead: "throttled",
  SlowDownWrite: "throttled",
  Throttling: "throttled",
  ThrottlingException: "throttled",
  RequestLimitExceeded: "throttled",
  TooManyRequests: "throttled",
  BandwidthLimitExceeded: "throttled",

  RequestTimeout: "unavailable",
  ServiceUnavailable: "unavailable",
  InternalError: "unavailable",
  XMinioServerNotInitialized: "unavailable",

  NotImplemented: "unsupported",
  MethodNotAllowed: "unsupported",
  InvalidEncryptionAlgorithmError: "unsupported",
  InvalidObjectState: "unsupported",
  XMinioParentIsObject: "unsupported",
  XMinioObjectExistsAsDirectory: "unsupported",
  ObjectParentIsFile: "unsupported",
  ExistingObjectIsDirectory: "unsupported",
};

const STATUSES: Readonly<Record<number, ErrorCode>> = {
  301: "wrong-region",
  307: "wrong-region",
  401: "invalid-credentials",
  403: "access-denied",
  405: "unsupported",
  408: "unavailable",
  409: "conflict",
  411: "unsupported",
  413: "too-large",
  416: "range-not-satisfiable",
  429: "throttled",
  501: "unsupported",
  503: "unavailable",
  507: "no-space",
};

/** What the server's answer means for the operation. */
export function codeOfAnswer(failure: AnswerFailure, call: Call): ErrorCode {
  const { code = "", status, region } = failure;
  if (code === "PreconditionFailed" || (status === 412 && !Object.hasOwn(CODES, code))) {
    return call.when?.absent === true ? "already-exists" : "precondition-failed";
  }
  if (code === "AuthorizationHeaderMalformed" || (status === 400 && code === "" && region)) {
    return region === undefined ? "invalid-credentials" : "wrong-region";
  }
  if (/^KMS[.:]/i.test(code)) return "not-encrypted";
  if (code === "MalformedXML" && call.operation === "completeUpload") return "invalid-part";
  if (code === "NoSuchKey" || code === "NotFound" || (status === 404 && code === "")) {
    return codeOfMissing(call);
  }
  if (Object.hasOwn(CODES, code)) return CODES[code] as ErrorCode;
  if (Object.hasOwn(STATUSES, status)) return STATUSES[status] as ErrorCode;
  return status >= 500 || status < 300 ? "unavailable" : "unexpected";
}

/**
 * No object under the key, which for a write means that its condition does not hold. Ceph RGW says so
 * of an upload, which it keeps as an object.
 */
function codeOfMissing({ operation, when }: Call): ErrorCode {
  switch (operation) {
    case "get":
    case "head":
    case "copy":
      return "not-found";
    case "uploadPart":
    case "listParts":
      return "upload-not-found";
    case "completeUpload":
      return when?.etag === undefined ? "upload-not-found" : "precondition-failed";
    default:
      return when?.etag === undefined ? "unexpected" : "precondition-failed";
  }
}
