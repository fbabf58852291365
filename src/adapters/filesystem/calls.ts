import { type Call, refusal } from "./errors.js";

/** The calls under way in a store, until it is disposed of. */
export class Calls {
  readonly #idle = Promise.withResolvers<void>();
  #running = 0;
  #ended = false;

  /** @throws `invalid-argument` once the store is disposed of. */
  expectOpen(call: Call): void {
    if (!this.#ended) return;
    throw refusal(call, "invalid-argument", "the store is disposed of; open it again");
  }

  async run<T>(call: Call, work: () => Promise<T>): Promise<T> {
    this.expectOpen(call);
    this.#running++;
    try {
      return await work();
    } finally {
      this.#running--;
      if (this.#ended && this.#running === 0) this.#idle.resolve();
    }
  }

  /** Lets no call begin any more, and resolves when those under way have come to their end. */
  async end(): Promise<void> {
    this.#ended = true;
    if (this.#running > 0) await this.#idle.promise;
  }
}
