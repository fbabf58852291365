/** The commands as data: the parser, the help and the suggestions all go by it. */

export type OptionName =
  | "user"
  | "model"
  | "name"
  | "content-type"
  | "metadata"
  | "expires"
  | "filter"
  | "prefix"
  | "older-than"
  | "dry-run"
  | "resume"
  | "sha256"
  | "store"
  | "force"
  | "json"
  | "quiet"
  | "debug"
  | "help"
  | "version";

export interface OptionSpec {
  /** What its value is, in the help. Missing for a flag. */
  readonly value?: string | undefined;
  /** A value that would do, for messages. */
  readonly example?: string | undefined;
  readonly repeatable?: boolean | undefined;
  readonly help: string;
}

export const OPTIONS: Readonly<Record<OptionName, OptionSpec>> = {
  user: {
    value: "ID",
    example: "12345",
    help: "whose object it is: an integer, or text such as a UUID",
  },
  model: { help: "a model rather than a dataset" },
  name: {
    value: "NAME",
    example: "housing_data.csv",
    help: "file name to store under (default: the file's own)",
  },
  "content-type": {
    value: "TYPE",
    example: "text/csv",
    help: "MIME type (default: told from the name)",
  },
  metadata: {
    value: "NAME=VALUE",
    example: "source=census",
    repeatable: true,
    help: "text to keep with the object; may be repeated",
  },
  expires: {
    value: "TIME",
    example: "15m",
    help: "how long the URL is good, as 90s, 15m, 12h or 7d (default: 15m)",
  },
  filter: {
    value: "TEXT",
    example: "checksum",
    help: "try only cases that have it in their id or their promise",
  },
  prefix: {
    value: "PREFIX",
    example: "try-out/",
    help: "keys to work below (default of contract: stowage-contract/)",
  },
  "older-than": {
    value: "AGE",
    example: "24h",
    help: "only uploads that began so long ago: 30m, 24h, 7d (default: 24h)",
  },
  "dry-run": { help: "remove nothing, and print what would be" },
  resume: { help: "go on with an upload of the file that was interrupted" },
  sha256: { help: "record the file's SHA-256, which is read once more for that" },
  store: {
    value: "LOCATION",
    example: "./stowage-data",
    help: "where objects are kept (default: STOWAGE_STORE, else ./stowage-data)",
  },
  force: { help: "replace the file if it is there" },
  json: { help: "print JSON" },
  quiet: { help: "show no progress" },
  debug: { help: "on failure, print the stack and the causes too" },
  help: { help: "print this help" },
  version: { help: "print the version" },
};

export type CommandName = UseName | CheckName;
/** What is done with a user's objects. */
export type UseName = "upload" | "download" | "list" | "info" | "remove" | "uploads" | "sign";
/** What is done with the store itself. */
export type CheckName = "doctor" | "contract";

export interface OperandSpec {
  readonly name: string;
  /** As a sentence calls it. */
  readonly called: string;
  readonly optional?: boolean | undefined;
  /** Default: any text. */
  readonly choices?: readonly string[] | undefined;
}

export interface CommandSpec {
  readonly summary: string;
  /** What it does, as "Cannot …" goes on. Default: its name. */
  readonly verb?: string | undefined;
  readonly operands: readonly OperandSpec[];
  readonly options: readonly OptionName[];
  /** Whether it cannot do without `--user`. */
  readonly needsUser: boolean;
  /** Paragraphs for the help of the command itself. */
  readonly details: readonly string[];
  /** Arguments after `stowage`. The first is also the one for messages. */
  readonly examples: readonly string[];
}

const EVERYWHERE: readonly OptionName[] = ["store", "debug", "help"];
/** A key as `upload` makes it. */
export const EXAMPLE_KEY = "datasets/user_12345/20251023_143045_housing_data.csv";
const OWNER =
  "Without --user, the object's owner is the one in its key; with it, only that user's objects\nare reached.";

