import { hash } from "node:crypto";
import { type ErrorCode, type ErrorFacts, StowageError } from "../../domain/errors.js";
import type { PartBody } from "../../ports/multipart-store.js";
import type { StoreFacts } from "../../ports/object-store.js";
import { badAnswer, type Call, checked, errorOf, refusal, type Site } from "./errors.js";
import type { Failure } from "./failure.js";
import { needsMd5, type PayloadSigning } from "./payloads.js";
import type { Profile } from "./profiles.js";
import { hashOf } from "./slices.js";
import { Sockets } from "./sockets.js";
import type { Wire } from "./wire.js";

export interface ContextOptions {
  /** Default: `auto`. */
  readonly payloadSigning?: PayloadSigning | undefined;
  /** Connections of the client. Default: not known. */
  readonly maxSockets?: number | undefined;
}

/** What every operation of a store works with. */
export class Context {
  readonly wire: Wire;
  readonly site: Site;
  readonly facts: StoreFacts;
  readonly profile: Profile;
  readonly #payloadSigning: PayloadSigning | undefined;
  readonly #sockets: Sockets;
  #ended = false;

  constructor(
    wire: Wire,
    site: Site,
    facts: StoreFacts,
    profile: Profile,
    { payloadSigning, maxSockets = Number.POSITIVE_INFINITY }: ContextOptions,
  ) {
    this.wire = wire;
    this.#sockets = new Sockets(maxSockets);
    this.site = site;
    this.facts = facts;
    this.profile = profile;
    this.#payloadSigning = payloadSigning;
  }

  /** The header `Content-MD5` (RFC 1864), for bytes that nothing else proves on their way. */
  async contentMd5(
    body: PartBody,
    crc32: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<string | undefined> {
    if (!needsMd5(this.#payloadSigning, this.profile, crc32)) return undefined;
    return "open" in body ? hashOf(body, "md5", "base64", signal) : hash("md5", body, "base64");
  }

  /** Lets no request be sent any more. */
  end(): void {
    this.#ended = true;
  }

  /**
   * Sends a request as soon as there is a connection for it, and turns its failure into the error of
   * the call.
   *
   * @throws the signal's reason as soon as it is aborted, whatever becomes of the request;
   *   `invalid-argument` once the store is disposed of.
   */
  async send<T>(call: Call, request: (wire: Wire) => Promise<T>): Promise<T> {
    const { signal } = call;
    this.#expectOpen(call);
    signal?.throwIfAborted();
    const send = (): Promise<T> => {
      this.#expectOpen(call);
      return request(this.wire);
    };
    try {
      return await untilAborted(this.#sockets.use(signal, send), signal);
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason;
      throw error instanceof StowageError ? error : await this.#explained(call, error);
    }
  }

  #expectOpen(call: Call): void {
    if (!this.#ended) return;
    throw this.refusal(call, "invalid-argument", "the store is disposed of; open it again");
  }

  /** Expects an option to be one that the server honours. */
  expect(honoured: boolean, call: Call, option: string, remedy?: string): void {
    if (honoured) return;
    const { name } = this.profile;
    const found = name === "probed";
    const why = found
      ? `${option} is not honoured by ${this.site.server}, as a probe has found`
      : `${option} is not honoured by a server of profile ${name}`;
    const unknown =
      "If the server honours it, name the profile of its kind, or set profile=probe, which finds out.";
    const leaveOut = "Leave the option out, or use a server that honours it.";
    throw refusal(this.site, call, "unsupported", why, {
      remedy: name === "generic" ? unknown : (remedy ?? leaveOut),
    });
  }

  /** The error of a refusal of the store's own. */
  refusal(call: Call, code: ErrorCode, why: string, facts?: ErrorFacts): StowageError {
    return refusal(this.site, call, code, why, facts);
  }

  /** The error of an answer that cannot be made sense of. */
  badAnswer(call: Call, why: string, facts?: ErrorFacts): StowageError {
    return badAnswer(this.site, call, why, facts);
  }

  /** Runs a rule of the domain, and tells the call with the error that it throws. */
  checked<T>(call: Call, rule: () => T): T {
    return checked(this.site, call, rule);
  }

  /** A missing object and a missing bucket look the same to some requests: then it is asked for. */
  async #explained(call: Call, error: unknown): Promise<StowageError> {
    const failure = this.wire.failureOf(error);
    if (isAmbiguous(failure) && (await this.#bucketIsMissing(call))) {
      const missing: Failure = { ...failure, code: "NoSuchBucket" };
      return errorOf(this.site, call, missing, error);
    }
    return errorOf(this.site, call, failure, error);
  }

  async #bucketIsMissing(call: Call): Promise<boolean> {
    const { signal } = call;
    try {
      const send = () => this.wire.headBucket({ signal });
      await untilAborted(this.#sockets.use(signal, send), signal);
      return false;
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason;
      const failure = this.wire.failureOf(error);
      // Whoever may not look at the bucket may still be told of its objects.
      if (failure.kind === "answer" && failure.status < 500) return failure.status === 404;
      throw errorOf(this.site, call, failure, error);
    }
  }
}

type Ambiguous = Extract<Failure, { kind: "answer" }>;

/** A HEAD has no body for a code, and MinIO has `NoSuchUpload` for uploads of a missing bucket. */
function isAmbiguous(failure: Failure): failure is Ambiguous {
  if (failure.kind !== "answer" || failure.status !== 404) return false;
  const { code } = failure;
  return code === undefined || code === "NotFound" || code === "NoSuchUpload";
}

/** Settles as the promise does, or rejects with the signal's reason as soon as it is aborted. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
