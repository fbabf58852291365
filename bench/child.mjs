// Carries out one case in a process of its own: node bench/child.mjs CASE, which is JSON.
//
// On its way out it writes one line of JSON: the milliseconds of the work, from the first call to
// the last answer, and the CPU seconds and peak memory of the whole process.
import { createReadStream, openSync, readFileSync, writeSync } from "node:fs";
import { SMALL_AT_ONCE, SMALL_BYTES } from "./constants.mjs";

const { client: module, work, ...target } = JSON.parse(process.argv[2]);
let workMs;

process.on("exit", () => {
  const { userCPUTime, systemCPUTime } = process.resourceUsage();
  const cpu = (userCPUTime + systemCPUTime) / 1e6;
  writeSync(1, `${JSON.stringify({ workMs, cpu, peakBytes: peakBytes() })}\n`);
});

const { open } = await import(`./clients/${module}.mjs`);
const client = await open(target);
const start = performance.now();
await carryOut();
workMs = performance.now() - start;
await client.close();

async function carryOut() {
  if (work.kind === "file") return client.file(work.path);
  // Nothing but the bytes is known of it: neither a path nor a length.
  if (work.kind === "stream")
    return client.stream(createReadStream("", { fd: openSync(work.path) }));
  let next = 0;
  const bytes = Buffer.alloc(SMALL_BYTES, "stowage");
  const send = async () => {
    while (next < work.count) await client.small(next++, bytes);
  };
  await Promise.all(Array.from({ length: SMALL_AT_ONCE }, send));
}

/** `maxRSS` counts from the fork, when the memory was still the parent's; Linux knows better. */
function peakBytes() {
  try {
    return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync("/proc/self/status", "utf8"))[1]) * 1024;
  } catch {
    return process.resourceUsage().maxRSS * 1024;
  }
}
