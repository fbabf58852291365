import { basename } from "node:path";
import { Readable } from "node:stream";
import { StowageError } from "../../domain/errors.js";
import type { OpenSource, Source, UploadSource } from "../../ports/source.js";
import { described, pathOf } from "./arguments.js";
import { BlobSource, BytesSource } from "./bytes-source.js";
import { openFile } from "./file-source.js";
import { StreamSource } from "./stream-source.js";
import { fromIterable, fromReadable, fromWebStream } from "./streams.js";

/** Opens a path, a `file:` URL, bytes, a `Blob` or `File`, or a stream of any sort. */
export const openLocalSource: OpenSource = async (
  source: UploadSource,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Source> => {
  signal?.throwIfAborted();
  if (typeof source === "string") return openFile(pathOf(source), signal);
  if (source instanceof URL) return openFile(pathOf(source), signal);
  if (source instanceof Uint8Array) return new BytesSource(source);
  if (source instanceof Blob) return new BlobSource(source);
  if (source instanceof ReadableStream) return new StreamSource(fromWebStream(source), undefined);
  if (source instanceof Readable) return new StreamSource(fromReadable(source), fileOf(source));
  if (isAsyncIterable(source)) return new StreamSource(fromIterable(source), undefined);
  throw new StowageError(
    "invalid-argument",
    `Cannot upload ${described(source)}: give a path, a file: URL, a Uint8Array, a Blob or a stream of bytes`,
  );
};

/** The name of the file behind an `fs.ReadStream`. */
function fileOf(stream: Readable): string | undefined {
  const path = "path" in stream ? stream.path : undefined;
  return typeof path === "string" || path instanceof Buffer ? basename(String(path)) : undefined;
}

function isAsyncIterable(source: unknown): source is AsyncIterable<unknown> {
  return typeof source === "object" && source !== null && Symbol.asyncIterator in source;
}
