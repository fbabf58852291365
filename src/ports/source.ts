import type { Slice } from "./slice.js";

/** What can be uploaded. A string is a path, as is a `file:` URL. A stream is read once. */
export type UploadSource =
  | string
  | URL
  | Uint8Array
  | Blob
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array | string>;

/** Bytes on the caller's side, opened for one upload. */
export interface Source extends AsyncDisposable {
  /** In bytes; `undefined` for a stream, whose end is found by reading. */
  readonly size: number | undefined;
  /** The file's own name, for what has one. */
  readonly filename: string | undefined;
  /** What another process can know it again by; `undefined` for what cannot be opened again. */
  readonly identity: SourceIdentity | undefined;
  /**
   * Gives the source's bytes in order, in pieces of the sizes asked for: each piece is as long as
   * asked (1 byte or more), but the last, which is shorter or missing.
   *
   * A piece stands in the room that was made for it, and belongs to whoever made that. Bytes at hand
   * are given as they stand, with no room made. Once only.
   *
   * @param room makes room for a piece of so many bytes. Default: new memory.
   * @throws `source-changed` when a file is no longer the one that was opened, or no longer as long;
   *   `source-failed` with the cause when reading fails; what `room` throws.
   */
  pieces(sizes: Iterable<number>, room?: MakeRoom): AsyncIterable<Uint8Array>;
  /**
   * The bytes from `start` up to, not including, `end`, to be read by position as often as they are
   * needed, whatever else is read of the source. `undefined` for a stream, which is read once, and for
   * bytes at hand, which need not be read.
   *
   * Its reading throws as that of pieces does.
   */
  readonly slice?: ((start: number, end: number) => Slice) | undefined;
  /**
   * Resolves when what was read is still what the source holds. A file is looked at again: its
   * size, its times and its identity.
   *
   * @throws `source-changed`.
   */
  verify(): Promise<void>;
}

/** Gives memory for a piece: at least so many bytes, of which the first are used. */
export type MakeRoom = (bytes: number) => Promise<Uint8Array>;

/** A file as it was when it was opened. Plain data, good for writing down. */
export interface SourceIdentity {
  /** Absolute. */
  readonly path: string;
  readonly size: number;
  /** Time of its last write, in nanoseconds since 1970: digits, as a number does not hold them. */
  readonly mtimeNs: string;
}

/**
 * Opens what is to be uploaded. Nothing has been sent yet when it rejects.
 *
 * Opening may wait, as for the writer of a pipe: the signal ends that, and rejects with its reason.
 *
 * @throws `source-not-found`, `source-unreadable` (a folder, no permission), `invalid-argument` (no
 *   source at all).
 */
export type OpenSource = (
  source: UploadSource,
  options?: { readonly signal?: AbortSignal | undefined },
) => Promise<Source>;

/** Where a download goes: a path, a `file:` URL, a Node or a web stream. */
export type DownloadTarget = string | URL | NodeJS.WritableStream | WritableStream<Uint8Array>;

/**
 * Bytes on the caller's side being written. A file appears whole at `commit`, or not at all; a
 * stream is ended by it. Disposing of a target that was not committed removes the file, or destroys
 * the stream.
 *
 * @throws `target-unwritable` with the cause, `no-space`.
 */
export interface Target extends AsyncDisposable {
  /** Resolves when more may be written; it waits as long as a stream is full. */
  write(bytes: Uint8Array): Promise<void>;
  /** Makes the file durable and gives it its name, or ends the stream and awaits that. */
  commit(): Promise<void>;
}

/**
 * Opens what is to be written. A file that is there stays until `commit`; it is refused at once
 * unless `overwrite` is set.
 *
 * @throws `already-exists`, `target-unwritable`, `no-space`, `invalid-argument` (no target at all, a
 *   stream that is locked, ended or destroyed).
 */
export type OpenTarget = (
  target: DownloadTarget,
  options: { readonly overwrite: boolean },
) => Promise<Target>;
