import { AsyncLocalStorage } from "node:async_hooks";
import http, { type ClientRequest, type IncomingMessage } from "node:http";
import https from "node:https";
import type { ClientOptions } from "minio";
import { REQUEST_TIMEOUT } from "../s3-protocol/failure.js";

type Transport = NonNullable<ClientOptions["transport"]>;

/** One request of ours on its way through the client. */
export interface Pending {
  readonly signal: AbortSignal | undefined;
  /** Milliseconds until an answer begins. */
  readonly timeoutMs: number | undefined;
  answer?: IncomingMessage;
}

const pending = new AsyncLocalStorage<Pending>();

/** Has the client send a request, and gives the answer as it came. */
export async function through(
  request: Pending,
  send: () => Promise<unknown>,
): Promise<IncomingMessage | undefined> {
  await pending.run(request, send);
  return request.answer;
}

/**
 * What the client sends its requests by.
 *
 * The client has no way to end a request, and of an answer with an error it keeps neither headers nor,
 * for many statuses, the body. So it sends, and is told of nothing but success; the answer itself goes
 * past it.
 */
export const minioTransport: Transport = {
  request: ((options: http.RequestOptions, onAnswer: (answer: IncomingMessage) => void) => {
    const make = options.protocol === "https:" ? https.request : http.request;
    const ours = pending.getStore();
    if (ours === undefined) return make(options, onAnswer);
    const request = make(options, (answer) => {
      ours.answer = answer;
      onAnswer({ statusCode: 200 } as IncomingMessage);
    });
    endInTime(request, ours);
    return request;
  }) as Transport["request"],
};

function endInTime(request: ClientRequest, { signal, timeoutMs }: Pending): void {
  const onAbort = (): void => {
    request.destroy();
  };
  if (signal?.aborted === true) onAbort();
  signal?.addEventListener("abort", onAbort, { once: true });
  request.once("close", () => signal?.removeEventListener("abort", onAbort));
  if (timeoutMs === undefined) return;
  const timer = setTimeout(() => {
    const text = `no answer in ${timeoutMs} ms`;
    request.destroy(Object.assign(new Error(text), { code: REQUEST_TIMEOUT }));
  }, timeoutMs);
  request.once("response", () => clearTimeout(timer)).once("close", () => clearTimeout(timer));
}
