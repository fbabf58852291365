import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import { NodeHttpHandler } from "@smithy/node-http-handler";

/** What middleware sees of a request. */
export interface HttpRequest {
  readonly protocol: string;
  readonly headers: Record<string, string>;
}

/** What a command is sent with. */
export interface Sending {
  readonly signal?: AbortSignal | undefined;
  /** Is given the request before it is signed. */
  readonly prepare?: ((request: HttpRequest) => void) | undefined;
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
  return async (command, { signal, prepare }) => {
    if (prepare !== undefined) addTo(command as unknown as S3Client, prepare);
    return send(command, signal === undefined ? {} : { abortSignal: signal });
  };
}

function addTo(
  { middlewareStack }: Pick<S3Client, "middlewareStack">,
  prepare: (request: HttpRequest) => void,
): void {
  middlewareStack.add(
    (next) => (args) => {
      prepare(args.request as HttpRequest);
      return next(args);
    },
    { step: "build", name: "stowagePrepare" },
  );
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
      (next) => (args) => {
        const { request, sending } = args as unknown as Arguments;
        sending?.prepare?.(request as HttpRequest);
        return next(args);
      },
      { step: "build", name: "stowagePrepare" },
    );
    this.middlewareStack.add(
      (next) => (args) => {
        const { request, sending } = args as unknown as Required<Arguments>;
        if (sending.signal !== undefined) signals.set(request as object, sending.signal);
        return next(args);
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
