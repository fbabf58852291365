import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { CACHE } from "./cache.js";
import { messageOf, tail } from "./command.js";
import type { Readiness, Running } from "./server.js";
import { guard } from "./watchdog.js";

const HOST = "127.0.0.1";
const LOGS = join(CACHE, "logs");

/** Seconds between asking a server to end and ending it. */
const STOP_GRACE = 10;
/** Days. */
const LOGS_KEPT = 1;
/** A free port may be taken by another before the server binds it. */
const PORT_ATTEMPTS = 3;

export interface ProcessSpec {
  readonly name: string;
  readonly command: string;
  /** The folder is empty, is the server's own, and goes when the server stops. */
  args(folder: string, listen: string): readonly string[] | Promise<readonly string[]>;
  env(folder: string, listen: string): NodeJS.ProcessEnv;
  readonly ready: Readiness;
  /** Default: any that is free. */
  readonly port?: number | undefined;
  /** What to do when it does not start. */
  readonly remedy: string;
}

/** Runs a server on this machine, reachable from it alone, and returns once it is ready. */
export async function startProcess(spec: ProcessSpec): Promise<Running> {
  await mkdir(LOGS, { recursive: true });
  await removeOldLogs();
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort(spec);
    try {
      return await startOn(spec, port);
    } catch (error) {
      const isTaken = /already in use/i.test(messageOf(error));
      if (!isTaken || spec.port !== undefined || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

async function startOn(spec: ProcessSpec, port: number): Promise<Running> {
  const listen = `${HOST}:${port}`;
  const name = spec.name.toLowerCase().replaceAll(" ", "-");
  const log = join(LOGS, `${name}-${port}.log`);
  const folder = await mkdtemp(join(tmpdir(), `stowage-${name}-`));
  const releaseFolder = guard({ folder });
  const args = await spec.args(folder, listen);
  // A child may end at once: nothing may be awaited between its start and the wait for its end.
  const child = launch(spec, args, folder, listen, log);
  const releaseChild = child.pid === undefined ? () => {} : guard({ pid: child.pid });
  const ended = endOf(child).finally(releaseChild);

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.ref();
    signalGroup(child, signal);
    const timer = setTimeout(() => signalGroup(child, "SIGKILL"), STOP_GRACE * 1000);
    await ended;
    clearTimeout(timer);
  };
  const stop = async (): Promise<void> => {
    await end("SIGTERM");
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    releaseFolder();
  };

  const endpoint = `http://${listen}`;
  try {
    await untilReady(spec.ready, endpoint, ended);
  } catch (error) {
    await stop();
    const said = tail(await readFile(log, "utf8").catch(() => ""));
    throw new Error(
      `Cannot start ${spec.name} as a process: it ${messageOf(error)}. ${spec.remedy}. ` +
        `Its log ${log} ends with${said === "" ? " nothing" : said}`,
    );
  }
  return { endpoint, way: "process", pid: child.pid, kill: () => end("SIGKILL"), stop };
}

function launch(
  spec: ProcessSpec,
  args: readonly string[],
  folder: string,
  listen: string,
  log: string,
): ChildProcess {
  const output = openSync(log, "w");
  try {
    const child = spawn(spec.command, args, {
      cwd: folder,
      env: { ...bareEnvironment(folder), ...spec.env(folder, listen) },
      stdio: ["ignore", output, output],
      // In a session of its own: a Ctrl-C in the terminal must not end it before the tests do.
      detached: true,
    });
    child.unref();
    return child;
  } finally {
    closeSync(output);
  }
}

/** Settles when the child is gone, with how it went. */
async function endOf(child: ChildProcess): Promise<string> {
  try {
    const [code, signal] = await once(child, "exit");
    return signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
  } catch (error) {
    return `could not be run (${messageOf(error)})`;
  }
}

async function untilReady(
  ready: Readiness,
  endpoint: string,
  ended: Promise<string>,
): Promise<void> {
  let fate: string | undefined;
  void ended.then((how) => {
    fate = how;
  });
  const deadline = performance.now() + ready.limit * 1000;
  while (true) {
    const answer = await ask(endpoint + ready.path);
    if (fate !== undefined) throw new Error(`${fate} before it was ready`);
    if (answer?.includes(ready.body ?? "")) return;
    if (ready.failed !== undefined && answer?.includes(ready.failed)) {
      throw new Error(`says ${ready.failed}`);
    }
    if (performance.now() > deadline) throw new Error(`was not ready within ${ready.limit} s`);
    await Promise.race([delay(100), ended]);
  }
}

async function ask(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5000) });
    const body = await response.text();
    return response.ok ? body : undefined;
  } catch {
    return undefined;
  }
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It ended meanwhile.
  }
}

/** The machine's settings for a server of the same kind must not reach ours. */
function bareEnvironment(folder: string): NodeJS.ProcessEnv {
  return { PATH: process.env["PATH"], HOME: folder, TMPDIR: folder, LANG: "C.UTF-8" };
}

/** Finds a port on this machine, or sees that the one wanted is free. */
export async function freePort({
  name,
  port: wanted = 0,
}: Pick<ProcessSpec, "name" | "port">): Promise<number> {
  const probe = createServer();
  try {
    probe.listen(wanted, HOST);
    await once(probe, "listening");
  } catch (error) {
    throw new Error(
      `Cannot start ${name} on port ${wanted} of ${HOST}: ${messageOf(error)}. ` +
        "Stop what listens there, or leave the port out to take one that is free",
    );
  }
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, "close");
  return port;
}

async function removeOldLogs(): Promise<void> {
  for (const name of await readdir(LOGS).catch(() => [])) {
    const path = join(LOGS, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > LOGS_KEPT * 24 * 3600 * 1000) await rm(path, { force: true });
  }
}
