import {
  COMMAND_NAMES,
  COMMANDS,
  type CommandName,
  EXAMPLE_KEY,
  OPTIONS,
  type OptionName,
  synopsis,
} from "./commands.js";

/** The help of the whole, or of one command. */
export function helpText(command: CommandName | undefined): string {
  return command === undefined ? wholeHelp() : commandHelp(command);
}

function wholeHelp(): string {
  return `Usage: stowage COMMAND [OPTIONS]

Keeps users' datasets and models in S3, MinIO or a directory.

Commands:
${columns(COMMAND_NAMES.map((name) => [synopsis(name), COMMANDS[name].summary]))}

Options of most commands (each has more: stowage COMMAND --help):
${optionLines(["user", "store", "debug", "help"])}

Stores:
${columns([
  ["./dir, file:///dir", "plain files in a directory (default: ./stowage-data)"],
  ["s3://bucket?region=eu-central-1", "S3; keys from AWS_PROFILE, AWS_ACCESS_KEY_ID, …"],
  ["minio://host:9000/bucket?tls=false", "MinIO; keys from MINIO_ACCESS_KEY, MINIO_SECRET_KEY"],
])}

Examples:
  stowage upload housing_data.csv --user 12345
  stowage list --user 12345
  stowage download ${EXAMPLE_KEY}

Exit codes: 0 done; 1 failed; 2 refused as it was asked, before anything was sent; 130 and 143
interrupted, after cleaning up. The version: stowage --version.
`;
}

function commandHelp(command: CommandName): string {
  const { summary, details, examples, options, needsUser } = COMMANDS[command];
  const user = needsUser ? " --user ID" : "";
  const paragraphs = [
    `Usage: stowage ${synopsis(command)}${user} [OPTIONS]`,
    `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`,
    ...details,
    `Options:\n${optionLines(options)}`,
    `Examples:\n${examples.map((example) => `  stowage ${example}`).join("\n")}`,
  ];
  return `${paragraphs.join("\n\n")}\n`;
}

function optionLines(names: readonly OptionName[]): string {
  return columns(
    names.map((name) => {
      const { value, help } = OPTIONS[name];
      const short = name === "help" ? "-h, " : "";
      return [`${short}--${name}${value === undefined ? "" : ` ${value}`}`, help];
    }),
  );
}

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join("\n");
}
