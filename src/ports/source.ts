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
  /**
   * Gives the source's bytes in order, in pieces of the sizes asked for: each piece is as long as
   * asked (1 byte or more), but the last, which is shorter or missing.
   *
   * A piece belongs to the caller. Once only.
   *
   * @throws `source-changed` when a file is no longer the one that was opened, or no longer as long;
   *   `source-failed` with the cause when reading fails.
   */
  pieces(sizes: Iterable<number>): AsyncIterable<Uint8Array>;
  /**
   * Resolves when what was read is still what the source holds. A file is looked at again: its
   * size, its times and its identity.
   *
   * @throws `source-changed`.
   */
  verify(): Promise<void>;
}

/**
 * Opens what is to be uploaded. Nothing has been sent yet when it rejects.
 *
 * @throws `source-not-found`, `source-unreadable` (a folder, no permission), `invalid-argument` (no
 *   source at all).
 */
export type OpenSource = (source: UploadSource) => Promise<Source>;

/** A file on the caller's side being written: it appears whole at `commit`, or not at all. */
export interface Target extends AsyncDisposable {
  write(bytes: Uint8Array): Promise<void>;
  /** Makes the file durable and gives it its name. */
  commit(): Promise<void>;
}

/**
 * Opens a file for writing. What is there stays until `commit`; it is refused at once unless
 * `overwrite` is set.
 *
 * @throws `already-exists`, `target-unwritable`, `no-space`.
 */
export type OpenTarget = (
  path: string | URL,
  options: { readonly overwrite: boolean },
) => Promise<Target>;
