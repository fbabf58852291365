import { StowageError } from "../../domain/errors.js";
import type { Slice } from "../../ports/slice.js";

/** Sees to it that a source is read once only. */
export class Once {
  #begun = false;

  begin(): void {
    if (this.#begun) {
      throw new StowageError(
        "invalid-argument",
        "Cannot read a source twice: open it again to read it again",
      );
    }
    this.#begun = true;
  }
}

/** A size that is asked for, in bytes: at least one, as pieces of none would never end. */
export function pieceSize(size: number): number {
  if (Number.isSafeInteger(size) && size > 0) return size;
  throw new StowageError(
    "invalid-argument",
    `Cannot read a piece of ${size} bytes: give a whole number of at least 1`,
  );
}

/** New memory, never from the pool that small buffers share: the piece belongs to whoever takes it. */
export async function newRoom(bytes: number): Promise<Uint8Array> {
  return Buffer.allocUnsafeSlow(bytes);
}

/** @param read fills memory with the bytes from an offset on. */
export function sliceOf(
  start: number,
  end: number,
  read: (memory: Uint8Array, at: number) => Promise<void>,
): Slice {
  return {
    size: end - start,
    open: () => {
      let at = start;
      return async (memory) => {
        await read(memory, at);
        at += memory.length;
      };
    },
  };
}
