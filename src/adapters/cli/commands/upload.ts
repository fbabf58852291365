import { basename, resolve } from "node:path";
import type { Uploaded, UploadRequest } from "../../../app/stowage.js";
import { StowageError } from "../../../domain/errors.js";
import type { Context } from "../context.js";
import { showProgress } from "../progress.js";
import { print, tell } from "../terminal.js";

/** Stores a file or standard input, and prints its URI. */
export async function upload(context: Context): Promise<void> {
  const { terminal, stowage, options } = context;
  if (stowage.store.facts.kind === "memory") {
    await tell(terminal, "stowage: Note: this store is in memory, and gone when the command ends");
  }
  const uploaded = await send(context);
  const line = options.json ? JSON.stringify(uploaded) : uploaded.uri;
  await print(terminal.stdout, `${line}\n`).catch((error: unknown) => {
    if (!(error instanceof StowageError)) throw error;
    throw error.with({ outcome: "applied", remedy: `Its URI is ${uploaded.uri}` });
  });
}

async function send({ terminal, stowage, options, operands, signal }: Context): Promise<Uploaded> {
  const [file = ""] = operands;
  const fromInput = file === "-";
  if (fromInput && terminal.stdin.isTTY === true && !options.quiet) {
    await tell(terminal, "stowage: Reading what you type; end it with Ctrl-D");
  }
  using progress = showProgress(terminal, options.name ?? basename(file), options.quiet);
  const request: UploadRequest = {
    userId: options.user ?? "",
    source: fromInput ? terminal.stdin : resolve(terminal.cwd, file),
    name: options.name,
    contentType: options.contentType,
    metadata: options.metadata,
    signal,
    onProgress: progress.onProgress,
  };
  return await (options.model ? stowage.uploadModel(request) : stowage.uploadDataset(request));
}
