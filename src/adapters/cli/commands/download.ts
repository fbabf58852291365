import { stat } from "node:fs/promises";
import { isAbsolute, join, resolve } from "node:path";
import type { Downloaded, DownloadRequest, ObjectRequest } from "../../../app/stowage.js";
import type { Context } from "../context.js";
import { type Subject, subjectOf } from "../owner.js";
import { showProgress } from "../progress.js";
import { OutputSink, print, tell } from "../terminal.js";

/** Brings an object to a file, whose path it prints, or to standard output. */
export async function download(context: Context): Promise<void> {
  const { terminal, operands } = context;
  const subject = subjectOf(context);
  let downloaded: Downloaded;
  if (operands[1] === "-") {
    downloaded = await fetch(context, subject, new OutputSink(terminal.stdout), subject.object);
  } else {
    const file = await fileFor(context, subject);
    // Joined, as `resolve` would make a file's path of "new/".
    const path = isAbsolute(file) ? file : join(terminal.cwd, file);
    downloaded = await fetch(context, subject, path, file);
    await print(terminal.stdout, `${file}\n`);
  }
  if (!downloaded.verified) {
    await tell(
      terminal,
      "stowage: Note: the store keeps no checksum of this object, so its bytes could not be verified; those of an upload with --sha256 can be",
    );
  }
}

async function fetch(
  context: Context,
  subject: Subject,
  to: DownloadRequest["to"],
  name: string,
): Promise<Downloaded> {
  const { terminal, stowage, options } = context;
  // Bytes and progress on one terminal would overwrite each other.
  const quiet = options.quiet || (to instanceof OutputSink && terminal.stdout.isTTY === true);
  using progress = showProgress(terminal, name, quiet);
  return await stowage.download({
    ...requestOf(context, subject),
    to,
    overwrite: options.force,
    onProgress: progress.onProgress,
  });
}

/** The file as given, or within the folder as given, or of the object's own name. */
async function fileFor(context: Context, subject: Subject): Promise<string> {
  const { terminal, stowage, operands } = context;
  const [, file] = operands;
  if (file !== undefined && !(await isFolder(resolve(terminal.cwd, file)))) return file;
  const { filename } =
    subject.filename === undefined ? await stowage.info(requestOf(context, subject)) : subject;
  return file === undefined ? String(filename) : join(file, String(filename));
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

function requestOf({ signal }: Context, { userId, object }: Subject): ObjectRequest {
  return { userId, object, signal };
}
