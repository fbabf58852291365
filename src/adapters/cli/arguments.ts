import { parseArgs } from "node:util";
import { quote } from "../../domain/errors.js";
import {
  COMMAND_NAMES,
  COMMANDS,
  type CommandName,
  isCommandName,
  isOptionName,
  OPTION_NAMES,
  OPTIONS,
  type OptionName,
  type OptionSpec,
  synopsis,
} from "./commands.js";
import { parseDuration } from "./duration.js";
import { nearest } from "./suggest.js";

/** The arguments are not right: nothing was done. */
export class UsageError extends Error {
  override readonly name: string = "UsageError";
  readonly command: CommandName | undefined;

  constructor(message: string, command?: CommandName) {
    super(message);
    this.command = command;
  }
}

/** What is asked for. */
export type Invocation =
  | { readonly kind: "help"; readonly command: CommandName | undefined }
  | { readonly kind: "version" }
  | Run;

/** A command to run. */
export interface Run {
  readonly kind: "run";
  readonly command: CommandName;
  readonly operands: readonly string[];
  readonly options: Options;
}

export interface Options {
  readonly user: string | undefined;
  readonly name: string | undefined;
  readonly contentType: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  readonly expiresInSeconds: number | undefined;
  readonly filter: string | undefined;
  readonly prefix: string | undefined;
  /** Milliseconds. */
  readonly olderThan: number | undefined;
  readonly dryRun: boolean;
  readonly resume: boolean;
  readonly sha256: boolean;
  readonly store: string | undefined;
  readonly model: boolean;
  readonly force: boolean;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly debug: boolean;
}

/**
 * Reads the arguments after `stowage`.
 *
 * @throws `UsageError`, which names the argument and what would be right.
 */
export function parseArguments(args: readonly string[]): Invocation {
  const { words, values } = tokensOf(args);
  const [first, ...operands] = words;
  if (values.has("version")) return { kind: "version" };
  if (first === undefined || first === "help") {
    const topic = operands[0] === undefined ? undefined : commandName(operands[0]);
    if (first === "help" || values.has("help")) return { kind: "help", command: topic };
    throw new UsageError(
      `Cannot tell what to do: no command is given; the commands are ${COMMAND_NAMES.join(", ")}`,
    );
  }
  const command = commandName(first);
  if (values.has("help")) return { kind: "help", command };
  checkOptions(command, [...values.keys()]);
  checkOperands(command, operands);
  const [user] = values.get("user") ?? [];
  if (user === undefined && COMMANDS[command].needsUser) {
    throw new UsageError(`Cannot ${command}: --user is missing; ${exampleOf(command)}`, command);
  }
  if (operands[0] === "-" && command === "upload" && !values.has("name")) {
    throw new UsageError(
      `Cannot upload: standard input has no name of its own; give it one, as in --name ${OPTIONS.name.example}`,
      command,
    );
  }
  if (operands[0] === "-" && values.has("resume")) {
    throw new UsageError(
      "Cannot resume standard input: it cannot be read again; leave out --resume",
      command,
    );
  }
  if (operands[0] === "-" && values.has("sha256")) {
    throw new UsageError(
      "Cannot record the SHA-256 of standard input: it cannot be read twice; leave out --sha256, or upload a file",
      command,
    );
  }
  if (operands[0] === "list" && command === "uploads" && values.has("dry-run")) {
    throw new UsageError("Cannot use --dry-run with uploads list: it removes nothing", command);
  }
  return { kind: "run", command, operands, options: optionsOf(values, command) };
}

type Values = ReadonlyMap<OptionName, readonly string[]>;

const SHORT: Readonly<Record<string, OptionName>> = { h: "help" };

/**
 * Tells options from other words. Strict, as `parseArgs` would be, but for its messages: they are
 * made for programmers.
 */
