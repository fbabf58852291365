import { hash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import type { Client } from "minio";
import { StowageError } from "../../domain/errors.js";
import type { Slice } from "../../ports/slice.js";
import { textOf } from "../s3-protocol/failure.js";
import { percentEncoded } from "../s3-protocol/headers.js";
import { UNSIGNED_PAYLOAD } from "../s3-protocol/payloads.js";
import type { Renewal } from "../s3-protocol/renewal.js";
import { hashOf, sendSlice } from "../s3-protocol/slices.js";
import { readXml, type Xml, type XmlElement } from "../s3-protocol/xml.js";
import { AnswerError, failureOfAnswer } from "./errors.js";
import { signedHeaders, type Unsigned } from "./signature.js";
import { minioTransport, through } from "./transport.js";

/** What requests are signed with. */
export interface MinioKeys {
  readonly accessKey: string;
  readonly secretKey: string;
  /** Of temporary credentials. */
  readonly sessionToken?: string | undefined;
  /** When they end: a provider is then asked again. */
  readonly expiration?: Date | undefined;
}

/** A request of S3 on the bucket, or on a key in it. */
export interface MinioRequest {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  readonly key?: string | undefined;
  /** Those that are `undefined` are left out. */
  readonly query?: Readonly<Record<string, string | number | undefined>> | undefined;
  readonly headers?: Readonly<Record<string, string | undefined>> | undefined;
  readonly body?: Uint8Array | Xml | StreamBody | undefined;
  /** Whether the body is hashed for the signature. Default: it is. */
  readonly signed?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A body that the client is given as a stream. */
interface StreamBody {
  readonly stream: Readable;
  /** In bytes. */
  readonly size: number;
  /** `UNSIGNED-PAYLOAD`, or its hash. */
  readonly sha256: string;
}

/** Bytes of the largest answer that is held: lists of a thousand keys of a kilobyte fit ten times. */
const MAX_ANSWER_BYTES = 33_554_432;

/** Sends requests through the client, and signs them with its keys. */
export class Requests {
  readonly #client: Client;
  readonly #bucket: string;
  readonly #region: string;
  readonly #timeoutMs: number | undefined;
  readonly #renewal: Renewal<MinioKeys> | undefined;
  /** Milliseconds by which the time of requests is corrected. */
  #correctedMs = 0;

  constructor(
    client: Client,
    bucket: string,
    region: string,
    timeoutMs: number | undefined,
    renewal?: Renewal<MinioKeys>,
  ) {
    this.#client = client;
    this.#bucket = bucket;
    this.#region = region;
    this.#timeoutMs = timeoutMs;
    this.#renewal = renewal;
  }

  /** Whether requests go over TLS. */
  get secure(): boolean {
    return this.#client["protocol"] === "https:";
  }

  /** Sends a request whose answer has no body that matters, and gives its headers. */
  async send(request: MinioRequest): Promise<IncomingMessage["headers"]> {
    const answer = await this.#answer(request);
    await readText(answer);
    return answer.headers;
  }

  /** As `send`, with a slice as the body; it is hashed in a pass of its own before. */
  async sendSlice(request: MinioRequest, slice: Slice): Promise<IncomingMessage["headers"]> {
    const { signed = true, signal } = request;
    const sha256 = signed ? await hashOf(slice, "sha256", "hex", signal) : UNSIGNED_PAYLOAD;
    const { size } = slice;
    return sendSlice(slice, signal, (stream, either) =>
      this.send({ ...request, body: { stream, size, sha256 }, signal: either }),
    );
  }

  /** Sends a request whose answer is XML of this root. Anything else is an error, whatever its status. */
  async sendForXml(
    request: MinioRequest,
    root: string,
  ): Promise<{ readonly element: XmlElement; readonly headers: IncomingMessage["headers"] }> {
    const answer = await this.#answer(request);
    const body = await readText(answer);
    const element = readXml(body);
    if (element?.name === root) return { element, headers: answer.headers };
    throw new AnswerError(failureOfAnswer(answer, body, this.#region, this.#correctedMs));
  }

  /** Sends a request, and gives the answer with its body still to be read. */
  sendForBody(request: MinioRequest): Promise<IncomingMessage> {
    return this.#answer(request);
  }

  async #answer(request: MinioRequest): Promise<IncomingMessage> {
    const { method, key, query = {}, headers = {}, body = "", signed = true, signal } = request;
    if (this.#client["transport"] !== minioTransport) throw withoutTransport();
    const parameters = withoutUndefined(query);
    const options = {
      method,
      bucketName: this.#bucket,
      query: queryText(parameters),
      headers: withoutUndefined(headers),
      region: this.#region,
      ...(key === undefined ? {} : { objectName: key }),
    };
    const { payload, size, sha256 } = payloadOf(body, signed);
    if (method !== "GET" && method !== "HEAD") options.headers["content-length"] = String(size);
    const generation = this.#renewal?.generation ?? 0;
    const keys = await this.#renewal?.credentials().catch((error: unknown) => {
      const text = `the provider of credentials failed: ${textOf(error)}`;
      throw new AnswerError({ kind: "no-credentials", text });
    });
    if (keys !== undefined && (!keys.accessKey || !keys.secretKey)) {
      const text = "the access key or its secret is empty";
      throw new AnswerError({ kind: "no-credentials", text });
    }
    const correctedMs = this.#correctedMs;
    await this.#client["checkAndRefreshCreds"]();
    const unsigned = this.#client["getRequestOptions"](options);
    const carrier = carrying(this.#client, {
      ...unsigned,
      headers: await this.#signed(unsigned, parameters, sha256, keys, correctedMs),
    });
    const answer = await through({ signal, timeoutMs: this.#timeoutMs }, () =>
      carrier.makeRequestStreamAsync(options, payload, "", [200], this.#region),
    );
    if (answer === undefined) throw withoutTransport();
    const { statusCode = 0 } = answer;
    if (statusCode >= 200 && statusCode < 300) return answer;
    const text = await readText(answer);
    const failure = failureOfAnswer(answer, text, this.#region, correctedMs);
    if (failure.kind === "answer" && failure.status === 403 && failure.clock?.wrong === true) {
      this.#correctedMs = failure.clock.aheadMs;
    }
    const heeded = failure.kind === "answer" && this.#renewal?.heed(failure, generation);
    throw new AnswerError(heeded || failure);
  }

  /** The headers of a request, signed with the hash that is its own. An anonymous one stays so. */
  async #signed(
    unsigned: Pick<Unsigned, "protocol" | "method" | "host" | "path" | "headers">,
    query: Record<string, string>,
    sha256: string,
    renewed: MinioKeys | undefined,
    correctedMs: number,
  ): Promise<Record<string, string>> {
    if (this.#client["anonymous"]) return unsigned.headers;
    const { protocol, method, host } = unsigned;
    const [path = ""] = unsigned.path.split("?");
    const headers = { ...unsigned.headers, "x-amz-content-sha256": sha256 };
    return signedHeaders(
      { protocol, method, host, path, query, headers },
      renewed ?? keysOf(this.#client),
      this.#region,
      new Date(Date.now() + correctedMs),
    );
  }
}

/** A body as the client takes it, its bytes counted and hashed. */
function payloadOf(body: Uint8Array | string | StreamBody, signed: boolean) {
  if (typeof body === "object" && "stream" in body) return { ...body, payload: body.stream };
  const payload =
    typeof body === "string" ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const sha256 = signed ? hash("sha256", payload, "hex") : UNSIGNED_PAYLOAD;
  return { payload, size: Buffer.byteLength(payload), sha256 };
}

/**
 * The client as one that sends this request, and does not sign: it hashes by the protocol alone, derives
 * its key anew for each request, and knows no time but its own.
 */
function carrying(client: Client, request: object): Client {
  return Object.create(client, {
    anonymous: { value: true },
    enableSHA256: { value: false },
    credentialsProvider: { value: undefined },
    getRequestOptions: { value: () => request },
  });
}

function withoutTransport(): StowageError {
  return new StowageError(
    "invalid-config",
    "Cannot use the client of MinIO: it was made without `transport: minioTransport`; make it with that",
  );
}

/** The client keeps them from others, and has no way to sign for them. */
function keysOf(client: Client): MinioKeys {
  return {
    accessKey: client["accessKey"],
    secretKey: client["secretKey"],
    sessionToken: client["sessionToken"],
  };
}

function readText(answer: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    answer.on("data", (chunk: Buffer) => {
      size += chunk.length;
      chunks.push(chunk);
      if (size <= MAX_ANSWER_BYTES) return;
      const { statusCode: status } = answer;
      const text = `an answer of more than ${MAX_ANSWER_BYTES} bytes`;
      answer.destroy(new AnswerError({ kind: "odd-answer", status, text }));
    });
    answer.once("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
    answer.once("error", reject);
    answer.once("close", () => {
      if (answer.readableEnded) return;
      reject(Object.assign(new Error("the answer ended early"), { code: "ECONNRESET" }));
    });
  });
}

function queryText(query: Readonly<Record<string, string>>): string {
  return Object.entries(query)
    .map(([name, value]) => `${name}=${percentEncoded(value)}`)
    .join("&");
}

function withoutUndefined(
  values: Readonly<Record<string, string | number | undefined>>,
): Record<string, string> {
  const given: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) given[name] = String(value);
  }
  return given;
}
