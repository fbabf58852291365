import { createHash, randomBytes } from "node:crypto";
import { rename, utimes } from "node:fs/promises";
import { join } from "node:path";
import { type ErrorCode, quote, StowageError } from "../../domain/errors.js";
import type { Journal, SessionRecord, SessionStart, UploadSession } from "../../ports/journal.js";
import { isMissing, journalError } from "./errors.js";
import { Folder, type FoundSession } from "./folder.js";
import { readWritten } from "./format.js";
import { sessionFile } from "./names.js";
import { FileRecord } from "./record.js";

export interface FileJournalOptions {
  /** Where journals are kept: absolute. It is made when the first upload begins. */
  readonly directory: string;
  /** Names the store, its server included: sessions of two stores never meet. */
  readonly store: string;
}

/**
 * Opens the journal of a store: a folder of its own, with a file for each session. No I/O yet.
 *
 * Whoever runs a session stands in the name of its file, so that a rename, of which one of two
 * succeeds, takes it over.
 */
export function openFileJournal({ directory, store }: FileJournalOptions): Journal {
  const name = createHash("sha256").update(store).digest("hex").slice(0, 32);
  return new FileJournal(new Folder(join(directory, name)), store);
}

class FileJournal implements Journal {
  readonly #folder: Folder;
  readonly #store: string;

  constructor(folder: Folder, store: string) {
    this.#folder = folder;
    this.#store = store;
  }

  begin(start: SessionStart): Promise<SessionRecord> {
    return this.#told(async () => {
      await this.#folder.make();
      return FileRecord.begin(this.#folder, this.#store, randomBytes(16).toString("hex"), start);
    });
  }

  async *sessions(location: string): AsyncGenerator<UploadSession> {
    const found = await this.#told(() => this.#readAll());
    yield* found
      .filter((session) => session.location === location)
      .sort((a, b) => a.beganAt.getTime() - b.beganAt.getTime() || (a.id < b.id ? -1 : 1));
  }

  take(id: string): Promise<SessionRecord> {
    return this.#told(async () => {
      const path = this.#folder.in(sessionFile(id, await this.#folder.runner()));
      // Each round, another has taken the file over, or let go of it, since it was looked at.
      for (let round = 0; round < MOST_ROUNDS; round++) {
        const files = (await this.#folder.sessions()).filter((session) => session.id === id);
        if (files.length === 0) throw refusal("not-found", id, "it has ended");
        const [file] = files;
        if (file === undefined || files.length > 1) continue;
        if (await this.#folder.isRunning(file)) break;
        const session = await this.#read(file);
        if (session === "gone") continue;
        if (session === undefined) throw refusal("not-found", id, "its record is damaged");
        await this.#folder.make();
        if (!(await moved(file.path, path))) continue;
        await this.#folder.sync();
        const written = readWritten((await this.#folder.read(path)) ?? "");
        if (written === undefined) throw refusal("not-found", id, "its record is damaged");
        return FileRecord.taken(this.#folder, this.#store, id, path, written);
      }
      throw refusal("conflict", id, "another process runs it");
    });
  }

  async #readAll(): Promise<readonly UploadSession[]> {
    for (let round = 1; ; round++) {
      const found = await Promise.all(
        (await this.#folder.sessions()).map((file) => this.#read(file)),
      );
      // What is gone may have another name by now.
      if (found.includes("gone") && round < MOST_ROUNDS) continue;
      return found.filter((session) => session !== "gone" && session !== undefined);
    }
  }

  /** `undefined` for a file that tells nothing: it is damaged, or of a later form. */
  async #read(file: FoundSession): Promise<UploadSession | "gone" | undefined> {
    const text = await this.#folder.read(file.path);
    if (text === undefined) return "gone";
    const written = readWritten(text);
    if (written === undefined) return undefined;
    return { ...written, id: file.id, running: await this.#folder.isRunning(file) };
  }

  async #told<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw journalError(error, this.#folder.path);
    }
  }
}

const MOST_ROUNDS = 10;

/** `false` when the file is gone: another was quicker. */
async function moved(from: string, to: string): Promise<boolean> {
  try {
    // A sign of life, for those who cannot ask the system for this process.
    const now = new Date();
    await utimes(from, now, now);
    await rename(from, to);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

function refusal(code: ErrorCode, id: string, why: string): StowageError {
  return new StowageError(code, `Cannot take up the upload session ${quote(id)}: ${why}`, {
    operation: "upload",
  });
}
