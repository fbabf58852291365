import { createHash } from "node:crypto";
import { type Liveness, livenessOf, type ProcessRecord } from "../system/process.js";

/** Names a session's file. Who runs it stands in the name, so that one rename takes it over. */
export interface SessionName {
  readonly id: string;
  /** `undefined` when its process has let go of it. */
  readonly runner: Runner | undefined;
}

/** A process as a file's name holds it. */
export interface Runner {
  /** Hash of the machine and of its start. */
  readonly machine: string;
  /** Hash of the namespace in which the pid counts. */
  readonly pids: string;
  readonly pid: number;
  /** When the process began, in ticks since the start of the machine; 0 where it is not told. */
  readonly began: string;
}

const NAME =
  /^(?<id>[0-9a-f]{32})\.(?:free|(?<machine>[0-9a-f]{16})-(?<pids>[0-9a-f]{8})-(?<pid>\d+)-(?<began>\d+))\.(?<kind>session|draft)$/;

export function runnerOf(record: ProcessRecord): Runner {
  const { boot, host, pids = "", pid, began = "0" } = record;
  return { machine: hash(boot ?? host, 16), pids: hash(pids, 8), pid, began };
}

export function sessionFile(id: string, runner: Runner | undefined): string {
  if (runner === undefined) return `${id}.free.session`;
  const { machine, pids, pid, began } = runner;
  return `${id}.${machine}-${pids}-${pid}-${began}.session`;
}

/** A file that is being written: it gets its name when it is whole. */
export function draftOf(sessionFile: string): string {
  return sessionFile.replace(/session$/, "draft");
}

export function parseName(file: string, kind: "session" | "draft"): SessionName | undefined {
  const groups = NAME.exec(file)?.groups;
  if (groups?.["kind"] !== kind) return undefined;
  const { id = "", machine, pids = "", pid, began = "0" } = groups;
  const runner = machine === undefined ? undefined : { machine, pids, pid: Number(pid), began };
  return { id, runner };
}

/** Whether a process that a name holds still lives, as far as `own` can tell. */
export async function livenessOfRunner(own: ProcessRecord, runner: Runner): Promise<Liveness> {
  const { machine, pids } = runnerOf(own);
  if (machine !== runner.machine || pids !== runner.pids) return "unknown";
  const began = own.began === undefined ? undefined : runner.began;
  return livenessOf(own, { ...own, pid: runner.pid, began });
}

export function isOnThisMachine(own: ProcessRecord, runner: Runner): boolean {
  return runnerOf(own).machine === runner.machine;
}

function hash(text: string, length: number): string {
  return createHash("sha256").update(text).digest("hex").slice(0, length);
}
