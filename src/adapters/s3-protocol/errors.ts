import {
  type ErrorCode,
  type ErrorFacts,
  type Operation,
  type Outcome,
  quote,
  StowageError,
} from "../../domain/errors.js";
import type { ObjectKey } from "../../domain/object-key.js";
import type { When } from "../../ports/object-store.js";
import { skewText, withSkew } from "./clock.js";
import { codeOfAnswer } from "./codes.js";
import {
  type AnswerFailure,
  type Failure,
  isTlsMismatch,
  isTlsRefusal,
  safeCause,
} from "./failure.js";

/** A store, as its errors tell of it. */
export interface Site {
  readonly kind: string;
  readonly bucket: string;
  /** Its URL, or its name. */
  readonly server: string;
}

/** A call, as its errors tell of it. */
export interface Call {
  readonly operation: Operation;
  readonly key?: ObjectKey | undefined;
  readonly when?: When | undefined;
  readonly signal?: AbortSignal | undefined;
}

const PHRASES: Readonly<Partial<Record<Operation, string>>> = {
  put: "put object",
  get: "get object",
  head: "describe object",
  delete: "delete object",
  deleteMany: "delete objects",
  copy: "copy to object",
  list: "list objects",
  createUpload: "begin an upload of",
  uploadPart: "send a part of",
  completeUpload: "complete the upload of",
  abortUpload: "abort the upload of",
  listParts: "list the parts of",
  listUploads: "list uploads",
  signGet: "sign a URL to read",
  signPut: "sign a URL to put",
  signPost: "sign a form to put",
  signPart: "sign a URL for a part of",
};

/** What changes nothing, so that no error of it has an outcome. */
const READS: ReadonlySet<Operation> = new Set<Operation>([
  "get",
  "head",
  "list",
  "listParts",
  "listUploads",
  "signGet",
  "signPut",
  "signPost",
  "signPart",
  "open",
]);

/** The beginning of a message: what could not be done. */
export function cannot({ operation, key }: Call): string {
  const phrase = PHRASES[operation] ?? operation;
  return key === undefined ? `Cannot ${phrase}` : `Cannot ${phrase} ${quote(key)}`;
}

/** An error of the store's own making. A write that is refused before any I/O was not applied. */
export function refusal(
  site: Site,
  call: Call,
  code: ErrorCode,
  why: string,
  facts: ErrorFacts = {},
): StowageError {
  const outcome = READS.has(call.operation) ? undefined : "not-applied";
  return new StowageError(code, `${cannot(call)}: ${why}`, {
    ...factsOf(site, call),
    outcome,
    ...facts,
  });
}

/** Runs a rule of the domain, and tells the call with the error that it throws. */
export function checked<T>(site: Site, call: Call, rule: () => T): T {
  try {
    return rule();
  } catch (error) {
    if (!(error instanceof StowageError)) throw error;
    const outcome = READS.has(call.operation) ? undefined : "not-applied";
    throw error.with({ ...factsOf(site, call), outcome });
  }
}

/** An answer that says success, and not what a success says. */
export function badAnswer(site: Site, call: Call, why: string, facts?: ErrorFacts): StowageError {
  const outcome = READS.has(call.operation) ? undefined : "unknown";
  return refusal(site, call, "bad-answer", why, { outcome, ...facts });
}

/** The error that a failed request becomes. */
export function errorOf(site: Site, call: Call, told: Failure, error: unknown): StowageError {
  const failure = told.kind === "answer" ? withSkew(withRegion(told)) : told;
  const code = codeOf(failure, call);
  const facts: ErrorFacts = {
    ...factsOf(site, call),
    ...answerFacts(failure),
    outcome: READS.has(call.operation) ? undefined : outcomeOf(failure),
    remedy: remedyOf(code, failure, site),
    ...(isMended(code, failure, call) ? { retryable: true } : {}),
  };
  const message = `${cannot(call)}: ${whyOf(code, failure, site, call)}`;
  return new StowageError(code, message, facts, { cause: safeCause(error) });
}

/**
 * Whether the request may be taken when it is sent again: the wire has set its time or dropped its
 * credentials, or bytes were changed on their way.
 */
function isMended(code: ErrorCode, failure: Failure, { operation }: Call): boolean {
  if (failure.kind !== "answer") return false;
  const carriesBytes = operation === "put" || operation === "uploadPart";
  if (code === "checksum-mismatch") return carriesBytes && failure.code !== "InvalidDigest";
  return failure.renewed === true || (code === "clock-skew" && failure.clock?.wrong === true);
}

/** Where no field tells the right region, as in a result of one key, the text may: MinIO, Amazon S3. */
function withRegion(failure: AnswerFailure): AnswerFailure {
  if (failure.code !== "AuthorizationHeaderMalformed" || failure.region !== undefined)
    return failure;
  const region = /expecting '([^']+)'/.exec(failure.text ?? "")?.[1];
  return region === undefined ? failure : { ...failure, region };
}

function factsOf({ kind, bucket }: Site, { operation, key }: Call): ErrorFacts {
  return { operation, store: kind, bucket, key };
}

