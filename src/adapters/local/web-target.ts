import { StowageError } from "../../domain/errors.js";
import type { Target } from "../../ports/source.js";
import { sinkError, targetEnded, unfitTarget } from "./errors.js";

/** @throws `invalid-argument` when somebody else writes to the stream, or it takes nothing any more. */
export async function openWebTarget(stream: WritableStream<Uint8Array>): Promise<Target> {
  if (stream.locked) throw unfitTarget("it is locked, as somebody else writes to it");
  const writer = stream.getWriter();
  const target = new WebTarget(writer);
  // One turn, in which a stream that has come to its end says so.
  await Promise.resolve();
  const fault = target.fault;
  if (fault === undefined) return target;
  writer.releaseLock();
  throw fault;
}

class WebTarget implements Target {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #letGo = Promise.withResolvers<never>();
  #failure: { readonly reason: unknown } | undefined;
  #isClosed = false;
  #state: "open" | "ended" | "committed" | "closed" = "open";

  constructor(writer: WritableStreamDefaultWriter<Uint8Array>) {
    this.#writer = writer;
    this.#letGo.promise.catch(() => undefined);
    writer.closed.then(
      () => {
        this.#isClosed = true;
      },
      (reason: unknown) => this.#note(reason),
    );
  }

  /** Why the stream takes nothing, before anything was written. */
  get fault(): StowageError | undefined {
    if (this.#failure !== undefined) return unfitTarget("it has failed", this.#failure.reason);
    return this.#isClosed ? unfitTarget("it is ended") : undefined;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#expectOpen();
    this.#writer.write(bytes).catch((reason: unknown) => this.#note(reason));
    // Room for more, which is not yet that the bytes have arrived: a later call tells if they do not.
    await this.#writer.ready.catch((reason: unknown) => this.#note(reason));
    if (this.#state === "closed") throw targetEnded("the stream", "closed");
    if (this.#failure !== undefined) throw sinkError(this.#failure.reason);
  }

  async commit(): Promise<void> {
    this.#expectOpen();
    this.#state = "ended";
    await Promise.race([this.#writer.close(), this.#letGo.promise]).catch((reason: unknown) => {
      throw sinkError(this.#failure === undefined ? reason : this.#failure.reason);
    });
    this.#state = "committed";
    this.#writer.releaseLock();
  }

  /** Awaits nothing: the sink of a stream may take as long as it likes to abort, or never answer. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state === "committed" || this.#state === "closed") return;
    this.#state = "closed";
    this.#letGo.reject(targetEnded("the stream", "closed"));
    const reason = new StowageError(
      "aborted",
      "Cannot go on with the stream: the download ended early",
    );
    this.#writer.abort(reason).catch(() => undefined);
    this.#writer.releaseLock();
  }

  /** Not of what follows from the stream being let go of. */
  #note(reason: unknown): void {
    if (this.#state !== "closed") this.#failure ??= { reason };
  }

  #expectOpen(): void {
    if (this.#state !== "open") throw targetEnded("the stream", this.#state);
    if (this.#failure !== undefined) throw sinkError(this.#failure.reason);
  }
}
