import { constants } from "node:fs";
import { mkdir, open, readdir, readFile, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describeThisProcess, type ProcessRecord } from "../system/process.js";
import { isMissing } from "./errors.js";
import {
  isOnThisMachine,
  livenessOfRunner,
  parseName,
  type Runner,
  runnerOf,
  type SessionName,
} from "./names.js";

/** Paths and names of files tell of users: they are for the account of the process alone. */
const FOLDER_MODE = 0o700;
export const FILE_MODE = 0o600;

/** Milliseconds between the signs of life of whoever runs sessions. */
export const BEAT_MS = 5_000;
/** Milliseconds without a sign of life after which one who cannot be asked for is taken for dead. */
const SILENCE_MS = 30_000;
/**
 * The same, of another machine, whose clock may be another: a server of S3 refuses clocks that are
 * more than 15 minutes off, so that two which it takes are at most 30 minutes apart.
 */
const SILENCE_ELSEWHERE_MS = 60 * 60 * 1000;

/** A session's file, as it is found. */
export interface FoundSession extends SessionName {
  readonly path: string;
}

/** The folder of one store's sessions. It is made when the first one begins. */
export class Folder {
  readonly path: string;
  #own: Promise<ProcessRecord> | undefined;
  #made = false;

  constructor(path: string) {
    this.path = path;
  }

  /** This process, as names of files hold it. */
  async runner(): Promise<Runner> {
    return runnerOf(await this.#self());
  }

  /** Makes the folder, durably, and removes what dead processes have left half-written. */
  async make(): Promise<void> {
    if (this.#made && (await exists(this.path))) return;
    const first = await mkdir(this.path, { recursive: true, mode: FOLDER_MODE });
    if (first !== undefined) {
      for (let path = this.path; path !== dirname(first); path = dirname(path)) {
        await syncFolder(dirname(path));
      }
    }
    this.#made = true;
    for (const name of await readdir(this.path)) {
      const draft = parseName(name, "draft");
      if (draft !== undefined && !(await this.isRunning({ ...draft, path: this.in(name) }))) {
        await rm(this.in(name), { force: true });
      }
    }
  }

  in(name: string): string {
    return join(this.path, name);
  }

  /**
   * The files of all sessions. None where there is no folder. One that is just being taken over may be
   * given by both of its names, of which one is gone.
   */
  async sessions(): Promise<FoundSession[]> {
    // A file that gets another name meanwhile may be missing in a list.
    const names = new Set([...(await this.#names()), ...(await this.#names())]);
    return [...names].flatMap((name) => {
      const session = parseName(name, "session");
      return session === undefined ? [] : [{ ...session, path: this.in(name) }];
    });
  }

  /** `undefined` when the file is gone: its session has ended, or was taken over. */
  async read(path: string): Promise<string | undefined> {
    return readFile(path, "utf8").catch((error: unknown) => {
      if (isMissing(error)) return undefined;
      throw error;
    });
  }

  /** Whether a living process works on a file. */
  async isRunning({ runner, path }: FoundSession): Promise<boolean> {
    if (runner === undefined) return false;
    const own = await this.#self();
    const liveness = await livenessOfRunner(own, runner);
    if (liveness !== "unknown") return liveness === "alive";
    const sign = await stat(path).catch((error: unknown) => {
      if (isMissing(error)) return undefined;
      throw error;
    });
    const silence = isOnThisMachine(own, runner) ? SILENCE_MS : SILENCE_ELSEWHERE_MS;
    return sign !== undefined && Date.now() - sign.mtimeMs < silence;
  }

  /** Makes the names in the folder durable. */
  async sync(): Promise<void> {
    await syncFolder(this.path).catch((error: unknown) => {
      // Somebody has removed it: nothing is left to be durable.
      if (!isMissing(error)) throw error;
    });
  }

  async #names(): Promise<readonly string[]> {
    return readdir(this.path).catch((error: unknown) => {
      if (isMissing(error)) return [];
      throw error;
    });
  }

  #self(): Promise<ProcessRecord> {
    this.#own ??= describeThisProcess();
    return this.#own;
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  await handle.sync().finally(() => handle.close());
}
