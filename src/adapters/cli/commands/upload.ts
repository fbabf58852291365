import { basename, resolve } from "node:path";
import type { UnfinishedUpload, Uploaded, UploadRequest } from "../../../app/stowage.js";
import { StowageError } from "../../../domain/errors.js";
import type { Context } from "../context.js";
import { formatTime } from "../format.js";
import { showProgress } from "../progress.js";
import { print, tell } from "../terminal.js";

/** Stores a file or standard input, and prints its URI. */
export async function upload(context: Context): Promise<void> {
  const { terminal, stowage, options } = context;
  if (stowage.store.facts.kind === "memory") {
    await tell(terminal, "stowage: Note: this store is in memory, and gone when the command ends");
  }
  const uploaded = await send(context);
  if (uploaded.sha256 !== undefined && !options.json && !options.quiet) {
    await tell(terminal, `stowage: SHA-256 ${uploaded.sha256}`);
  }
  const line = options.json ? JSON.stringify(uploaded) : uploaded.uri;
  await print(terminal.stdout, `${line}\n`).catch((error: unknown) => {
    if (!(error instanceof StowageError)) throw error;
    throw error.with({ outcome: "applied", remedy: `Its URI is ${uploaded.uri}` });
  });
}

async function send(context: Context): Promise<Uploaded> {
  const { terminal, stowage, options, operands, signal } = context;
  const [file = ""] = operands;
  const fromInput = file === "-";
  if (fromInput && terminal.stdin.isTTY === true && !options.quiet) {
    await tell(terminal, "stowage: Reading what you type; end it with Ctrl-D");
  }
  const path = fromInput ? undefined : resolve(terminal.cwd, file);
  const session = path === undefined ? undefined : await interrupted(context, path);
  using progress = showProgress(terminal, options.name ?? basename(file), options.quiet);
  const { onProgress } = progress;
  if (session !== undefined) return await stowage.resumeUpload({ session, signal, onProgress });
  const request: UploadRequest = {
    userId: options.user ?? "",
    source: path ?? terminal.stdin,
    name: options.name,
    contentType: options.contentType,
    metadata: options.metadata,
    sha256: options.sha256,
    signal,
    onProgress,
  };
  return await (options.model ? stowage.uploadModel(request) : stowage.uploadDataset(request));
}

/** The upload to go on with; where that was not asked for, its being there is told. */
async function interrupted(context: Context, path: string): Promise<UnfinishedUpload | undefined> {
  const { terminal, options } = context;
  if (!options.resume) {
    // A hint is worth no failure: that there is no journal, or none that can be read, included.
    const found = await sessionOf(context, path).catch(() => undefined);
    if (found === undefined || found.running || options.quiet) return undefined;
    const at = formatTime(found.startedAt);
    await tell(
      terminal,
      `stowage: Note: an upload of this file was interrupted (begun ${at}); with --resume it is gone on with`,
    );
    return undefined;
  }
  const found = await sessionOf(context, path);
  if (found === undefined) {
    await tell(
      terminal,
      "stowage: Note: no upload of this file is on record here; it is uploaded from its beginning",
    );
  } else if (hasAttributes(context)) {
    await tell(
      terminal,
      "stowage: Note: the upload keeps the content type and metadata that it began with, and its SHA-256 or none",
    );
  }
  return found;
}

function hasAttributes({ options: { contentType, metadata, sha256 } }: Context): boolean {
  return contentType !== undefined || sha256 || Object.keys(metadata).length > 0;
}

/** The latest of this store, user, file and name. */
async function sessionOf(
  { stowage, options }: Context,
  path: string,
): Promise<UnfinishedUpload | undefined> {
  const kind = options.model ? "model" : "dataset";
  const filename = options.name ?? basename(path);
  let found: UnfinishedUpload | undefined;
  for await (const upload of stowage.unfinishedUploads({ userId: options.user ?? "" })) {
    if (upload.path === path && upload.filename === filename && upload.kind === kind) {
      found = upload;
    }
  }
  return found;
}
