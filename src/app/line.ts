import { untilAborted } from "./abortable.js";

interface Waiting<T> {
  readonly wants: T;
  readonly call: () => void;
}

/** Those who wait for something that runs out, in the order in which they came. */
export class Line<T> {
  readonly #waiting: Waiting<T>[] = [];

  /** What the first of them wants; `undefined` when nobody waits. */
  get first(): T | undefined {
    return this.#waiting[0]?.wants;
  }

  /** Calls the first, who is then no longer in the line. */
  callFirst(): void {
    this.#waiting.shift()?.call();
  }

  /**
   * Waits to be called.
   *
   * @param onLeft runs when an abort ends the wait; `called` when the call had come already.
   * @throws the signal's reason.
   */
  async wait(
    wants: T,
    signal: AbortSignal | undefined,
    onLeft: (called: boolean) => void,
  ): Promise<void> {
    const turn = Promise.withResolvers<void>();
    let called = false;
    const call = (): void => {
      called = true;
      turn.resolve();
    };
    const waiting = { wants, call };
    this.#waiting.push(waiting);
    try {
      await untilAborted(turn.promise, signal);
    } catch (error) {
      if (!called) this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
      onLeft(called);
      throw error;
    }
  }
}
