import { readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";

/** A process, as others find it written: enough to tell whether it still lives. */
export interface ProcessRecord {
  readonly pid: number;
  readonly host: string;
  /** The start of the machine, where the system names it (Linux). */
  readonly boot?: string | undefined;
  /** The namespace in which the pid counts: that of the machine, or of a container. */
  readonly pids?: string | undefined;
  /** When the process began, in ticks since the start of the machine: pids are given again. */
  readonly began?: string | undefined;
}

/** What can be told of a process: sure that it lives, sure that it does not, or neither. */
export type Liveness = "alive" | "dead" | "unknown";

export async function describeThisProcess(): Promise<ProcessRecord> {
  const [boot, pids, self] = await Promise.all([
    readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => undefined),
    readlink("/proc/self/ns/pid").catch(() => undefined),
    processOf(process.pid),
  ]);
  return { pid: process.pid, host: hostname(), boot: boot?.trim(), pids, began: self?.began };
}

/** Whether another process lives. Only one of the same machine and container can be asked for. */
export async function livenessOf(own: ProcessRecord, other: ProcessRecord): Promise<Liveness> {
  const same = own.boot === other.boot && own.pids === other.pids;
  if (!same || (own.boot === undefined && own.host !== other.host)) return "unknown";
  const now = await processOf(other.pid);
  // Other systems have no /proc, and Linux may hide the processes of other accounts in it.
  if (now === undefined) return hasNoProcess(other.pid) ? "dead" : "unknown";
  return now.began === other.began && !now.ended ? "alive" : "dead";
}

/** Whether a value that was read is what a process wrote of itself. */
export function isProcessRecord(value: unknown): value is ProcessRecord {
  if (typeof value !== "object" || value === null) return false;
  return "pid" in value && typeof value.pid === "number" && "host" in value;
}

/** What Linux tells of a process. `undefined` for one that is not there, and on other systems. */
async function processOf(pid: number): Promise<{ began: string; ended: boolean } | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  // The second field is the program's name, in parentheses, which may hold spaces and parentheses.
  const fields = text?.slice(text.lastIndexOf(")") + 2).split(" ");
  const state = fields?.[0];
  const began = fields?.[19];
  // A zombie runs no more, though nobody has asked for its end yet.
  return began === undefined ? undefined : { began, ended: state === "Z" || state === "X" };
}

function hasNoProcess(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ESRCH";
  }
}
