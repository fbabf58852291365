import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { StowageError } from "../../domain/errors.js";
import type { ObjectKey } from "../../domain/object-key.js";
import type { ObjectInfo, OpenObject } from "../../ports/object-store.js";
import { type Call, fromErrno, isNothing, refusal } from "./errors.js";
import { type Described, describe, infoOf, replacedTooOften } from "./find.js";
import type { Site } from "./site.js";
import { etagOf } from "./versions.js";

/** Bytes of the largest chunk of a body. */
const CHUNK_BYTES = 1_048_576;

const MAX_OPENS = 100;

/** An object's data file, opened: its bytes stay what they are when the object is replaced. */
export interface OpenData extends Described {
  readonly handle: FileHandle;
}

/** Opens the data file of a key with the attributes of the same version. */
export async function openData(site: Site, key: ObjectKey): Promise<OpenData | undefined> {
  for (let attempt = 0; attempt < MAX_OPENS; attempt++) {
    const described = await describe(site, key);
    if (described === undefined) return undefined;
    const handle = await openFile(described.path);
    if (handle === undefined) continue;
    try {
      const stats = await handle.stat({ bigint: true });
      if (etagOf(stats) === etagOf(described.stats)) return { ...described, handle };
    } catch (error) {
      await letGo(handle);
      throw error;
    }
    await letGo(handle);
  }
  throw replacedTooOften();
}

/** Closes what was only read: what came of it is whole, whether or not the disk can close it. */
export async function letGo(handle: FileHandle): Promise<void> {
  await handle.close().catch(() => undefined);
}

/** Without waiting, should a pipe have come to the path; and through no link, should one have. */
async function openFile(path: string): Promise<FileHandle | undefined> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  return open(path, flags).catch((error: unknown) => {
    if (isNothing(error)) return undefined;
    throw error;
  });
}

/** What `get` gives: the bytes from `start` up to, not including, `end`. */
export class FileBody implements OpenObject {
  readonly info: ObjectInfo;
  readonly body: AsyncIterable<Uint8Array>;
  readonly #handle: FileHandle;

  constructor(
    key: ObjectKey,
    data: OpenData,
    range: { readonly start: number; readonly end: number },
    signal: AbortSignal | undefined,
  ) {
    this.info = infoOf(key, data);
    this.#handle = data.handle;
    this.body = read({ operation: "get", key }, data, range, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await letGo(this.#handle);
  }
}

async function* read(
  call: Call,
  data: OpenData,
  { start, end }: { readonly start: number; readonly end: number },
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  try {
    for (let at = start; at < end; ) {
      signal?.throwIfAborted();
      const length = Math.min(CHUNK_BYTES, end - at);
      const chunk = await readAt(call, data, at, length);
      at += chunk.length;
      if (at >= end) await expectUntouched(call, data);
      yield chunk;
    }
    signal?.throwIfAborted();
  } finally {
    await letGo(data.handle);
  }
}

async function readAt(
  call: Call,
  { handle }: OpenData,
  at: number,
  length: number,
): Promise<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(length);
  const { bytesRead } = await handle.read(buffer, 0, length, at).catch((error: unknown) => {
    throw fromErrno(error, call);
  });
  if (bytesRead === 0) throw writtenTo(call);
  return buffer.subarray(0, bytesRead);
}

/** Stowage never writes into a file that has its name, but another program may have. */
async function expectUntouched(call: Call, data: OpenData): Promise<void> {
  const now = await data.handle.stat({ bigint: true }).catch((error: unknown) => {
    throw fromErrno(error, call);
  });
  if (etagOf(now) !== etagOf(data.stats)) throw writtenTo(call);
}

function writtenTo(call: Call): StowageError {
  return refusal(call, "bad-answer", "another program wrote into its file while it was read");
}
