import type { Readable } from "node:stream";
import { type SignsPayload, UNSIGNED_PAYLOAD } from "../s3-protocol/payloads.js";

/** What middleware sees of a request. */
export interface HttpRequest {
  readonly protocol: string;
  readonly headers: Record<string, string>;
}

type Middleware = <A extends { request: unknown }, R>(
  next: (args: A) => Promise<R>,
) => (args: A) => Promise<R>;

export const PAYLOAD = { step: "build", name: "stowagePayload" } as const;

/**
 * The SDK hashes the bytes that it signs, in one native pass, unless the header is there.
 *
 * @param hash gives the SHA-256 of a stream, which the SDK does not hash.
 */
export function payload(
  signs: SignsPayload,
  crc32: string | undefined,
  hash?: () => Promise<string>,
): Middleware {
  return (next) => async (args) => {
    const { protocol, headers } = args.request as HttpRequest;
    if (!signs(protocol === "https:", crc32)) headers["x-amz-content-sha256"] = UNSIGNED_PAYLOAD;
    else if (hash !== undefined) headers["x-amz-content-sha256"] = await hash();
    return next(args);
  };
}

export const BODY = { step: "deserialize", name: "stowageBody" } as const;

/** Below the SDK's retries, which are off, and complain on the console of a stream that fails. */
export function streamed(body: Readable): Middleware {
  return (next) => (args) => next({ ...args, request: { ...(args.request as HttpRequest), body } });
}
