/** Bytes that stand elsewhere, such as in a file, and can be read more than once. */
export interface Slice {
  /** In bytes. */
  readonly size: number;
  /** Begins to read it, from its first byte. Any number of passes may be under way. */
  open(): FillNext;
}

/**
 * Fills memory with the bytes that come next. It is called by one pass, one call at a time, and never
 * for more bytes than are left. Whoever calls owns the memory.
 *
 * @throws a `StowageError`, such as `source-changed` where the bytes are no longer what they were.
 */
export type FillNext = (memory: Uint8Array) => Promise<void>;

/**
 * Makes one pass over a slice, a piece at a time.
 *
 * @param memory where the pieces stand, one after the other. Its length is that of the longest.
 * @throws the signal's reason; what reading and `take` throw.
 */
export async function readSlice(
  slice: Slice,
  memory: Uint8Array,
  take: (piece: Uint8Array) => void | Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const fill = slice.open();
  for (let done = 0; done < slice.size; ) {
    const piece = memory.subarray(0, Math.min(memory.length, slice.size - done));
    await fill(piece);
    signal?.throwIfAborted();
    await take(piece);
    done += piece.length;
  }
}

/**
 * A slice of which each pass is looked at: `begin` is called for each, and what it gives for each piece
 * that was read, before that is handed on. What it throws ends the pass.
 */
export function watchedSlice(
  slice: Slice,
  begin: () => (piece: Uint8Array, isLast: boolean) => void,
): Slice {
  const { size } = slice;
  return {
    size,
    open: () => {
      const fill = slice.open();
      const look = begin();
      let done = 0;
      return async (memory) => {
        await fill(memory);
        done += memory.length;
        look(memory, done === size);
      };
    },
  };
}
