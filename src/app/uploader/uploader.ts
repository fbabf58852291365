import type { Checksum } from "../../domain/checksum.js";
import type { Metadata } from "../../domain/metadata.js";
import type { ObjectKey } from "../../domain/object-key.js";
import type { UploadWishes } from "../../domain/upload-plan.js";
import type { Clock } from "../../ports/clock.js";
import type { SessionRecord } from "../../ports/journal.js";
import type { Part, Upload } from "../../ports/multipart-store.js";
import type { Encryption, When } from "../../ports/object-store.js";
import type { RetryingStore } from "../retrying-store.js";
import type { Running } from "./lost-uploads.js";
import type { Rooms } from "./part-memory.js";
import type { Piece } from "./slices.js";

/** Milliseconds that a write is given to answer after an abort. */
export const ABORT_GRACE_MS = 750;

/** What the engine works with. */
export interface Uploader {
  readonly store: RetryingStore;
  readonly clock: Clock;
  readonly wishes: UploadWishes;
  /** Parts of one upload in flight at once. */
  readonly concurrency: number;
  /** Milliseconds in which what a failure or an abort left behind is removed. */
  readonly cleanupTimeoutMs: number;
  readonly running: Running;
}

/** One object to be stored. */
export interface ObjectUpload {
  readonly key: ObjectKey;
  readonly contentType: string;
  /** Holds `write_token`, by which the engine knows its own object again. */
  readonly metadata: Metadata;
  readonly writeToken: string;
  readonly encryption: Encryption | undefined;
  readonly when: When | undefined;
  /** Of the source's bytes, where they were read before: others are `source-changed`. */
  readonly hashed?: Checksum | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: (doneBytes: number, totalBytes: number | undefined) => void;
  /**
   * Writes the upload down before its first request, when it goes in parts. Default: it is written
   * down nowhere, and what a killed process leaves behind is found by the store's own list alone.
   */
  readonly record?: ((partBytes: number | undefined) => Promise<SessionRecord>) | undefined;
}

/** An upload in parts that another process began, and its parts that the store lists. */
export interface Earlier {
  readonly upload: Upload;
  readonly record: SessionRecord;
  readonly listed: readonly Part[];
}

/** What was stored. */
export interface Sent {
  readonly size: number;
  readonly etag: string;
  readonly checksum: Checksum;
  /** 0 for one request. */
  readonly parts: number;
}

/** A source that has been read far enough to know how it is sent. */
export type Prepared =
  | { readonly kind: "whole"; readonly bytes: Uint8Array; readonly checksum: Checksum }
  | {
      readonly kind: "parts";
      readonly pieces: AsyncIterable<Piece>;
      /** Where the pieces stand, which is given back as they are stored. */
      readonly rooms: Rooms;
      readonly totalBytes: number | undefined;
      /** Bytes of each part but the last; `undefined` where they grow. */
      readonly partBytes: number | undefined;
      /** What fits in all the parts. */
      readonly ceilingBytes: number;
    };
