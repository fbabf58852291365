import { finished, type Writable } from "node:stream";
import type { Target } from "../../ports/source.js";
import { sinkError, targetEnded, unfitTarget } from "./errors.js";

/** A stream of Node's sort, of which not every one has all that a `Writable` has. */
type NodeWritable = NodeJS.WritableStream &
  Partial<Pick<Writable, "destroy" | "destroyed" | "errored" | "writableEnded">>;

/** Whether a value is a stream of Node's sort. A response of HTTP is one, and no `Writable`. */
export function isNodeWritable(value: unknown): value is NodeWritable {
  if (typeof value !== "object" || value === null) return false;
  return ["write", "end", "on"].every((name) => typeof Reflect.get(value, name) === "function");
}

/** @throws `invalid-argument` when the stream takes nothing any more. */
export function openNodeTarget(stream: NodeWritable): Target {
  const { destroyed, writable, writableEnded, errored } = stream;
  if (destroyed) throw unfitTarget("it is destroyed", errored ?? undefined);
  if (writableEnded || writable === false) throw unfitTarget("it is ended");
  return new NodeTarget(stream);
}

class NodeTarget implements Target {
  readonly #stream: NodeWritable;
  /** Settles with the stream, or when it is let go of. */
  readonly #ended = Promise.withResolvers<void>();
  /** Writes that wait until there is room. */
  readonly #waiting = new Set<PromiseWithResolvers<void>>();
  #failure: Error | undefined;
  #state: "open" | "ended" | "committed" | "closed" = "open";

  constructor(stream: NodeWritable) {
    this.#stream = stream;
    this.#ended.promise.catch(() => undefined);
    // Listens from now on and for good: an error that nobody listens for would end the process.
    finished(stream, { readable: false }, (error) => {
      if (error) this.#fail(sinkError(error));
      else if (this.#state === "open") this.#fail(sinkError(new Error("somebody else ended it")));
      else this.#ended.resolve();
    });
    stream.on("drain", () => {
      for (const { resolve } of this.#waiting) resolve();
      this.#waiting.clear();
    });
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#expectOpen();
    if (this.#call(() => this.#stream.write(bytes)) && this.#failure === undefined) return;
    await this.#room();
  }

  async commit(): Promise<void> {
    this.#expectOpen();
    this.#state = "ended";
    this.#call(() => this.#stream.end());
    await this.#ended.promise;
    this.#state = "committed";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state === "committed" || this.#state === "closed") return;
    this.#state = "closed";
    this.#fail(targetEnded("the stream", "closed"));
    try {
      this.#stream.destroy?.();
    } catch {
      // A stream whose own destroy throws is its author's affair.
    }
  }

  async #room(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const waiting = Promise.withResolvers<void>();
    this.#waiting.add(waiting);
    await waiting.promise;
  }

  #call<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw sinkError(error);
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#ended.reject(error);
    for (const { reject } of this.#waiting) reject(error);
    this.#waiting.clear();
  }

  #expectOpen(): void {
    if (this.#state !== "open") throw targetEnded("the stream", this.#state);
    if (this.#failure !== undefined) throw this.#failure;
  }
}
