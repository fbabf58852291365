import type { AnswerFailure } from "./failure.js";

/** Before their end: a request may take a while. */
const EARLY_MS = 300_000;

const EXPIRED: ReadonlySet<string | undefined> = new Set([
  "ExpiredToken",
  "ExpiredTokenException",
  "TokenRefreshRequired",
  "InvalidToken",
]);

/** What a wire has of a renewal. */
export type Heeding = Pick<Renewal<object>, "generation" | "heed">;

/** Credentials that a provider gives, kept until they end, or until a server refuses them. */
export class Renewal<C extends { readonly expiration?: Date | undefined }> {
  readonly #ask: () => Promise<C>;
  readonly #keysOf: (credentials: C) => string;
  #held: Promise<C> | undefined;
  #end = Number.POSITIVE_INFINITY;
  #keys: string | undefined;
  #refused: string | undefined;
  #generation = 0;
  #asks = 0;

  /** @param keysOf tells whether credentials are the same as others. */
  constructor(ask: () => Promise<C>, keysOf: (credentials: C) => string) {
    this.#ask = ask;
    this.#keysOf = keysOf;
  }

  /** Grows with each renewal: to be remembered of a request before it is signed. */
  get generation(): number {
    return this.#generation;
  }

  /** Requests at the same time ask the provider once. */
  async credentials(): Promise<C> {
    if (this.#end - EARLY_MS <= Date.now()) this.#renew();
    this.#held ??= this.#asked();
    return this.#held;
  }

  #renew(): void {
    this.#held = undefined;
    this.#end = Number.POSITIVE_INFINITY;
    this.#generation += 1;
  }

  async #asked(): Promise<C> {
    this.#asks += 1;
    const ask = this.#asks;
    try {
      const credentials = await this.#ask();
      // What an earlier ask brings late is not what is held.
      if (ask === this.#asks) {
        this.#keys = this.#keysOf(credentials);
        this.#end = credentials.expiration?.getTime() ?? Number.POSITIVE_INFINITY;
      }
      return credentials;
    } catch (error) {
      if (ask === this.#asks) this.#held = undefined;
      throw error;
    }
  }

  /**
   * Tells that a request of that generation was answered so, and gives the answer, marked where the
   * request may be sent again with other credentials. Those that come back the same are not.
   */
  heed(failure: AnswerFailure, generation: number): AnswerFailure {
    const { status, code } = failure;
    // An answer to a HEAD tells no code, and Amazon S3 has 400 for a token that ended.
    if (!EXPIRED.has(code) && !(status === 400 && code === undefined)) return failure;
    if (generation === this.#generation) {
      if (this.#keys === undefined || this.#keys === this.#refused) return failure;
      this.#refused = this.#keys;
      this.#renew();
    }
    return { ...failure, code: code ?? "ExpiredToken", renewed: true };
  }
}
