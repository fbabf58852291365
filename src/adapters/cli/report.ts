import { type ErrorCode, quote, StowageError } from "../../domain/errors.js";
import { UsageError } from "./arguments.js";
import type { CommandName } from "./commands.js";
import { printable } from "./format.js";
import type { Interruption } from "./interruption.js";
import { remedyOf } from "./remedies.js";

/** Where an error came up. */
export interface Scene {
  readonly command: CommandName;
  /** The store, as a person would name it; `undefined` while none is open. */
  readonly location: string | undefined;
}

/** An error as one paragraph: what, where, which code, what was left behind, what to do. */
export function report(error: unknown, scene: Scene | undefined): string {
  return printable(`stowage: ${paragraph(error, scene)}`);
}

function paragraph(error: unknown, scene: Scene | undefined): string {
  if (error instanceof UsageError) {
    const help = error.command === undefined ? "stowage --help" : `stowage ${error.command} --help`;
    return `${sentence(error.message)} See ${help}.`;
  }
  if (!(error instanceof StowageError)) {
    const message = error instanceof Error ? error.message : String(error);
    return `Cannot go on: ${sentence(message)} This is a fault of Stowage itself: report it with what --debug prints.`;
  }
  const message = messageOf(error);
  if (message.includes("\n")) return message;
  const what = `${message} (${factsOf(error)})${placeOf(error, scene)}`;
  const outcome = outcomeOf(error, scene?.command);
  return [outcome === undefined ? what : `${what}; ${outcome}`, remedyOf(error, scene?.command)]
    .filter((part) => part !== undefined)
    .map(sentence)
    .join(" ");
}

/** The one field of the configuration that the command line sets. */
const STORE_FIELD = /(^- |configuration: )store is/gm;

/** One line, but for the list of all that is wrong with a configuration. */
function messageOf({ code, message }: StowageError): string {
  return code === "invalid-config"
    ? message.replace(STORE_FIELD, "$1--store is")
    : message.replace(/\s*\n\s*/g, " ");
}

/** Codes of input that is refused before anything is read or sent. */
const REFUSED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "invalid-argument",
  "invalid-config",
  "invalid-key",
  "invalid-metadata",
]);

/** Whether an error says that the command was not right as it was asked. */
export function isRefusal(error: unknown): boolean {
  return error instanceof UsageError || (error instanceof StowageError && REFUSED.has(error.code));
}

/** What is said of a command that was ended early. */
export function reportInterruption(
  error: unknown,
  interruption: Interruption,
  scene: Scene,
): string {
  if (error === interruption) return `stowage: Interrupted: ${INTERRUPTED[scene.command]}`;
  return printable(`stowage: Interrupted: ${paragraph(error, scene)}`);
}

const INTERRUPTED: Readonly<Record<CommandName, string>> = {
  upload: "nothing was stored",
  download: "it is not complete, and no file was written",
  list: "the list is not complete",
  info: "nothing was changed",
  uploads: "what was not removed yet is still there",
  remove: "whether the object was removed is not known; to remove it again does no harm",
  sign: "no URL was made",
  doctor: "the store was not tried whole, and nothing of it was left there",
  contract: "the contract was not tried whole, and nothing of it was left in the store",
};

/** The stack and those of all causes. Their texts alone: what else hangs on them may be secret. */
export function trace(error: unknown): string {
  const stacks: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause) stacks.push(at.stack ?? at.message);
  return printable(stacks.join("\ncaused by "));
}

function factsOf(error: StowageError): string {
  const { code, message, providerCode, status, requestId, attempts } = error;
  const facts = [
    code,
    providerCode !== undefined && message.includes(providerCode) ? undefined : providerCode,
    status === undefined ? undefined : `HTTP ${status}`,
    requestId === undefined ? undefined : `request ${requestId}`,
    attempts === undefined || attempts === 1 ? undefined : `after ${attempts} attempts`,
  ];
  return facts.filter((fact) => fact !== undefined).join(", ");
}

function placeOf({ code, store, key, message }: StowageError, scene: Scene | undefined): string {
  const isOfStore = store !== undefined || code === "aborted";
  if (!isOfStore || scene?.location === undefined) return "";
  const named = key === undefined || message.includes(key);
  return ` at ${scene.location}${named ? "" : `, as ${quote(key)}`}`;
}

function outcomeOf(error: StowageError, command: CommandName | undefined): string | undefined {
  if ((command !== "upload" && command !== "remove") || isRefusal(error)) return undefined;
  // What became of an upload that could not be cleaned up after is in its message already.
  if (error.code === "aborted" && error.outcome !== "not-applied") return undefined;
  const done = command === "upload" ? "stored" : "removed";
  switch (error.outcome) {
    case "applied":
      return `the object was ${done} all the same`;
    case "unknown":
      return `whether the object was ${done} could not be found out: look before you do it again`;
    case "not-applied":
      return `nothing was ${done}${PENDING[error.cleanup ?? "done"]}`;
    case undefined:
      // An upload that failed before its first write has no outcome of its own.
      return command === "upload" && !isWrite(error) ? "nothing was stored" : undefined;
  }
}

function isWrite({ operation }: StowageError): boolean {
  return operation === "put" || operation === "completeUpload";
}

const PENDING = {
  done: "",
  pending: ", but parts of it may still lie on the server, out of sight",
} as const;

function sentence(text: string): string {
  return /[.?!…]$/.test(text) ? text : `${text}.`;
}
