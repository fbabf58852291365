#!/usr/bin/env node
import { createRequire } from "node:module";
import { Interruption } from "./interruption.js";
import { nodeFault } from "./node-version.js";

/**
 * Milliseconds within which a second signal is the first one come twice: from the terminal, and
 * passed on by npm.
 */
const SAME_SIGNAL_MS = 500;

const { version, engines } = createRequire(import.meta.url)("../../../package.json") as {
  version: string;
  engines: { node: string };
};
const fault = nodeFault(process.versions.node, engines.node);
if (fault !== undefined) {
  process.stderr.write(`stowage: ${fault}.\n`);
  process.exit(1);
}
// Not before: an old Node may fail to load it, and with less to say.
const { run } = await import("./run.js");

const interrupted = new AbortController();
let interruptedAtMs: number | undefined;

for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.on(name, () => {
    const interruption = new Interruption(name);
    const nowMs = performance.now();
    interruptedAtMs ??= nowMs;
    interrupted.abort(interruption);
    if (nowMs - interruptedAtMs > SAME_SIGNAL_MS) process.exit(interruption.exitCode);
  });
}

// Whoever writes is told by its own callback; without a listener the process would end here.
process.stdout.on("error", () => undefined);
process.stderr.on("error", () => undefined);

const exitCode = await run(process.argv.slice(2), {
  terminal: {
    // Only a command that reads it opens it.
    get stdin() {
      return process.stdin;
    },
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
    elapsedMs: () => performance.now(),
  },
  version,
  signal: interrupted.signal,
});
// A standard input that still waits for bytes would keep the process.
process.exit(exitCode);
