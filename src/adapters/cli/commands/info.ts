import type { StoredInfo } from "../../../app/stowage.js";
import type { Context } from "../context.js";
import { formatBytes, formatExactBytes, formatTime, printable } from "../format.js";
import { subjectOf } from "../owner.js";
import { print } from "../terminal.js";

/** Prints what is known of an object. */
export async function info(context: Context): Promise<void> {
  const { terminal, stowage, options, signal } = context;
  const { userId, object } = subjectOf(context);
  const found = await stowage.info({ userId, object, signal });
  await print(terminal.stdout, options.json ? `${JSON.stringify(found)}\n` : describe(found));
}

function describe(found: StoredInfo): string {
  const { size, checksum } = found;
  const rows: [string, string][] = [
    ["key", found.key],
    ["uri", found.uri],
    ["file name", found.filename],
    [
      "size",
      size < 1024 ? formatExactBytes(size) : `${formatExactBytes(size)} (${formatBytes(size)})`,
    ],
    ["stored", formatTime(found.lastModified)],
    ["content type", found.contentType],
    ["etag", found.etag],
    ["checksum", checksum === undefined ? "not kept" : `${checksum.algorithm} ${checksum.value}`],
    ...(found.sha256 === undefined ? [] : [["sha-256", found.sha256] as [string, string]]),
    ["encryption", found.encryption ?? "not told"],
    ...Object.entries(found.metadata).map(([name, value], index): [string, string] => [
      index === 0 ? "metadata" : "",
      `${name}=${value}`,
    ]),
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, value]) => `${label.padEnd(width)}  ${printable(value)}\n`).join("");
}
