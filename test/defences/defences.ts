/** A line of defence, and how it is turned off to see that its tests notice. */
export interface Defence {
  readonly id: string;
  /** What it sees to. */
  readonly sees: string;
  readonly file: string;
  /** What stands there once, and what takes its place. */
  readonly off: readonly [there: string, instead: string];
  /** Files of tests, of which at least one is to fail. */
  readonly tests: readonly string[];
}

export const DEFENCES: readonly Defence[] = [
  {
    id: "source-verified",
    sees: "a file that was written to meanwhile is found before the upload is completed",
    file: "src/app/uploader/send-parts.ts",
    off: ["    await source.verify();\n", ""],
    tests: ["test/app/source-changes"],
  },
  {
    id: "source-short",
    sees: "a file that ends early is no shorter file",
    file: "src/adapters/local/file-source.ts",
    off: ["if (bytesRead === 0) {", "if (bytesRead === 0) return;\n      if (bytesRead < 0) {"],
    tests: ["test/local/files"],
  },
  {
    id: "size-held",
    sees: "a stream has the bytes that it was told to have",
    file: "src/app/uploader/prepare.ts",
    off: ["  if (readBytes === size) return;\n", "  return;\n"],
    tests: ["test/app/upload-sizes"],
  },
  {
    id: "reconcile",
    sees: "a write whose answer was lost is looked for before it is called a failure",
    file: "src/app/uploader/outcome.ts",
    off: [
      'if (found.kind === "ours" && found.info.size === size) {',
      "if (Number.isNaN(size) && found.kind === 'ours') {",
    ],
    tests: ["test/app/upload-failures"],
  },
  {
    id: "write-token",
    sees: "another's object is not taken for one's own",
    file: "src/app/uploader/outcome.ts",
    off: ["info.metadata[WRITE_TOKEN] === upload.writeToken", "info.size >= 0"],
    tests: ["test/app/upload-failures", "test/app/upload-engine", "test/model/engine"],
  },
  {
    id: "own-refusal",
    sees: "a create-only write that is refused because of its own first sending is no failure",
    file: "src/app/uploader/outcome.ts",
    off: ["return unsettled || REFUSALS_OF_A_SECOND_SENDING.has(error.code);", "return unsettled;"],
    tests: ["test/app/upload-failures", "test/model/engine"],
  },
  {
    id: "abort-proved",
    sees: "an upload is dropped until the store lists no part of it",
    file: "src/app/uploader/outcome.ts",
    off: ["if (done === true) return true;", "return done !== undefined || true;"],
    tests: ["test/app/upload-failures", "test/app/upload-aborts"],
  },
  {
    id: "parts-awaited",
    sees: "an upload is dropped only when no part is in flight any more",
    file: "src/app/uploader/send-parts.ts",
    off: ["  await Promise.all(inFlight);\n", ""],
    tests: ["test/app/upload-failures", "test/app/upload-aborts", "test/app/upload-engine"],
  },
  {
    id: "abort-grace",
    sees: "a write that is aborted may still say whether it was carried out",
    file: "src/app/abortable.ts",
    off: ["later.abort(signal?.reason), graceMs", "later.abort(signal?.reason), graceMs - graceMs"],
    tests: ["test/app/upload-aborts"],
  },
  {
    id: "taken-back",
    sees: "an object that was stored after all is removed when its upload was aborted",
    file: "src/app/uploader/send-whole.ts",
    off: [
      "const left = await withdraw(uploader, upload, cleanupLimit(uploader));",
      'const left: "removed" | "absent" | "stays" | "silent" = "removed";',
    ],
    tests: ["test/app/upload-aborts"],
  },
  {
    id: "lost-uploads",
    sees: "an upload whose answer was lost is found by its key and dropped",
    file: "src/app/uploader/lost-uploads.ts",
    off: ["      if (young && ", "      if (!young && "],
    tests: ["test/app/upload-truth"],
  },
  {
    id: "others-uploads",
    sees: "an upload that may be another's is left alone",
    file: "src/app/uploader/lost-uploads.ts",
    off: ["    if (found.length > lost) return false;\n", ""],
    tests: ["test/app/upload-truth"],
  },
  {
    id: "resolve",
    sees: "an unknown outcome can be found out later",
    file: "src/app/uploader/outcome.ts",
    off: [
      '  if (!(error instanceof StowageError) || error.outcome !== "unknown") return error;\n  const since',
      "  if (error !== undefined) return error;\n  const since",
    ],
    tests: ["test/app/upload-truth"],
  },
  {
    id: "create-only",
    sees: "nothing is ever replaced",
    file: "src/app/uploads.ts",
    off: ["    when: { absent: true },\n", "    when: undefined,\n"],
    tests: ["test/app/upload-engine", "test/app/upload-failures"],
  },
  {
    id: "conditional-complete",
    sees: "no store completes an upload that could replace another's object",
    file: "src/app/uploader/send-parts.ts",
    off: ["  expectConditions(uploader, upload);\n", ""],
    tests: ["test/app/upload-engine", "test/app/upload-failures"],
  },
  {
    id: "encryption-confirmed",
    sees: "an object that landed without the encryption asked for is not kept",
    file: "src/app/uploader/outcome.ts",
    off: ["if (encryption === undefined || found", "if (encryption !== null || found"],
    tests: ["test/app/upload-failures"],
  },
  {
    id: "own-keys-apart",
    sees: "two uploads of one name in one second are not in each other's way",
    file: "src/app/uploads.ts",
    off: ["    if (uploads.running.count(next.key) > 0) continue;\n", ""],
    tests: ["test/app/upload-sizes"],
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
    id: "complete-believed",
    sees: "a success of a complete that names nothing is not believed",
    file: "src/adapters/s3-protocol/uploads.ts",
    off: ["if (answer.key === undefined) {", "if (answer.key === null) {"],
    tests: ["test/s3/odd-answers"],
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
  {
    id: "download-verified",
    sees: "a wrong byte never reaches a finished download",
    file: "src/app/reading.ts",
    off: ["  if (right && read === info.size) return;\n", "  if (right || !right) return;\n"],
    tests: ["test/app/reading"],
  },
  {
    id: "download-one-version",
    sees: "a download that is taken up again goes on with the same version",
    file: "src/app/reading.ts",
    off: ["        when: { etag: info.etag },\n", ""],
    tests: ["test/app/reading"],
  },
  {
    id: "owners-apart",
    sees: "no user reaches another's object",
    file: "src/app/references.ts",
    off: ["  if (own) return key;\n", "  if (own || !own) return key;\n"],
    tests: ["test/app/reading", "test/app/embedding", "test/cli/commands"],
  },
];