export const COMMANDS: Readonly<Record<CommandName, CommandSpec>> = {
  upload: {
    summary: "store a file, or standard input, and print its URI",
    operands: [{ name: "FILE|-", called: "FILE" }],
    options: [
      "user",
      "model",
      "name",
      "content-type",
      "metadata",
      "resume",
      "sha256",
      "json",
      "quiet",
      ...EVERYWHERE,
    ],
    needsUser: true,
    details: [
      "The object appears whole or not at all, and never replaces another. Standard output gets its\nURI alone, or with --json all that is known of it.",
      "With -, the bytes come from standard input, and --name says what they are called.",
      "With --resume, an upload of the file under this name whose process was killed is gone on with:\nwhat the server has is proved against the file, and the rest sent. Where the file has changed, or\nnone is on record, it is uploaded from its beginning.",
    ],
    examples: [
      "upload housing_data.csv --user 12345",
      "upload weights.bin --user 12345 --model --metadata epochs=30",
      "upload --resume weights.bin --user 12345 --model",
      "upload - --user 12345 --name today.csv < today.csv",
    ],
  },
  download: {
    summary: "bring an object to a file, or standard output",
    operands: [
      { name: "KEY|URI", called: "KEY or URI" },
      { name: "FILE|-", called: "FILE", optional: true },
    ],
    options: ["user", "force", "quiet", ...EVERYWHERE],
    needsUser: false,
    details: [
      "FILE is, unless given, the name the object was uploaded under, in the current folder; its path\nis printed. It appears only when all bytes have come and their checksum is right.",
      OWNER,
    ],
    examples: [`download ${EXAMPLE_KEY}`, `download ${EXAMPLE_KEY} - | head -3`],
  },
  list: {
    summary: "list a user's datasets, or models",
    operands: [],
    options: ["user", "model", "json", ...EVERYWHERE],
    needsUser: true,
    details: [
      "One line for each, oldest first: time stored, size, key. With --json, one JSON object for each,\non a line of its own.",
    ],
    examples: ["list --user 12345", "list --user 12345 --model --json"],
  },
  info: {
    summary: "tell what is known of an object",
    operands: [{ name: "KEY|URI", called: "KEY or URI" }],
    options: ["user", "json", ...EVERYWHERE],
    needsUser: false,
    details: [OWNER],
    examples: [`info ${EXAMPLE_KEY}`],
  },
  remove: {
    summary: "remove an object; that it is not there is no error",
    operands: [{ name: "KEY|URI", called: "KEY or URI" }],
    options: ["user", ...EVERYWHERE],
    needsUser: false,
    details: [OWNER],
    examples: [`remove ${EXAMPLE_KEY}`],
  },
  uploads: {
    summary: "list or remove what is left of uploads that nobody goes on with",
    verb: "look after uploads",
    operands: [{ name: "list|clean", called: "list or clean", choices: ["list", "clean"] }],
    options: ["user", "older-than", "prefix", "dry-run", "json", ...EVERYWHERE],
    needsUser: false,
    details: [
      "Of users' datasets and models alone. One line for each: when it began, the bytes that the server\nholds, who tells of it (the journal or the store), key.",
      "MinIO lists the uploads of one key alone: there only those on record are found. An upload that\nanother machine still makes is known by its age alone: give an --older-than that none outlasts.",
    ],
    examples: ["uploads list", "uploads clean --older-than 7d --dry-run"],
  },
  sign: {
    summary: "print a URL by which anybody may download an object for a while",
    operands: [{ name: "KEY|URI", called: "KEY or URI" }],
    options: ["user", "expires", "json", ...EVERYWHERE],
    needsUser: true,
    details: [
      "Whoever has the URL may read the object until it expires, after 15 minutes unless --expires says\notherwise, 7 days at most. It cannot be called back: treat it as a password.",
      "Nothing is sent, not even to see whether the object is there. A directory and memory have no\nURLs. Where browsers reach the server by another name than this machine does, say so in its\nlocation: &publicEndpoint=https://files.example.org",
    ],
    examples: [
      `sign ${EXAMPLE_KEY} --user 12345`,
      `sign ${EXAMPLE_KEY} --user 12345 --expires 12h`,
    ],
  },
  doctor: {
    summary: "find out what the store does, and whether that is what is asked of it",
    operands: [],
    options: ["json", ...EVERYWHERE],
    needsUser: false,
    details: [
      "Writes and reads small objects under a prefix of its own, of which nothing is left. Exit code 1\nwhen something that the configuration asks for is not done.",
      "What a server does may differ from what it is taken for. With profile=probe in its location,\neach command finds out first, and goes by it.",
    ],
    examples: [
      'doctor --store "minio://127.0.0.1:9000/stowage?tls=false"',
      'doctor --store "s3://my-bucket?region=eu-central-1" --json',
    ],
  },
  contract: {
    summary: "hold the store to every promise that Stowage relies on",
    operands: [],
    options: ["filter", "prefix", "json", "quiet", ...EVERYWHERE],
    needsUser: false,
    details: [
      "Some 200 cases, each of which quotes a promise, in up to three minutes. Nothing outside of the\nprefix is touched, and nothing is left there. Exit code 1 when a case fails.",
    ],
    examples: [
      'contract --store "minio://127.0.0.1:9000/stowage?tls=false"',
      "contract --filter checksum",
    ],
  },
};

export const COMMAND_NAMES = Object.keys(COMMANDS) as readonly CommandName[];
export const OPTION_NAMES = Object.keys(OPTIONS) as readonly OptionName[];

export function isCheckName(name: CommandName): name is CheckName {
  return name === "doctor" || name === "contract";
}

export function isCommandName(name: string): name is CommandName {
  return Object.hasOwn(COMMANDS, name);
}

export function isOptionName(name: string): name is OptionName {
  return Object.hasOwn(OPTIONS, name);
}

/** The command and its operands: `download KEY|URI [FILE|-]`. */
export function synopsis(name: CommandName): string {
  const operands = COMMANDS[name].operands.map((it) => (it.optional ? `[${it.name}]` : it.name));
  return [name, ...operands].join(" ");
}
