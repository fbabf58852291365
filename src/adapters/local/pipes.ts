import { once } from "node:events";
import { close, constants, open, read } from "node:fs";
import { Socket } from "node:net";
import { platform } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { quote } from "../../domain/errors.js";
import { errnoOf } from "./errors.js";
import { type Chunks, fromReadable } from "./streams.js";

/** Milliseconds between two looks for a writer, where the system does not tell of one. */
const LOOK_MS = 20;

/**
 * Opens a pipe by its path, and waits until something has come through it or its writers have left.
 *
 * Opened and read in the ordinary way, it would hold one of the system's threads until a writer
 * comes, and the process could not even end. So it is opened without waiting, and the event loop
 * waits for it, as it does for standard input.
 *
 * @throws the signal's reason, as soon as it is aborted; the system's error.
 */
export async function openPipe(path: string, signal: AbortSignal | undefined): Promise<Chunks> {
  const descriptor = await promisify(open)(path, constants.O_RDONLY | constants.O_NONBLOCK);
  let socket: Socket;
  try {
    // Linux tells a pipe that no writer has come to from one that its writers have left. Elsewhere
    // both are at their end, and a pipe without a writer would be taken for an empty file.
    const first = platform() === "linux" ? undefined : await firstOf(descriptor, signal);
    socket = new Socket({ fd: descriptor, readable: true, writable: false });
    if (first !== undefined) socket.unshift(first);
  } catch (error) {
    close(descriptor);
    throw error;
  }
  const chunks = fromReadable(socket, quote(path));
  try {
    await once(socket, "readable", { signal });
    return chunks;
  } catch (error) {
    await chunks.release();
    signal?.throwIfAborted();
    throw error;
  }
}

/**
 * Looks again and again until a pipe has a writer, and resolves to what that has written by then. One
 * who comes and goes without a byte between two looks is not seen.
 *
 * @throws the signal's reason, as soon as it is aborted.
 */
export async function firstOf(
  descriptor: number,
  signal: AbortSignal | undefined,
): Promise<Buffer | undefined> {
  const buffer = Buffer.allocUnsafeSlow(65_536);
  for (;;) {
    try {
      const { bytesRead } = await promisify(read)(descriptor, buffer, 0, buffer.length, null);
      if (bytesRead > 0) return buffer.subarray(0, bytesRead);
    } catch (error) {
      // There is a writer, who has not written yet.
      if (errnoOf(error) === "EAGAIN") return undefined;
      throw error;
    }
    await sleep(LOOK_MS, undefined, { signal }).catch((error: unknown) => {
      signal?.throwIfAborted();
      throw error;
    });
  }
}
