import type { FileHandle } from "node:fs/promises";
import { open, rename, rm, utimes } from "node:fs/promises";
import { quote, StowageError } from "../../domain/errors.js";
import type {
  RecordedPart,
  SessionRecord,
  SessionStart,
  UploadSession,
} from "../../ports/journal.js";
import { isMissing, journalError } from "./errors.js";
import { BEAT_MS, FILE_MODE, type Folder } from "./folder.js";
import { headLine, partLine, startedLine, type Written } from "./format.js";
import { draftOf, sessionFile } from "./names.js";

/** A session that this process runs: a file, open for lines to be added. */
export class FileRecord implements SessionRecord {
  readonly #folder: Folder;
  readonly #store: string;
  readonly #id: string;
  readonly #path: string;
  #session: UploadSession;
  #handle: FileHandle | undefined;
  /** One line after the other: two at once could be mixed where the disk is nearly full. */
  #tail: Promise<unknown> = Promise.resolve();
  /** Begins the next line: a new one, where the last may have been cut off. */
  #lead = "";
  #beating: NodeJS.Timeout | undefined;

  private constructor(folder: Folder, store: string, path: string, session: UploadSession) {
    this.#folder = folder;
    this.#store = store;
    this.#path = path;
    this.#id = session.id;
    this.#session = session;
  }

  /** Writes down a session that begins. */
  static async begin(
    folder: Folder,
    store: string,
    id: string,
    start: SessionStart,
  ): Promise<FileRecord> {
    const path = folder.in(sessionFile(id, await folder.runner()));
    const record = new FileRecord(folder, store, path, begun(id, start));
    await record.#writeHead(start);
    return record;
  }

  /** Opens a file that this process has just taken over. */
  static async taken(
    folder: Folder,
    store: string,
    id: string,
    path: string,
    written: Written,
  ): Promise<FileRecord> {
    const record = new FileRecord(folder, store, path, { ...written, id, running: true });
    record.#hold(await open(path, "a", FILE_MODE));
    record.#lead = "\n";
    return record;
  }

  get session(): UploadSession {
    return this.#session;
  }

  started(uploadId: string): Promise<void> {
    return this.#add(startedLine(uploadId), { durably: true });
  }

  stored(part: RecordedPart): Promise<void> {
    return this.#add(partLine(part), { durably: false });
  }

  restart(start: SessionStart): Promise<void> {
    return this.#inTurn(async () => {
      const before = this.#expectHeld();
      await this.#writeHead(start);
      await before.close();
      this.#session = begun(this.#id, start);
    });
  }

  end(): Promise<void> {
    return this.#letGo(() => rm(this.#path, { force: true }));
  }

  leave(): Promise<void> {
    const free = this.#folder.in(sessionFile(this.#id, undefined));
    return this.#letGo(async () => {
      await rename(this.#path, free).catch((error: unknown) => {
        // Gone, or taken over while this process stood still.
        if (!isMissing(error)) throw error;
      });
    });
  }

  /** The name comes last, so that a head which is not whole is never seen. */
  async #writeHead(start: SessionStart): Promise<void> {
    const draft = draftOf(this.#path);
    const handle = await open(draft, "wx", FILE_MODE);
    try {
      await handle.writeFile(headLine(start, this.#store));
      await handle.sync();
      await rename(draft, this.#path);
      await this.#folder.sync();
    } catch (error) {
      await handle.close();
      await rm(draft, { force: true }).catch(() => undefined);
      throw error;
    }
    this.#hold(handle);
    this.#lead = "";
  }

  #add(line: string, { durably }: { readonly durably: boolean }): Promise<void> {
    return this.#inTurn(async () => {
      const handle = this.#expectHeld();
      const lead = this.#lead;
      this.#lead = "\n";
      await handle.writeFile(lead + line);
      if (durably) await handle.sync();
      this.#lead = "";
    });
  }

  #letGo(act: () => Promise<void>): Promise<void> {
    return this.#inTurn(async () => {
      const handle = this.#handle;
      if (handle === undefined) return;
      await act();
      await this.#folder.sync();
      clearInterval(this.#beating);
      this.#handle = undefined;
      await handle.close();
    });
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#tail.then(work).catch((error: unknown) => {
      throw journalError(error, this.#folder.path);
    });
    this.#tail = done.catch(() => undefined);
    return done;
  }

  #hold(handle: FileHandle): void {
    this.#handle = handle;
    this.#beating ??= setInterval(() => {
      const now = new Date();
      // Those who can ask the system for this process do without it.
      utimes(this.#path, now, now).catch(() => undefined);
    }, BEAT_MS).unref();
  }

  #expectHeld(): FileHandle {
    if (this.#handle !== undefined) return this.#handle;
    throw new StowageError(
      "journal-failed",
      `Cannot write to session ${quote(this.#id)}: it has ended, or was let go of`,
      { operation: "upload" },
    );
  }
}

function begun(id: string, start: SessionStart): UploadSession {
  return { ...start, id, uploadId: undefined, parts: [], running: true };
}
