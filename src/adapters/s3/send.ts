import type { Readable } from "node:stream";
import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import { NodeHttpHandler } from "@smithy/node-http-handler";

/** What middleware sees of a request. */
export interface HttpRequest {
  readonly protocol: string;
  readonly headers: Record<string, string>;
}

/** Is given a request before it is signed. */
export type Prepare = (request: HttpRequest) => void | Promise<void>;

/** What a command is sent with. */
export interface Sending {
  readonly signal?: AbortSignal | undefined;
  readonly prepare?: Prepare | undefined;
  /** Is sent as the body. The signature knows nothing of it but what `prepare` has put into a header. */
  readonly stream?: Readable | undefined;
}

/** A command, by what it resolves to. */
interface Sendable<Output> {
  readonly input: object;
  resolveMiddleware(...given: never[]): (args: never) => Promise<{ readonly output: Output }>;
}

export type Send = <Output>(command: Sendable<Output>, sending: Sending) => Promise<Output>;

/** How a client sends commands. One that was not made here has each command told what it needs. */
export function sendOf(client: S3Client): Send {
  if (client instanceof SteadyClient) return client.sendWith;
  const send = client.send.bind(client) as (command: unknown, options: object) => Promise<never>;
  return async (command, sending) => {
    addTo(command as unknown as S3Client, sending);
    const { signal } = sending;
    return send(command, signal === undefined ? {} : { abortSignal: signal });
  };
}

function addTo(
  { middlewareStack }: Pick<S3Client, "middlewareStack">,
  { prepare, stream }: Sending,
): void {
  middlewareStack.add(
    (next) => async (args) => {
      await prepare?.(args.request as HttpRequest);
      return next(args);
    },
    { step: "build", name: "stowagePrepare" },
  );
  if (stream === undefined) return;
  // Below the SDK's retries, which complain on the console of a stream that fails.
  middlewareStack.add((next) => (args) => next(withBody(args, stream)), {
    step: "deserialize",
    name: "stowageStream",
  });
}

function withBody<A extends { readonly request: unknown }>(args: A, body: Readable): A {
  return { ...args, request: { ...(args.request as HttpRequest), body } };
}

/** What middleware hands on, and of it what is ours. */
interface Arguments {
  readonly request: unknown;
  /** Missing where a request is made only to be signed. */
  readonly sending?: Sending;
}

/** By the request. */
const signals = new WeakMap<object, AbortSignal>();

/**
 * A client that may resolve its middleware once for each kind of command (`cacheMiddleware`), which
 * saves a tenth of what a small object takes. The SDK does so only where a command has no middleware
 * and no options of its own: signals and headers go through middleware of the client instead.
 */
export class SteadyClient extends S3Client {
  readonly #sendings = new WeakMap<object, Sending>();

  /** @param config with a `SignalledHandler`. */
  constructor(config: S3ClientConfig) {
    super(config);
    this.middlewareStack.add(
      (next) => (args) => {
        const sending = this.#sendings.get(args.input);
        return next({ ...args, sending } as typeof args);
      },
      { step: "initialize", priority: "high", name: "stowageSending" },
    );
    this.middlewareStack.add(
      (next) => async (args) => {
        const { request, sending } = args as unknown as Arguments;
        await sending?.prepare?.(request as HttpRequest);
        return next(args);
      },
      { step: "build", name: "stowagePrepare" },
    );
    this.middlewareStack.add(
      (next) => (args) => {
        const { stream, signal } = (args as unknown as Required<Arguments>).sending;
        const sent = stream === undefined ? args : withBody(args, stream);
        if (signal !== undefined) signals.set(sent.request as object, signal);
        return next(sent);
      },
      // After the signature, which makes another request of it.
      { step: "finalizeRequest", priority: "low", name: "stowageSignal" },
    );
    // Sends once: whether a request is sent again is decided by whoever calls the store.
    this.middlewareStack.add((next) => next, {
      step: "finalizeRequest",
      priority: "high",
      name: "retryMiddleware",
      override: true,
    });
  }

  readonly sendWith: Send = async (command, sending) => {
    const input: { Body?: unknown } = command.input;
    this.#sendings.set(input, sending);
    try {
      return (await this.send(command as never)) as never;
    } finally {
      // The first command of each kind is held for good: not so its bytes.
      if (input.Body !== undefined) input.Body = undefined;
    }
  };
}

/** Ends requests by the signals that they were sent with. */
export class SignalledHandler extends NodeHttpHandler {
  override handle(
    ...[request, options]: Parameters<NodeHttpHandler["handle"]>
  ): ReturnType<NodeHttpHandler["handle"]> {
    const signal = signals.get(request);
    return super.handle(
      request,
      signal === undefined ? options : { ...options, abortSignal: signal },
    );
  }
}
