import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";

/** Milliseconds: several times what the slowest client takes. */
const CASE_LIMIT_MS = 180_000;

/** No settings but ours: those that an account has for Amazon S3 stay out of it. */
const BARE = {
  AWS_EC2_METADATA_DISABLED: "true",
  AWS_CONFIG_FILE: "/dev/null",
  AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
};

/**
 * Runs one case in a process of its own and measures it.
 *
 * @returns `wall` and `work` in seconds, from the start of the process to its end and from the first
 *   call to the last answer; `cpu` in seconds, user and system; `peak` in bytes.
 */
export async function measure(spec, nodeOptions) {
  const script = join(import.meta.dirname, "child.mjs");
  const start = performance.now();
  const child = spawn(process.execPath, [...nodeOptions, script, JSON.stringify(spec)], {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: CASE_LIMIT_MS,
    killSignal: "SIGKILL",
    env: { PATH: process.env.PATH, ...BARE },
  });
  const ended = new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve({ code, signal, at: performance.now() }));
  });
  const [said, complaint, { code, signal, at }] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    ended,
  ]);
  if (code !== 0) {
    throw new Error(`${spec.client} ended with ${signal ?? code}: ${complaint.slice(-2000)}`);
  }
  const { workMs, cpu, peakBytes } = JSON.parse(said.trim().split("\n").at(-1));
  return { wall: (at - start) / 1000, work: workMs / 1000, cpu, peak: peakBytes };
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1
    ? sorted[Math.floor(middle)]
    : (sorted[middle - 1] + sorted[middle]) / 2;
}
