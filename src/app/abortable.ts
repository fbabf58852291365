/**
 * Settles as the promise does, or rejects with the signal's reason as soon as it is aborted. The
 * listener goes when either has happened: a signal that lives longer keeps nothing of the promise.
 */
export function untilAborted<T>(
  promise: PromiseLike<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(signal?.reason);
    const settled = (): void => signal?.removeEventListener("abort", onAbort);
    signal?.addEventListener("abort", onAbort, { once: true });
    if (signal?.aborted === true) onAbort();
    promise.then(
      (value) => {
        settled();
        resolve(value);
      },
      (error: unknown) => {
        settled();
        reject(error);
      },
    );
  });
}

/**
 * Iterates until the signal is aborted, also while a piece is awaited that may never come: the source
 * itself is let go of by whoever opened it.
 */
export async function* abortable<T>(
  iterable: AsyncIterable<T>,
  signal: AbortSignal | undefined,
): AsyncGenerator<T> {
  const iterator = iterable[Symbol.asyncIterator]();
  let waiting = false;
  try {
    for (;;) {
      signal?.throwIfAborted();
      waiting = true;
      const next = await untilAborted(iterator.next(), signal);
      waiting = false;
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    // An iterator that still owes a piece would answer only after that one.
    if (!waiting) await iterator.return?.();
  }
}

/**
 * Makes a request that an abort ends only some time later. A write that is cut off may be carried out
 * all the same, so it is given the time to say whether it was; the caller then looks at the signal.
 */
export async function withGrace<T>(
  signal: AbortSignal | undefined,
  graceMs: number,
  send: (later: AbortSignal | undefined) => Promise<T>,
): Promise<T> {
  if (signal === undefined) return send(undefined);
  const later = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const onAbort = (): void => {
    timer = setTimeout(() => later.abort(signal.reason), graceMs);
  };
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await send(later.signal);
  } finally {
    signal.removeEventListener("abort", onAbort);
    clearTimeout(timer);
  }
}