function tokensOf(args: readonly string[]): { words: string[]; values: Values } {
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      OPTION_NAMES.map((name) => [
        name,
        { type: OPTIONS[name].value === undefined ? "boolean" : "string" } as const,
      ]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const words: string[] = [];
  const values = new Map<OptionName, string[]>();
  for (const token of tokens) {
    if (token.kind === "positional") words.push(token.value);
    if (token.kind !== "option") continue;
    const name = token.rawName.startsWith("--") ? token.name : SHORT[token.name];
    if (name === undefined || !isOptionName(name)) throw unknownOption(token.rawName);
    checkValue(token.rawName, OPTIONS[name], token.value, token.inlineValue === true);
    const before = values.get(name);
    const spec = OPTIONS[name];
    if (before !== undefined && spec.value !== undefined && !spec.repeatable) {
      throw new UsageError(`Cannot use --${name} twice: it takes one value; leave one out`);
    }
    values.set(name, [...(before ?? []), token.value ?? ""]);
  }
  return { words, values };
}

function checkValue(
  rawName: string,
  spec: OptionSpec,
  value: string | undefined,
  inline: boolean,
): void {
  if (spec.value === undefined) {
    if (value === undefined) return;
    throw new UsageError(`Cannot use ${quote(`${rawName}=${value}`)}: ${rawName} takes no value`);
  }
  if (value !== undefined && (inline || value === "-" || !value.startsWith("-"))) return;
  const instead = value === undefined ? "" : `, and ${quote(value)} looks like an option`;
  throw new UsageError(
    `Cannot use ${rawName}: its value is missing${instead}; give one, as in ${rawName}=${spec.example}`,
  );
}

function unknownOption(rawName: string): UsageError {
  const meant = nearest(rawName.replace(/^-+/, ""), OPTION_NAMES);
  const instead = meant === undefined ? "" : `; did you mean --${meant}?`;
  return new UsageError(`Cannot use ${rawName}: there is no such option${instead}`);
}

function commandName(word: string): CommandName {
  if (isCommandName(word)) return word;
  const meant = nearest(word, COMMAND_NAMES);
  const instead =
    meant === undefined ? `the commands are ${COMMAND_NAMES.join(", ")}` : `did you mean ${meant}?`;
  throw new UsageError(`Cannot do ${quote(word)}: there is no such command; ${instead}`);
}

function checkOptions(command: CommandName, given: readonly OptionName[]): void {
  const foreign = given.find((name) => !COMMANDS[command].options.includes(name));
  if (foreign === undefined) return;
  const where = COMMAND_NAMES.filter((name) => COMMANDS[name].options.includes(foreign));
  throw new UsageError(
    `Cannot use --${foreign} with ${command}: it is an option of ${where.join(", ")}`,
    command,
  );
}

function checkOperands(command: CommandName, operands: readonly string[]): void {
  const specs = COMMANDS[command].operands;
  const missing = specs.find((spec, index) => !spec.optional && !operands[index]);
  if (missing !== undefined) {
    throw new UsageError(
      `Cannot ${COMMANDS[command].verb ?? command}: ${missing.called} is missing; ${exampleOf(command)}`,
      command,
    );
  }
  const wrong = specs.findIndex(
    ({ choices }, index) => choices?.includes(operands[index] ?? "") === false,
  );
  if (wrong >= 0) {
    throw new UsageError(
      `Cannot use ${quote(operands[wrong])}: ${command} takes ${specs[wrong]?.called}; ${exampleOf(command)}`,
      command,
    );
  }
  const extra = operands[specs.length];
  if (extra !== undefined) {
    const takes =
      specs.length === 0 ? "nothing beside its options" : `one ${specs[0]?.called} at a time`;
    throw new UsageError(
      `Cannot use ${quote(extra)}: ${command} takes ${takes}; its form is stowage ${synopsis(command)}`,
      command,
    );
  }
}

function optionsOf(values: Values, command: CommandName): Options {
  const one = (name: OptionName): string | undefined => values.get(name)?.[0];
  return {
    user: one("user"),
    name: one("name"),
    contentType: one("content-type"),
    metadata: metadataOf(values.get("metadata") ?? [], command),
    expiresInSeconds: secondsOf(one("expires"), command),
    filter: one("filter"),
    prefix: one("prefix"),
    olderThan: durationOf(one("older-than"), command),
    dryRun: values.has("dry-run"),
    resume: values.has("resume"),
    sha256: values.has("sha256"),
    store: one("store"),
    model: values.has("model"),
    force: values.has("force"),
    json: values.has("json"),
    quiet: values.has("quiet"),
    debug: values.has("debug"),
  };
}

function durationOf(text: string | undefined, command: CommandName): number | undefined {
  const ms = text === undefined ? undefined : parseDuration(text);
  if (text === undefined || ms !== undefined) return ms;
  throw new UsageError(
    `Cannot use --older-than ${quote(text)}: give a number with s, m, h or d, as in --older-than ${OPTIONS["older-than"].example}`,
    command,
  );
}

function metadataOf(entries: readonly string[], command: CommandName): Record<string, string> {
  const metadata = new Map<string, string>();
  for (const entry of entries) {
    const end = entry.indexOf("=");
    if (end < 1) {
      throw new UsageError(
        `Cannot use --metadata ${quote(entry)}: its form is NAME=VALUE, as in --metadata ${OPTIONS.metadata.example}`,
        command,
      );
    }
    const name = entry.slice(0, end);
    if (metadata.has(name)) {
      throw new UsageError(`Cannot use --metadata ${quote(name)} twice: leave one out`, command);
    }
    metadata.set(name, entry.slice(end + 1));
  }
  return Object.fromEntries(metadata);
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** `90s`, `15m`, `12h` or `7d`. How long is too long, the store says. */
function secondsOf(text: string | undefined, command: CommandName): number | undefined {
  if (text === undefined) return undefined;
  const [, count, unit = ""] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  const seconds = UNITS[unit];
  if (count !== undefined && seconds !== undefined) return Number(count) * seconds;
  throw new UsageError(
    `Cannot use --expires ${quote(text)}: its form is a number and a unit, as 90s, 15m, 12h or 7d`,
    command,
  );
}

/** How it would be right, for the end of a message. */
function exampleOf(command: CommandName): string {
  return `for example: stowage ${COMMANDS[command].examples[0]}`;
}
