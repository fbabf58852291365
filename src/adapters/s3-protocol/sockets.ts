import { Readable } from "node:stream";

/**
 * The connections of a client, which each request has for itself until its answer has been read.
 *
 * Those beyond them wait here, before they are signed: in an agent they would wait with a signature
 * that grows old, and with credentials that may end.
 */
export class Sockets {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  /** @param most connections at once; infinite for a client of which that is not known. */
  constructor(most: number) {
    this.#free = most;
  }

  /** @throws what the request throws; the signal's reason, while waiting. */
  async use<T>(signal: AbortSignal | undefined, send: () => Promise<T>): Promise<T> {
    await this.#take(signal);
    let body: unknown;
    try {
      signal?.throwIfAborted();
      const answer = await send();
      body = (answer as { readonly body?: unknown } | undefined)?.body;
      return answer;
    } finally {
      if (body instanceof Readable && !body.closed) body.once("close", () => this.#giveBack());
      else this.#giveBack();
    }
  }

  #take(signal: AbortSignal | undefined): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const call = (): void => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      };
      const onAbort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(call), 1);
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#waiting.push(call);
    });
  }

  #giveBack(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}
