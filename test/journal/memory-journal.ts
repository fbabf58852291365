import { randomUUID } from "node:crypto";
import { StowageError } from "../../src/domain/errors.js";
import type {
  Journal,
  RecordedPart,
  SessionRecord,
  SessionStart,
  UploadSession,
} from "../../src/ports/journal.js";

interface Entry {
  readonly id: string;
  start: SessionStart;
  uploadId: string | undefined;
  parts: RecordedPart[];
  runner: Process | undefined;
}

interface Process {
  alive: boolean;
}

/** What outlives processes that end with the test's word. */
export class MemoryShelf {
  readonly entries: Map<string, Entry> = new Map();

  /** The journal as one process has it open, until that is killed. */
  open(): { readonly journal: Journal; readonly kill: () => void } {
    const process: Process = { alive: true };
    return {
      journal: new MemoryJournal(this, process),
      kill: () => {
        process.alive = false;
      },
    };
  }

  told({ id, start, uploadId, parts, runner }: Entry): UploadSession {
    return { ...start, id, uploadId, parts: [...parts], running: runner?.alive === true };
  }
}

class MemoryJournal implements Journal {
  readonly #shelf: MemoryShelf;
  readonly #process: Process;

  constructor(shelf: MemoryShelf, process: Process) {
    this.#shelf = shelf;
    this.#process = process;
  }

  async begin(start: SessionStart): Promise<SessionRecord> {
    const id = randomUUID();
    const entry: Entry = { id, start, uploadId: undefined, parts: [], runner: this.#process };
    this.#shelf.entries.set(id, entry);
    return this.#record(entry);
  }

  async *sessions(location: string): AsyncGenerator<UploadSession> {
    const entries = [...this.#shelf.entries.values()];
    const sessions = entries.map((entry) => this.#shelf.told(entry));
    yield* sessions
      .filter((session) => session.location === location)
      .sort((a, b) => a.beganAt.getTime() - b.beganAt.getTime());
  }

  async take(id: string): Promise<SessionRecord> {
    const entry = this.#shelf.entries.get(id);
    if (entry === undefined) throw new StowageError("not-found", `Cannot take ${id}: it has ended`);
    if (entry.runner?.alive === true) {
      throw new StowageError("conflict", `Cannot take ${id}: another process runs it`);
    }
    entry.runner = this.#process;
    return this.#record(entry);
  }

  #record(entry: Entry): SessionRecord {
    const shelf = this.#shelf;
    let session = shelf.told(entry);
    let held = true;
    const expectHeld = (): void => {
      if (!held)
        throw new StowageError("journal-failed", `Cannot write to ${entry.id}: it has ended`);
    };
    return {
      get session() {
        return session;
      },
      started: async (uploadId) => {
        expectHeld();
        if (uploadId !== entry.uploadId) entry.parts = [];
        entry.uploadId = uploadId;
      },
      stored: async (part) => {
        expectHeld();
        entry.parts = entry.parts.filter(({ partNumber }) => partNumber !== part.partNumber);
        entry.parts.push(part);
      },
      restart: async (start) => {
        expectHeld();
        Object.assign(entry, { start, uploadId: undefined, parts: [] });
        session = shelf.told(entry);
      },
      end: async () => {
        if (held) shelf.entries.delete(entry.id);
        held = false;
      },
      leave: async () => {
        if (held) entry.runner = undefined;
        held = false;
      },
    };
  }
}
