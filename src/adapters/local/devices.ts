import type { FileHandle } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { errnoOf } from "./errors.js";
import type { Chunks } from "./streams.js";

/** Bytes of one read. A terminal gives a line, and a file without a size what it has. */
const READ_BYTES = 65_536;
/** Milliseconds: the longest pause between two looks whether there is something to read. */
const MAX_PAUSE_MS = 50;

/**
 * A terminal, a device, or a file without a size, opened so that no read of it waits.
 *
 * A read that waits would hold one of the system's few threads, which nothing can end: not even the
 * process could. So whoever has nothing to give yet is asked again.
 */
export function fromHandle(handle: FileHandle, name: string): Chunks {
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  return {
    name,
    async next() {
      for (let pause = 1; ; pause = Math.min(pause * 2, MAX_PAUSE_MS)) {
        const size = await readNow(handle, buffer);
        // The chunk is copied out before the next read, which goes into the same buffer.
        if (size !== undefined) return size === 0 ? undefined : buffer.subarray(0, size);
        await sleep(pause);
      }
    },
    async release() {
      await handle.close().catch(() => undefined);
    },
  };
}

/** Whether a file that says to have no bytes has some, as those of `/proc` do. */
export async function hasBytesBeyondSize(handle: FileHandle): Promise<boolean> {
  const some = await readNow(handle, Buffer.alloc(1), 0);
  // A size by now: somebody is writing to an ordinary file.
  return some !== 0 && (await handle.stat()).size === 0;
}

/** Bytes read, 0 at the end; `undefined` while there are none. */
async function readNow(
  handle: FileHandle,
  buffer: Buffer,
  position: number | null = null,
): Promise<number | undefined> {
  try {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
    return bytesRead;
  } catch (error) {
    if (errnoOf(error) === "EAGAIN") return undefined;
    throw error;
  }
}
