import { clockReading } from "../s3-protocol/clock.js";
import {
  errorFields,
  type Failure,
  networkFailure,
  retryAfterMs,
  textOf,
} from "../s3-protocol/failure.js";

/** Names that the SDK gives to errors without a code, as those of a HEAD. */
const NO_CODE: ReadonlySet<unknown> = new Set(["Unknown", "UnknownError", "Error", "NotFound"]);

/**
 * What an error of the SDK means.
 *
 * @param region the client's own: a server that names the same one does not complain of it.
 * @param correctedMs what the time of the request had been corrected by.
 */
export function failureOf(error: unknown, region: string | undefined, correctedMs = 0): Failure {
  const { name, message, $fault, $metadata, $response, ...fields } = errorFields(error);
  const text = textOf(error).replace(/ *Deserialization error: .*/, "");
  if (name === "CredentialsProviderError" || name === "TokenProviderError") {
    return { kind: "no-credentials", text };
  }
  if (message === "Resolved credential object is not valid") {
    return { kind: "no-credentials", text };
  }
  if (message === "Region is missing") return { kind: "no-region", text };

  const { httpStatusCode, requestId } = errorFields($metadata);
  const { statusCode, headers } = errorFields($response);
  const header = (key: string): string | undefined => textOrNone(errorFields(headers)[key]);
  const status = httpStatusCode ?? statusCode;
  if (typeof status !== "number") {
    const silence = name === "TimeoutError" ? ({ kind: "silence", text } as const) : undefined;
    return networkFailure(error) ?? silence ?? { kind: "unknown", text };
  }
  const request = textOrNone(requestId) ?? header("x-amz-request-id");
  if (status < 300) return { kind: "odd-answer", text, status, requestId: request };

  // An error that the SDK could not read, such as the page of a proxy, is not one of its own.
  const code = $fault === undefined || NO_CODE.has(name) ? undefined : textOrNone(name);
  const told = header("x-amz-bucket-region") ?? textOrNone(fields["Region"]);
  return {
    kind: "answer",
    status,
    code: code ?? header("x-minio-error-code"),
    text: code === undefined ? header("x-minio-error-desc") : messageOrNone(text),
    requestId: request,
    region: told === region ? undefined : told,
    retryAfterMs: retryAfterMs(header("retry-after"), new Date()),
    clock: clockReading(header("date"), correctedMs),
  };
}

/** Where the server sent none, the SDK has this. */
function messageOrNone(text: string): string | undefined {
  return text === "UnknownError" ? undefined : text;
}

function textOrNone(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
