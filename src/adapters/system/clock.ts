import { randomUUID } from "node:crypto";
import { setTimeout as after } from "node:timers/promises";
import type { Clock } from "../../ports/clock.js";

/** The machine's own time and chance. */
export const systemClock: Clock = {
  now: () => new Date(),
  sleep: async (ms, signal) => {
    signal?.throwIfAborted();
    // `after` rejects with an AbortError of its own; the promise is the signal's reason.
    await after(ms, undefined, { signal }).catch((error: unknown) => {
      throw signal?.aborted === true ? signal.reason : error;
    });
  },
  random: Math.random,
  // Of 122 random bits. Node keeps some drawn, where `randomBytes` asks the system each time.
  token: () => randomUUID().replaceAll("-", ""),
};
