import type { Checksum } from "../domain/checksum.js";
import type { Metadata } from "../domain/metadata.js";
import type { ObjectKey } from "../domain/object-key.js";
import type { Encryption } from "./object-store.js";
import type { SourceIdentity } from "./source.js";

/**
 * Uploads in parts, written down while they are made: should the process die, another one can go on
 * with them, or clear them away.
 *
 * - What is on record outlives the process, whenever it is killed, and the machine.
 * - A session that one process runs is taken over by no other.
 */
export interface Journal {
  /**
   * Writes down that an upload is about to begin. Nothing has been sent yet: when it is on record,
   * the store may be asked for an upload of this key.
   *
   * @throws `journal-failed`.
   */
  begin(start: SessionStart): Promise<SessionRecord>;

  /**
   * What is on record of one store (`StoreFacts.location`), the oldest first. A record that was
   * being written when its process died is given as far as it goes.
   *
   * @throws `journal-failed`.
   */
  sessions(location: string): AsyncIterable<UploadSession>;

  /**
   * Takes over a session whose process is gone.
   *
   * @throws `not-found` when it has ended; `conflict` while another process runs it;
   *   `journal-failed`.
   */
  take(id: string): Promise<SessionRecord>;
}

/**
 * A session that this process runs.
 *
 * @throws `journal-failed` from each of its calls.
 */
export interface SessionRecord {
  /** As it stood when it was begun, taken or restarted. */
  readonly session: UploadSession;
  /** Writes down the store's id of the upload, before a part is sent. */
  started(uploadId: string): Promise<void>;
  /** Writes down a part that the store has confirmed. Need not outlive the machine: parts are proved. */
  stored(part: RecordedPart): Promise<void>;
  /**
   * Puts another upload of the session's source in the place of what is on record, in one step:
   * nothing of it has been sent yet. Whoever is killed meanwhile leaves the one or the other.
   */
  restart(start: SessionStart): Promise<void>;
  /** Forgets the session: its upload is completed, or dropped for good. Once more does no harm. */
  end(): Promise<void>;
  /**
   * Lets go of the session, which stays on record for another process. After that, and after the
   * end, no more is written.
   */
  leave(): Promise<void>;
}

/** What is known of an upload in parts before its first request. Plain data. */
export interface SessionStart {
  /** `StoreFacts.location` of the store. */
  readonly location: string;
  readonly key: ObjectKey;
  readonly writeToken: string;
  readonly beganAt: Date;
  readonly contentType: string;
  /** Whole, as it is kept with the object. */
  readonly metadata: Metadata;
  readonly encryption: Encryption | undefined;
  /** Missing for what cannot be read again, such as a stream. */
  readonly source: SourceIdentity | undefined;
  /** Bytes of each part but the last. Missing for a stream of unknown length. */
  readonly partBytes: number | undefined;
}

/** An upload on record. */
export interface UploadSession extends SessionStart {
  /** Names the session in its journal. */
  readonly id: string;
  /** Missing when the process died before the store's answer was on record. */
  readonly uploadId: string | undefined;
  /** In no order. The store may have more. */
  readonly parts: readonly RecordedPart[];
  /** Whether a living process runs it. */
  readonly running: boolean;
}

/** A part that the store has confirmed, with what its bytes were. */
export interface RecordedPart {
  readonly partNumber: number;
  readonly size: number;
  readonly etag: string;
  readonly checksum: Checksum;
}
