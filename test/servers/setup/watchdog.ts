import { spawn } from "node:child_process";
import type { Socket } from "node:net";
import type { Writable } from "node:stream";
import { fileURLToPath } from "node:url";

/** What must not outlive this process: a process group, a folder or a container. */
export type Guarded =
  | { readonly pid: number }
  | { readonly folder: string }
  | { readonly container: string };

let watchdog: Writable | undefined;
let lastId = 0;

/**
 * Has `entry` killed or removed when this process ends, be it by SIGKILL.
 *
 * A handler for signals could not do that, and would change what Ctrl-C does to the test runner.
 *
 * @returns a function that lets go of the entry, for when it was removed in good order.
 */
export function guard(entry: Guarded): () => void {
  watchdog ??= start();
  lastId += 1;
  const id = lastId;
  watchdog.write(`${JSON.stringify({ id, entry })}\n`);
  return () => watchdog?.write(`${JSON.stringify({ id })}\n`);
}

function start(): Writable {
  const script = fileURLToPath(new URL("./watchdog.mjs", import.meta.url));
  const child = spawn(process.execPath, [script], {
    // In a session of its own: a Ctrl-C in the terminal must not end it first.
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  child.unref();
  (child.stdin as Socket).unref();
  child.stdin.on("error", () => {
    watchdog = undefined;
  });
  return child.stdin;
}
