/** Time and chance, given to the use cases from outside so that tests can rule over both. */
export interface Clock {
  now(): Date;
  /**
   * Resolves after the time, in milliseconds.
   *
   * @throws the signal's reason, as soon as it is aborted.
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** From 0 up to, not including, 1. */
  random(): number;
  /** A text that nobody else has, of 32 hexadecimal digits (122 bits of chance). */
  token(): string;
}
