import { execFile } from "node:child_process";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** Seconds: several times what the slowest build takes on 2 cores. */
const COMMAND_LIMIT = 900;

export interface CommandOptions {
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly cwd?: string | undefined;
}

/** Runs a command to its end and returns its standard output. Fails with the end of what it said. */
export async function run(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  try {
    const { stdout } = await execute(command, args, {
      ...options,
      timeout: COMMAND_LIMIT * 1000,
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout;
  } catch (error) {
    const { code, killed, stderr, stdout } = error as {
      code?: number | string;
      killed?: boolean;
      stderr?: string;
      stdout?: string;
    };
    const how = killed === true ? `did not end within ${COMMAND_LIMIT} s` : `failed (${code})`;
    const said = tail(`${stdout ?? ""}\n${stderr ?? ""}`);
    throw new Error(`\`${[command, ...args].join(" ")}\` ${how}${said}`);
  }
}

/** The last lines of a log, indented to stand under a message; nothing for an empty log. */
export function tail(log: string, lines = 15): string {
  const kept = log.trim().split("\n").slice(-lines);
  return kept.join("") === "" ? "" : `:\n${kept.map((line) => `    ${line}`).join("\n")}`;
}

/** What was thrown, in words. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
