import { Readable, Writable } from "node:stream";
import { Interruption } from "../../src/adapters/cli/interruption.js";
import { run } from "../../src/adapters/cli/run.js";
import type { Terminal } from "../../src/adapters/cli/terminal.js";
import type { openStowage } from "../../src/app/modules/open-stowage.js";

/** An output that keeps what is written to it. */
export class Capture extends Writable {
  readonly isTTY: boolean;
  readonly columns: number | undefined;
  readonly writes: string[] = [];
  /** What the next write fails with. */
  failure: Error | undefined;

  constructor(isTTY = false, columns?: number) {
    super({ decodeStrings: true });
    this.isTTY = isTTY;
    this.columns = columns;
    this.on("error", () => undefined);
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    if (this.failure === undefined) this.writes.push(chunk.toString());
    done(this.failure);
  }

  get text(): string {
    return this.writes.join("");
  }
}

export interface Setting {
  readonly cwd: string;
  readonly env?: Record<string, string> | undefined;
  readonly input?: Readable | undefined;
  readonly stdout?: Capture | undefined;
  readonly stderr?: Capture | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly open?: typeof openStowage | undefined;
}

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command in this process, at a terminal that is none. */
export async function runInProcess(args: readonly string[], setting: Setting): Promise<Ran> {
  const { stdout = new Capture(), stderr = new Capture(), input = Readable.from([]) } = setting;
  const terminal: Terminal = {
    stdin: input,
    stdout,
    stderr,
    env: setting.env ?? {},
    cwd: setting.cwd,
    elapsedMs: () => performance.now(),
  };
  const { signal = new AbortController().signal, open } = setting;
  const code = await run(args, { terminal, version: "1.2.3", signal, open });
  return { code, out: stdout.text, err: stderr.text };
}

/** A signal that is aborted as Ctrl-C would, once `interrupt` is called. */
export function interruptible(): { signal: AbortSignal; interrupt: () => void } {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    interrupt: () => controller.abort(new Interruption("SIGINT")),
  };
}
