import type { ListRequest, StoredSummary } from "../../../app/stowage.js";
import type { Context } from "../context.js";
import { formatBytes, formatTime } from "../format.js";
import { print, tell } from "../terminal.js";

/** Characters that `formatBytes` takes at most. */
const SIZE_WIDTH = 10;

/** Prints a line for each object, as they come. */
export async function list({ terminal, stowage, options, signal }: Context): Promise<void> {
  const kind = options.model ? "model" : "dataset";
  const request: ListRequest = { userId: options.user ?? "", kind, signal };
  let count = 0;
  for await (const object of stowage.list(request)) {
    count += 1;
    await print(terminal.stdout, `${options.json ? JSON.stringify(object) : row(object)}\n`);
  }
  if (count === 0 && terminal.stderr.isTTY === true) {
    const { location } = stowage.store.facts;
    await tell(terminal, `User ${options.user} has no ${kind}s at ${location}`);
  }
}

/** The key comes last: it is the only column that may hold spaces. */
function row({ lastModified, size, key }: StoredSummary): string {
  return `${formatTime(lastModified)}  ${formatBytes(size).padStart(SIZE_WIDTH)}  ${key}`;
}
