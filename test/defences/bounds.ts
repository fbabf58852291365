import type { Defence } from "./defence.js";

/** Of time, memory and requests. */
export const bounds: readonly Defence[] = [
  {
    id: "too-large-to-hold",
    sees: "parts that do not fit into the memory budget are not held",
    file: "src/app/uploader/prepare.ts",
    off: ["rooms.fits(partBytes * Math.min(concurrency, partCount));", "rooms.fits(0);"],
    tests: ["test/app/slices", "test/app/large-parts"],
  },
  {
    id: "memory-left",
    sees: "an upload that has failed waits for no memory any more",
    file: "src/app/uploader/part-memory.ts",
    off: ["    this.#ended.abort();\n", ""],
    tests: ["test/app/part-memory"],
  },
  {
    id: "memory-budget",
    sees: "all uploads together hold no more than the budget",
    file: "src/app/uploader/part-memory.ts",
    off: ["return this.#usedBytes === 0 || ", "return this.#usedBytes >= 0 || "],
    tests: ["test/app/part-memory"],
  },
  {
    id: "memory-safe",
    sees: "memory that a request may still hold is not used again",
    file: "src/app/uploader/part-memory.ts",
    off: ["if (reusable && size", "if (size"],
    tests: ["test/app/part-memory"],
  },
  {
    id: "pace",
    sees: "fewer requests are in flight while the server asks for less",
    file: "src/app/pace.ts",
    off: ["Math.min(this.#limit, this.#inFlight) / 2", "this.#limit"],
    tests: ["test/app/pace", "test/app/retrying-store"],
  },
  {
    id: "retry-budget",
    sees: "a server that is down is not sent many times as many requests",
    file: "src/domain/retry.ts",
    off: ["    if (cost > this.#tokens) return undefined;\n", ""],
    tests: ["test/app/retrying-store"],
  },
  {
    id: "jitter",
    sees: "clients do not all come back at once",
    file: "src/domain/retry.ts",
    off: ["return Math.max(asked, random * bound);", "return Math.max(asked, bound);"],
    tests: ["test/domain/checksum-range-retry"],
  },
  {
    id: "retry-after",
    sees: "a server that says how long to wait is heeded",
    file: "src/domain/retry.ts",
    off: ["Math.min(error.retryAfterMs ?? 0, policy.maxDelayMs)", "0"],
    tests: ["test/domain/checksum-range-retry"],
  },
  {
    id: "call-limit",
    sees: "a call ends, however it trickles",
    file: "src/app/retrying-store.ts",
    off: ["      ending.abort(error);\n", ""],
    tests: ["test/app/retrying-store"],
  },
  {
    id: "idle-limit",
    sees: "a connection on which nothing moves is ended",
    file: "src/adapters/s3-protocol/agents.ts",
    off: ["      if (socket.connecting || socket.destroyed) return;\n", "      return;\n"],
    tests: ["test/s3/network"],
  },
  {
    id: "connect-limit",
    sees: "a server that does not take the connection is not waited for",
    file: "src/adapters/s3-protocol/agents.ts",
    off: ["  }, connectTimeoutMs);", "  }, 2 ** 31 - 1 + 0 * connectTimeoutMs);"],
    tests: ["test/s3/network"],
  },
];
