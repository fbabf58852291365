import { openStowage } from "../../app/modules/open-stowage.js";
import { type Invocation, parseArguments, type Run } from "./arguments.js";
import { contract } from "./commands/contract.js";
import { doctor } from "./commands/doctor.js";
import { download } from "./commands/download.js";
import { info } from "./commands/info.js";
import { list } from "./commands/list.js";
import { remove } from "./commands/remove.js";
import { sign } from "./commands/sign.js";
import { upload } from "./commands/upload.js";
import { uploads } from "./commands/uploads.js";
import { type CheckName, isCheckName, type UseName } from "./commands.js";
import type { CheckContext, Context } from "./context.js";
import { helpText } from "./help.js";
import { Interruption } from "./interruption.js";
import { configuredLocation, locationOf } from "./location.js";
import { isRefusal, report, reportInterruption, type Scene, trace } from "./report.js";
import { journalFolder } from "./state.js";
import { OutputClosed, print, type Terminal, tell } from "./terminal.js";

const USES: Readonly<Record<UseName, (context: Context) => Promise<void>>> = {
  upload,
  download,
  list,
  info,
  remove,
  uploads,
  sign,
};

/** Each resolves to whether all is well with the store. */
const CHECKS: Readonly<Record<CheckName, (context: CheckContext) => Promise<boolean>>> = {
  doctor,
  contract,
};

/** What `run` needs beside its arguments. */
export interface Surroundings {
  readonly terminal: Terminal;
  /** Of Stowage, for `--version`. */
  readonly version: string;
  /** Its reason is an `Interruption`. */
  readonly signal: AbortSignal;
  readonly open?: typeof openStowage | undefined;
}

/**
 * Runs the command that the arguments after `stowage` ask for, and resolves to the exit code: 0, 1
 * (failed), 2 (refused as it was asked), 130 or 143 (interrupted, after cleaning up). It never rejects.
 */
export async function run(args: readonly string[], around: Surroundings): Promise<number> {
  const { terminal } = around;
  let invocation: Invocation | undefined;
  try {
    invocation = parseArguments(args);
    if (invocation.kind === "run") return await runCommand(invocation, around);
    const text =
      invocation.kind === "version" ? around.version : helpText(invocation.command).trimEnd();
    await print(terminal.stdout, `${text}\n`);
    return 0;
  } catch (error) {
    return fail(error, terminal, undefined, args.includes("--debug"));
  }
}

async function runCommand(invocation: Run, around: Surroundings): Promise<number> {
  const { terminal, signal, open = openStowage } = around;
  const { command, options } = invocation;
  const context: CheckContext = { ...invocation, terminal, signal };
  let scene: Scene = { command, location: undefined };
  try {
    if (isCheckName(command)) {
      scene = { command, location: configuredLocation(invocation, terminal) };
      return (await CHECKS[command](context)) ? 0 : 1;
    }
    const journal = terminal.env["STOWAGE_JOURNAL"] ? undefined : journalFolder(terminal.env);
    await using stowage = await open({ store: options.store, journal }, terminal.env);
    scene = { command, location: locationOf(stowage.store.facts, invocation, terminal) };
    await USES[command]({ ...context, stowage });
    return 0;
  } catch (error) {
    if (!(signal.aborted && signal.reason instanceof Interruption)) {
      return await fail(error, terminal, scene, options.debug);
    }
    await tell(terminal, reportInterruption(error, signal.reason, scene));
    if (options.debug) await tell(terminal, trace(error));
    return signal.reason.exitCode;
  }
}

async function fail(
  error: unknown,
  terminal: Terminal,
  scene: Scene | undefined,
  debug: boolean,
): Promise<number> {
  if (isOutputClosed(error)) return 0;
  await tell(terminal, report(error, scene));
  if (debug) await tell(terminal, trace(error));
  return isRefusal(error) ? 2 : 1;
}

/** Stores pass on what an output throws as the cause of their own error. */
function isOutputClosed(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof OutputClosed) return true;
  }
  return false;
}