function answerFacts(failure: Failure): ErrorFacts {
  switch (failure.kind) {
    case "answer":
      return {
        providerCode: failure.code,
        status: failure.status,
        requestId: failure.requestId,
        retryAfterMs: failure.retryAfterMs,
      };
    case "odd-answer":
      return { status: failure.status, requestId: failure.requestId };
    case "no-connection":
      return {
        providerCode: failure.code,
        retryable: isTlsRefusal(failure.code) || isTlsMismatch(failure.code) ? false : undefined,
      };
    case "broken-off":
      return { providerCode: failure.code };
    default:
      return {};
  }
}

function codeOf(failure: Failure, call: Call): ErrorCode {
  switch (failure.kind) {
    case "answer":
      return codeOfAnswer(failure, call);
    case "odd-answer":
      return "bad-answer";
    case "no-connection":
    case "broken-off":
      return "unavailable";
    case "silence":
      return "timeout";
    case "no-credentials":
      return "invalid-credentials";
    case "no-region":
      return "invalid-config";
    case "unknown":
      return "unexpected";
  }
}

/** A clear refusal changes nothing. After anything less clear the write may have landed. */
function outcomeOf(failure: Failure): Outcome {
  switch (failure.kind) {
    case "no-connection":
    case "no-credentials":
    case "no-region":
      return "not-applied";
    case "answer": {
      const { status } = failure;
      const clear = (status >= 300 && status < 500 && status !== 408) || status === 501;
      return clear ? "not-applied" : "unknown";
    }
    default:
      return "unknown";
  }
}

/** What the server said, for a message. */
export function said({ status, code, text }: AnswerFailure): string {
  const what = code === undefined ? String(status) : `${status} ${code}`;
  return text === undefined || text === "" ? what : `${what} (${text})`;
}

function whyOf(code: ErrorCode, failure: Failure, site: Site, call: Call): string {
  switch (failure.kind) {
    case "answer":
      return whyOfAnswer(code, failure, site, call);
    case "odd-answer":
      return `what ${site.server} answered is not of S3 (${failure.text}); see that the endpoint is an S3 server's, with no other page before it`;
    case "no-connection":
      return `no connection to ${site.server} (${failure.text}); see that the server runs and that the endpoint is right`;
    case "broken-off":
      return `the connection to ${site.server} broke off (${failure.text})`;
    case "silence":
      return `${site.server} was silent for too long (${failure.text})`;
    case "no-credentials":
      return `there are no credentials (${failure.text})`;
    case "no-region":
      return `no region is known (${failure.text})`;
    case "unknown":
      return failure.text;
  }
}

function whyOfAnswer(code: ErrorCode, failure: AnswerFailure, site: Site, call: Call): string {
  const answer = `${site.server} answers ${said(failure)}`;
  switch (code) {
    case "not-found":
      return `there is no such object in bucket ${quote(site.bucket)}`;
    case "bucket-not-found":
      return `there is no bucket ${quote(site.bucket)} at ${site.server}`;
    case "upload-not-found":
      return "there is no such upload; it was never begun, or is completed or aborted";
    case "already-exists":
      return "the key is taken";
    case "precondition-failed":
      return `the object is not, or no longer, of ETag ${quote(call.when?.etag)}`;
    case "range-not-satisfiable":
      return "the object ends before the range begins";
    case "checksum-mismatch":
      return `the bytes that arrived do not have the checksum told (${said(failure)})`;
    case "wrong-region":
      return failure.region === undefined
        ? `bucket ${quote(site.bucket)} is in another region; ${answer}`
        : `bucket ${quote(site.bucket)} is in region ${quote(failure.region)}; set region to that`;
    case "clock-skew":
      return failure.clock === undefined
        ? `this machine's clock and the server's are too far apart; ${answer}`
        : `${skewText(failure.clock, site.server)}; ${answer}`;
    default:
      return answer;
  }
}

function remedyOf(code: ErrorCode, failure: Failure, site: Site): string | undefined {
  if (failure.kind === "no-credentials") {
    return "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or run where a role gives credentials.";
  }
  if (failure.kind === "no-region") return "Set region, or AWS_REGION.";
  if (failure.kind === "no-connection" && isTlsMismatch(failure.code)) {
    return "If the server speaks plain HTTP, say so: ?tls=false with minio://, an endpoint of http:// with s3://.";
  }
  if (failure.kind !== "answer") return undefined;
  if (code === "invalid-credentials") {
    return "See that the access key and the secret key are those of this server, and have not expired.";
  }
  if (code === "clock-skew") return "Set this machine's clock right, or the server's.";
  if (code === "wrong-region" && failure.region !== undefined) {
    return `Set region to ${failure.region}.`;
  }
  if (code === "unsupported" && /KMS|encryption/i.test(failure.text ?? "")) {
    return "Give the server a key (MinIO: MINIO_KMS_SECRET_KEY), or set STOWAGE_ENCRYPTION=none.";
  }
  if (code === "bucket-not-found") return `Create bucket ${site.bucket}, or name another.`;
  return undefined;
}
