import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

const HERE = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const HOOKS = HERE("../filesystem/typescript-sources.mjs");

/** Runs a shell, in which `"$@"` is a script of this folder with its arguments. */
export function startShell(shell: string, script: string, ...args: string[]): ChildProcess {
  const command = [process.execPath, "--import", HOOKS, HERE(script), ...args];
  const child = spawn("bash", ["-c", shell, "bash", ...command], {
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own, so that with the shell goes all that it began.
    detached: true,
  });
  onTestFinished(() => {
    try {
      process.kill(-Number(child.pid), "SIGKILL");
    } catch {
      // It has ended, with all that it began.
    }
  });
  return child;
}

/** Waits for the end of a shell, and tells what it said, word by word. */
export async function inShell(
  shell: string,
  script: string,
  ...args: string[]
): Promise<{ code: number; said: string[]; complained: string }> {
  const child = startShell(shell, script, ...args);
  if (child.stdout === null || child.stderr === null) throw new Error("The shell has no output");
  const [out, complained, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit"),
  ]);
  return { code: Number(code), said: out.split(/\s+/).filter(Boolean), complained };
}
