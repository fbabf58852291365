import {
  type ChildProcess,
  execFile,
  type SpawnOptions,
  spawn,
  spawnSync,
} from "node:child_process";
import { copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The command line as it is installed: compiled, with its `package.json` above it. */
export interface BuiltCli extends AsyncDisposable {
  /** The file that `bin` names. */
  readonly main: string;
}

/** Compiles the sources as `npm run build` does, into a folder of the project from which its modules are found. */
export async function buildCli(): Promise<BuiltCli> {
  const cache = join(ROOT, ".cache");
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, "cli-"));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    await copyFile(join(ROOT, "package.json"), join(folder, "package.json"));
    const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
    const args = [tsc, "-p", "tsconfig.build.json", "--outDir", join(folder, "dist")];
    await promisify(execFile)(process.execPath, args, { cwd: ROOT });
  } catch (error) {
    await remove();
    const output = error instanceof Error && "stdout" in error ? String(error.stdout) : "";
    throw new Error(`Cannot compile the command line: ${output}`, { cause: error });
  }
  return {
    main: join(folder, "dist", "adapters", "cli", "main.js"),
    [Symbol.asyncDispose]: remove,
  };
}

export interface Ended {
  /** `null` when a signal ended it. */
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A command that runs on its own. */
export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** Starts a program with its outputs in pipes. */
export function start(program: string, args: readonly string[], options: SpawnOptions): Running {
  const child = spawn(program, args, { ...options, stdio: ["pipe", "pipe", "pipe"] });
  const { stdin, stdout, stderr } = child;
  if (stdin === null || stdout === null || stderr === null) throw new Error("There are no pipes");
  stdin.on("error", () => undefined);
  const code = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const ended = Promise.all([code, text(stdout).catch(() => ""), text(stderr)]).then(
    ([code, out, err]) => ({ code, out, err }),
  );
  return { child, ended };
}

/**
 * The command that runs a shell command on a terminal of its own.
 *
 * @throws when this machine has neither `script` of util-linux nor Python 3: the test cannot be made.
 */
export function onTerminal(shellCommand: string): { program: string; args: string[] } {
  const version = spawnSync("script", ["--version"], { encoding: "utf8" });
  if (version.stdout?.includes("util-linux")) {
    return { program: "script", args: ["-qec", shellCommand, "/dev/null"] };
  }
  if (spawnSync("python3", ["--version"]).status === 0) {
    const spawnInPty =
      "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(['sh', '-c', sys.argv[1]])))";
    return { program: "python3", args: ["-c", spawnInPty, shellCommand] };
  }
  throw new Error(
    "Cannot make a terminal: neither script (util-linux) nor python3 is installed; install one",
  );
}
