import type { RemovedUpload, StaleRequest, StaleUpload } from "../../../app/stowage.js";
import type { Context } from "../context.js";
import { formatBytes, formatTime } from "../format.js";
import { print, tell } from "../terminal.js";

/** Characters that `formatBytes` takes at most. */
const SIZE_WIDTH = 10;

/** Lists what is left of uploads that nobody goes on with, or removes it. */
export async function uploads(context: Context): Promise<void> {
  const { terminal, stowage, options, operands, signal } = context;
  const { user: userId, prefix, olderThan } = options;
  const request: StaleRequest = { userId, prefix, olderThan, signal };
  if (stowage.store.facts.honours.listUploads === "key") {
    await tell(
      terminal,
      "stowage: Note: this store lists the uploads of one key alone; only those on record here are found",
    );
  }
  if (operands[0] === "clean") return clean(context, request);
  let count = 0;
  for await (const stale of stowage.listStaleUploads(request)) {
    count += 1;
    await show(context, stale);
  }
  if (count === 0) await tellNone(context);
}

async function clean(context: Context, request: StaleRequest): Promise<void> {
  const { terminal, stowage, options } = context;
  const { dryRun } = options;
  const results = await stowage.removeStaleUploads({ ...request, dryRun });
  const failed: RemovedUpload[] = [];
  for (const result of results) {
    if (result.removed || dryRun || options.json) await show(context, result);
    if (result.error !== undefined) failed.push(result);
  }
  if (results.length === 0) await tellNone(context);
  const [first, ...others] = failed;
  for (const { error, key } of others) {
    await tell(terminal, `stowage: Cannot remove what is left of ${key}: ${error?.message}`);
  }
  if (first?.error !== undefined) throw first.error;
}

async function show({ terminal, options }: Context, stale: StaleUpload): Promise<void> {
  await print(terminal.stdout, `${options.json ? JSON.stringify(stale) : row(stale)}\n`);
}

/** The key comes last: it is the only column that may hold spaces. */
function row({ startedAt, storedBytes, knownBy, key }: StaleUpload): string {
  const size = formatBytes(storedBytes).padStart(SIZE_WIDTH);
  return `${formatTime(startedAt)}  ${size}  ${knownBy.padEnd("journal".length)}  ${key}`;
}

async function tellNone({ terminal, stowage }: Context): Promise<void> {
  if (terminal.stderr.isTTY !== true) return;
  await tell(terminal, `Nothing is left of uploads at ${stowage.store.facts.location}`);
}
