import { basename } from "node:path";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { quote, StowageError } from "../../domain/errors.js";
import type { OpenSource, Source, UploadSource } from "../../ports/source.js";
import { BlobSource, BytesSource } from "./bytes-source.js";
import { openFile } from "./file-source.js";
import { StreamSource } from "./stream-source.js";
import { fromIterable, fromReadable, fromWebStream } from "./streams.js";

/** Opens a path, a `file:` URL, bytes, a `Blob` or `File`, or a stream of any sort. */
export const openLocalSource: OpenSource = async (source: UploadSource): Promise<Source> => {
  if (typeof source === "string") return openFile(pathOf(source));
  if (source instanceof URL) return openFile(pathOf(source));
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

/**
 * The path that a caller means.
 *
 * @throws `invalid-argument` for an empty path, and for a URL that names no local file.
 */
export function pathOf(path: string | URL): string {
  if (path === "") {
    throw new StowageError(
      "invalid-argument",
      'Cannot use path "": it is empty; give a file\'s path',
    );
  }
  if (typeof path === "string") return path;
  try {
    return fileURLToPath(path);
  } catch (cause) {
    throw new StowageError(
      "invalid-argument",
      `Cannot use URL of scheme ${quote(path.protocol)} or host ${quote(path.host)}: give a file: URL of this machine`,
      {},
      { cause },
    );
  }
}

/** The name of the file behind an `fs.ReadStream`. */
function fileOf(stream: Readable): string | undefined {
  const path = "path" in stream ? stream.path : undefined;
  return typeof path === "string" || path instanceof Buffer ? basename(String(path)) : undefined;
}

function isAsyncIterable(source: unknown): source is AsyncIterable<unknown> {
  return typeof source === "object" && source !== null && Symbol.asyncIterator in source;
}

function described(source: unknown): string {
  if (source === undefined || source === null) return String(source);
  return typeof source === "object" ? `a ${source.constructor?.name ?? "object"}` : quote(source);
}
