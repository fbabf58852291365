import { type Readable, Writable } from "node:stream";
import { StowageError } from "../../domain/errors.js";

/** What a command is run in. Only `main.ts` makes one of the process. */
export interface Terminal {
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder from which relative paths are taken. */
  readonly cwd: string;
  /** Milliseconds that only ever go forward. */
  elapsedMs(): number;
}

export interface Input extends Readable {
  readonly isTTY?: boolean | undefined;
}

export interface Output extends Writable {
  readonly isTTY?: boolean | undefined;
  /** Characters in a line, on a terminal. */
  readonly columns?: number | undefined;
}

/** Whoever read the output has left, as `head` does: there is nobody to tell, and nothing is wrong. */
export class OutputClosed extends Error {
  override readonly name: string = "OutputClosed";
}

/**
 * Writes text, and resolves once the stream has taken it.
 *
 * @throws `OutputClosed`, or `target-unwritable` (a full disk behind a redirection).
 */
export function print(output: Output, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    output.write(text, (error) => {
      if (error) reject(writeError(error));
      else resolve();
    });
  });
}

/** Tells the person at the terminal something. That nobody listens is no failure. */
export async function tell(terminal: Terminal, text: string): Promise<void> {
  await print(terminal.stderr, `${text}\n`).catch(() => undefined);
}

/** What a failed write to an output means. */
export function writeError(error: Error): Error {
  const code = "code" in error ? String(error.code) : undefined;
  if (code === "EPIPE" || code === "ERR_STREAM_DESTROYED") return new OutputClosed();
  return new StowageError(
    "target-unwritable",
    `Cannot write to standard output: ${error.message}`,
    { providerCode: code },
    { cause: error },
  );
}

/** Standard output as a stream that can be ended, which the process's own cannot. */
export class OutputSink extends Writable {
  constructor(output: Output) {
    super({
      write: (chunk: Uint8Array, _encoding, done) => {
        output.write(chunk, (error) => done(error ? writeError(error) : null));
      },
    });
  }
}
