import type { Readable } from "node:stream";
import { StowageError } from "../../domain/errors.js";
import type { OpenObject } from "../../ports/object-store.js";
import type { Context } from "./context.js";
import { type Call, errorOf } from "./errors.js";
import { errorFields, type Failure, networkFailure, textOf } from "./failure.js";

/**
 * The body of an answer, to be iterated once. Leaving it early, disposing of it and aborting the call
 * all let go of the connection.
 *
 * @param length bytes that the answer announced.
 */
export function bodyOf(
  context: Context,
  call: Call,
  stream: Readable,
  length: number,
): Pick<OpenObject, "body" | typeof Symbol.asyncDispose> {
  const { signal } = call;
  const onAbort = (): void => {
    stream.destroy();
  };
  const letGo = (): void => {
    signal?.removeEventListener("abort", onAbort);
    stream.destroy();
  };
  // Errors are told to whoever iterates; without a listener they would end the process.
  stream.on("error", () => undefined);
  signal?.addEventListener("abort", onAbort, { once: true });
  let taken = false;

  async function* chunks(): AsyncGenerator<Uint8Array> {
    const reader = stream[Symbol.asyncIterator]();
    let read = 0;
    try {
      for (;;) {
        const next = await nextChunk(reader);
        signal?.throwIfAborted();
        if (next === undefined) break;
        read += next.length;
        if (read > length) break;
        yield next;
      }
    } finally {
      letGo();
    }
    if (read === length) return;
    const text = `${read} bytes came of ${length} announced`;
    const failure: Failure = { kind: "broken-off", code: "ECONNRESET", text };
    throw errorOf(context.site, call, failure, new Error(text));
  }

  async function nextChunk(reader: AsyncIterator<Uint8Array>): Promise<Uint8Array | undefined> {
    try {
      const next = await reader.next();
      return next.done === true ? undefined : next.value;
    } catch (error) {
      signal?.throwIfAborted();
      throw errorOf(context.site, call, bodyFailure(stream, error), error);
    }
  }

  return {
    body: {
      [Symbol.asyncIterator]: () => {
        if (taken) {
          throw new StowageError(
            "invalid-argument",
            "Cannot read the body again: it is iterable once; get the object again",
          );
        }
        taken = true;
        return chunks();
      },
    },
    [Symbol.asyncDispose]: async () => letGo(),
  };
}

/** No body: what an object without bytes has to be read. */
export function emptyBody(): Pick<OpenObject, "body" | typeof Symbol.asyncDispose> {
  return {
    body: (async function* () {})(),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

/** The stream says "aborted" whatever happened: why is told by its socket. */
function bodyFailure(stream: Readable, error: unknown): Failure {
  const { socket } = errorFields(stream);
  const { errored } = errorFields(socket);
  return (
    networkFailure(errored) ??
    networkFailure(error) ?? { kind: "broken-off", code: "ECONNRESET", text: textOf(error) }
  );
}
