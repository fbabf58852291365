/** Turns by name: who comes later waits for all who came before. */
export class Turns {
  readonly #last = new Map<string, Promise<void>>();

  /**
   * Waits for one's turn, and resolves to what ends it.
   *
   * @throws the signal's reason, as soon as it is aborted. The turn is then passed on.
   */
  async take(name: string, signal: AbortSignal | undefined): Promise<() => void> {
    const before = this.#last.get(name) ?? Promise.resolve();
    let resolve = (): void => undefined;
    const own = new Promise<void>((ended) => {
      resolve = ended;
    });
    const last = before.then(() => own);
    this.#last.set(name, last);
    const end = (): void => {
      resolve();
      void last.then(() => {
        if (this.#last.get(name) === last) this.#last.delete(name);
      });
    };
    try {
      await unlessAborted(before, signal);
      return end;
    } catch (error) {
      end();
      throw error;
    }
  }
}

async function unlessAborted(
  waited: Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (signal === undefined) return waited;
  let onAbort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
  try {
    await Promise.race([waited, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
