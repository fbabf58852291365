/** What went wrong with a request, in no SDK's terms. */
export type Failure =
  | AnswerFailure
  /** An answer that is not of the protocol, such as a page of a proxy. */
  | {
      readonly kind: "odd-answer";
      readonly text: string;
      readonly status?: number | undefined;
      readonly requestId?: string | undefined;
    }
  /** No connection: nothing was sent. */
  | { readonly kind: "no-connection"; readonly code: string; readonly text: string }
  /** Nothing came or went for too long. */
  | { readonly kind: "silence"; readonly text: string }
  | { readonly kind: "broken-off"; readonly code: string; readonly text: string }
  | { readonly kind: "no-credentials"; readonly text: string }
  | { readonly kind: "no-region"; readonly text: string }
  | { readonly kind: "unknown"; readonly text: string };

/** The server refused, or failed, and said so. */
export interface AnswerFailure {
  readonly kind: "answer";
  /** 200 where an error stood in the body of a success. */
  readonly status: number;
  readonly code?: string | undefined;
  readonly text?: string | undefined;
  readonly requestId?: string | undefined;
  /** Of the bucket, where the server told. */
  readonly region?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly clock?: ClockReading | undefined;
  /** Whether the credentials have ended, and a provider is asked for others. */
  readonly renewed?: boolean | undefined;
}

/** What an answer tells of the time. */
export interface ClockReading {
  /** Milliseconds by which the server's clock is ahead of this machine's. */
  readonly aheadMs: number;
  /** Whether the time that the request was signed with is not what the server's clock says. */
  readonly wrong: boolean;
}

/** Codes of errors that Stowage itself puts on sockets. */
export const CONNECT_TIMEOUT = "STOWAGE_CONNECT_TIMEOUT";
export const IDLE_TIMEOUT = "STOWAGE_IDLE_TIMEOUT";
export const REQUEST_TIMEOUT = "STOWAGE_REQUEST_TIMEOUT";
export const DISPOSED = "STOWAGE_DISPOSED";

/** Codes of Node of which nothing was sent, also where no socket told so. */
const NOT_CONNECTED: ReadonlySet<string> = new Set([
  CONNECT_TIMEOUT,
  DISPOSED,
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "EHOSTDOWN",
  "ENETUNREACH",
  "ENETDOWN",
  "EADDRNOTAVAIL",
  "EMFILE",
]);
const BROKEN_OFF: ReadonlySet<string> = new Set([
  "EPROTO",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ERR_STREAM_PREMATURE_CLOSE",
  "ERR_STREAM_DESTROYED",
]);

const beforeConnection = new WeakSet<Error>();

/** Remembers that a socket's error came before its connection stood. */
export function noteNeverConnected(error: Error): void {
  beforeConnection.add(error);
}

/** What an error of Node's network means; `undefined` when it is none. */
export function networkFailure(error: unknown): Failure | undefined {
  const { code, syscall } = errorFields(error);
  if (typeof code !== "string") return undefined;
  const text = textOf(error);
  if (code === IDLE_TIMEOUT || code === REQUEST_TIMEOUT) return { kind: "silence", text };
  const early = error instanceof Error && beforeConnection.has(error);
  if (early || NOT_CONNECTED.has(code) || syscall === "connect" || isTlsRefusal(code)) {
    return { kind: "no-connection", code, text };
  }
  if (code === "ETIMEDOUT") return { kind: "silence", text };
  if (BROKEN_OFF.has(code) || code.startsWith("ERR_SSL_"))
    return { kind: "broken-off", code, text };
  if (code.startsWith("HPE_")) return { kind: "odd-answer", text };
  return undefined;
}

/** Whether TLS was not set up because the server's certificate is not to be trusted. */
export function isTlsRefusal(code: string): boolean {
  return /^(CERT_|ERR_TLS_CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_)/.test(code);
}

/** Whether TLS was not set up because what answers speaks another protocol, such as plain HTTP. */
export function isTlsMismatch(code: string): boolean {
  return code === "EPROTO" || /^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG)$/.test(code);
}

/** The fields of an unknown error that failures are told by. */
export function errorFields(error: unknown): Readonly<Record<string, unknown>> {
  return typeof error === "object" && error !== null ? (error as Record<string, unknown>) : {};
}

/** An error's message, on one line and without anything secret. */
export function textOf(error: unknown): string {
  const { message, errors } = errorFields(error);
  // A host of several addresses fails with one error for each, and an empty message over them.
  if (message === "" && Array.isArray(errors)) return errors.map(textOf).join("; ");
  return withoutSecrets(typeof message === "string" ? message : String(error));
}

/** Servers may send a request's own signature back: it is cut out of all that is told on. */
export function withoutSecrets(text: string): string {
  const plain = text
    // OpenSSL's own lines: of library, function, reason, file and line, the reason tells something.
    .replace(/\b[0-9A-F]+:error:[0-9A-F]+:[^:]*:[^:]*:([^:]+):\S+:\d+:/g, "$1")
    .replace(/AWS4-HMAC-SHA256.*/gs, "…")
    .replace(/(Signature|Credential|Security-Token|AWSAccessKeyId)=[^&\s,]*/gi, "$1=…")
    .replace(/\s+/g, " ")
    .trim();
  return plain.length > 300 ? `${plain.slice(0, 299)}…` : plain;
}

/**
 * An error for `cause`: name and message. The errors of the SDKs hold the request, and with it the
 * signature.
 */
export function safeCause(error: unknown): Error {
  const cause = new Error(textOf(error));
  const { name } = errorFields(error);
  if (typeof name === "string") cause.name = name;
  return cause;
}

/** Milliseconds of a header `Retry-After`: seconds, or a date. */
export function retryAfterMs(header: string | undefined, now: Date): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d+$/.test(header)) return Number(header) * 1_000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now.getTime());
}
