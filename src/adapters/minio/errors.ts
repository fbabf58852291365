import type { IncomingMessage } from "node:http";
import { clockReading } from "../s3-protocol/clock.js";
import {
  type Failure,
  networkFailure,
  retryAfterMs,
  textOf,
  withoutSecrets,
} from "../s3-protocol/failure.js";
import { childText, readXml, type XmlElement } from "../s3-protocol/xml.js";

/** An answer that is no success. */
export class AnswerError extends Error {
  override readonly name: string = "AnswerError";
  readonly failure: Failure;

  constructor(failure: Failure) {
    super("text" in failure ? failure.text : failure.kind);
    this.failure = failure;
  }
}

/** What an error of a request means. */
export function failureOf(error: unknown): Failure {
  if (error instanceof AnswerError) return error.failure;
  return networkFailure(error) ?? { kind: "unknown", text: textOf(error) };
}

/**
 * What an answer with an error means.
 *
 * @param region the client's own: a server that names the same one does not complain of it.
 * @param correctedMs what the time of the request had been corrected by.
 */
export function failureOfAnswer(
  answer: IncomingMessage,
  body: string,
  region: string | undefined,
  correctedMs: number,
): Failure {
  const { statusCode: status = 0 } = answer;
  const header = (name: string): string | undefined => [answer.headers[name]].flat()[0];
  const root = readXml(body);
  const error = root?.name === "Error" ? root : undefined;
  const requestId = header("x-amz-request-id") ?? textOrNone(error, "RequestId");
  if (status < 300 && error === undefined) {
    const text = body === "" ? "an empty answer" : `an answer that begins with ${excerpt(body)}`;
    return { kind: "odd-answer", status, requestId, text };
  }
  const text = textOrNone(error, "Message") ?? header("x-minio-error-desc")?.replaceAll('"', "");
  const told = header("x-amz-bucket-region") ?? textOrNone(error, "Region");
  return {
    kind: "answer",
    status,
    code: textOrNone(error, "Code") ?? header("x-minio-error-code"),
    text: text === undefined ? undefined : withoutSecrets(text),
    requestId,
    region: told === region ? undefined : told,
    retryAfterMs: retryAfterMs(header("retry-after"), new Date()),
    clock: clockReading(header("date"), correctedMs),
  };
}

function excerpt(body: string): string {
  return JSON.stringify(withoutSecrets(body.slice(0, 60)));
}

function textOrNone(element: XmlElement | undefined, name: string): string | undefined {
  const text = element === undefined ? undefined : childText(element, name);
  return text === "" ? undefined : text;
}
