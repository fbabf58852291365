/**
 * What went wrong, for a program to act on. A code is never renamed; act on it, never on the
 * message.
 */
export type ErrorCode =
  // The caller's own input, refused before any I/O.
  | "invalid-argument"
  | "invalid-config"
  | "invalid-key"
  | "invalid-metadata"
  | "too-large"
  | "unsupported"
  // The source or the target on the caller's side.
  | "source-not-found"
  | "source-unreadable"
  | "source-changed"
  | "source-failed"
  | "target-unwritable"
  | "journal-failed"
  // What the store answered.
  | "not-found"
  | "bucket-not-found"
  | "upload-not-found"
  | "already-exists"
  | "precondition-failed"
  | "range-not-satisfiable"
  | "invalid-part"
  | "checksum-mismatch"
  | "not-encrypted"
  | "invalid-credentials"
  | "access-denied"
  | "wrong-region"
  | "clock-skew"
  | "no-space"
  // The caller ended it, and what it left behind could not be removed or found out.
  | "aborted"
  // Trouble on the way, or on the server.
  | "conflict"
  | "throttled"
  | "timeout"
  | "unavailable"
  | "bad-answer"
  | "unexpected";

/**
 * What a failed write left behind: nothing (`not-applied`), the whole object (`applied`), or one of
 * the two, which could not be found out (`unknown`). Never a part of an object.
 */
export type Outcome = "not-applied" | "applied" | "unknown";

/** Each operation of the ports and of the use cases, as errors name it. */
export type Operation =
  | "put"
  | "get"
  | "head"
  | "delete"
  | "deleteMany"
  | "copy"
  | "list"
  | "createUpload"
  | "uploadPart"
  | "completeUpload"
  | "abortUpload"
  | "listParts"
  | "listUploads"
  | "signGet"
  | "signPut"
  | "signPost"
  | "signPart"
  | "open"
  | "upload"
  | "download";

/** The facts of an error, beside its code and message. Never a secret, never a signed URL. */
export interface ErrorFacts {
  readonly operation?: Operation | undefined;
  /** The kind of the store: `s3`, `minio`, `filesystem`, `memory`. */
  readonly store?: string | undefined;
  readonly bucket?: string | undefined;
  readonly key?: string | undefined;
  /** The server's own code, such as `NoSuchKey`, or the system's, such as `ENOSPC`. */
  readonly providerCode?: string | undefined;
  /** The HTTP status of the answer. */
  readonly status?: number | undefined;
  /** The server's name for the request: give it to whoever runs the server. */
  readonly requestId?: string | undefined;
  /** Whether the same call may succeed later. Default: what the code says. */
  readonly retryable?: boolean | undefined;
  /** How long the server asked to be left alone, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  /** Of a write: what it left behind. */
  readonly outcome?: Outcome | undefined;
  /** How often the request was sent. */
  readonly attempts?: number | undefined;
  /** Of a multipart upload that failed: whether its parts were removed, or could not be. */
  readonly cleanup?: "done" | "pending" | undefined;
  /** What to do about it, as one sentence for a person. */
  readonly remedy?: string | undefined;
}

/** Finds out later what became of a write. */
export type Resolve = () => Promise<Outcome>;

/** Codes of which the same call may succeed later, with nothing changed by the caller. */
const RETRYABLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "conflict",
  "throttled",
  "timeout",
  "unavailable",
  "bad-answer",
]);

/** The one error that Stowage rejects with. */
export class StowageError extends Error {
  override readonly name: string = "StowageError";
  readonly code: ErrorCode;
  readonly operation: Operation | undefined;
  readonly store: string | undefined;
  readonly bucket: string | undefined;
  readonly key: string | undefined;
  readonly providerCode: string | undefined;
  readonly status: number | undefined;
  readonly requestId: string | undefined;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly outcome: Outcome | undefined;
  readonly attempts: number | undefined;
  readonly cleanup: "done" | "pending" | undefined;
  readonly remedy: string | undefined;
  /**
   * Of a write with `outcome: "unknown"`: looks again what became of it, and removes what an upload
   * has left. `unknown` where the store still does not say, or where a request that was cut off may
   * yet arrive, which is taken for possible for a minute. Never rejects.
   */
  readonly resolve: Resolve | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    facts: ErrorFacts = {},
    options: { readonly cause?: unknown; readonly resolve?: Resolve | undefined } = {},
  ) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.operation = facts.operation;
    this.store = facts.store;
    this.bucket = facts.bucket;
    this.key = facts.key;
    this.providerCode = facts.providerCode;
    this.status = facts.status;
    this.requestId = facts.requestId;
    this.retryable = facts.retryable ?? RETRYABLE.has(code);
    this.retryAfterMs = facts.retryAfterMs;
    this.outcome = facts.outcome;
    this.attempts = facts.attempts;
    this.cleanup = facts.cleanup;
    this.remedy = facts.remedy;
    this.resolve = options.resolve;
  }

  /** The same error with more facts told, or others. */
  with(facts: ErrorFacts, resolve: Resolve | undefined = this.resolve): StowageError {
    const all = { ...this.facts(), ...facts };
    const { cause } = this;
    const error = new StowageError(this.code, this.message, all, { cause, resolve });
    if (this.stack !== undefined) error.stack = this.stack;
    return error;
  }

  /** The facts that are known, and nothing else: safe to log. */
  facts(): ErrorFacts {
    const { name, message, stack, cause, code, resolve, ...facts } = this;
    return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
  }

  toJSON(): object {
    return { name: this.name, code: this.code, message: this.message, ...this.facts() };
  }
}

/** Quotes any value for a message: JSON where it has one, and cut where it would fill the screen. */
export function quote(value: unknown): string {
  const text = typeof value === "bigint" ? `${value}n` : asJson(value);
  return text.length > 120 ? `${text.slice(0, 117)}…"` : text;
}

function asJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return `a value of type ${typeof value}`;
  }
}
