import { constants, type MakeDirectoryOptions } from "node:fs";
import type * as fs from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";

type Fs = typeof fs;

/** One change of the disk, as the store asked for it. */
export interface Step {
  readonly name: string;
  readonly path: string;
  /** The second path of a link or a rename. */
  readonly to?: string | undefined;
}

/** What is done before a step: it may throw the error of a broken disk, or never come back. */
export type Interference = (step: Step, number: number) => void | Promise<void>;

/** A change that was made, with all that it takes to make it once more elsewhere. */
export interface Change extends Step {
  /** Of the file that a handle is for. */
  readonly handle?: FileHandle | undefined;
  readonly bytes?: Uint8Array | undefined;
  /** Where bytes were written. `undefined`: at the end. */
  readonly at?: number | undefined;
  /** The length of a file that was cut, or the time that it was given. */
  readonly value?: number | undefined;
}

/** The steps since the last `reset`, and what interferes with them. */
export const disk: {
  steps: Step[];
  /** How many calls there were, those that change nothing included. */
  calls: number;
  folders: string[];
  interfere: Interference | undefined;
  /** What is done before any call, also one that changes nothing. */
  beforeCall: Interference | undefined;
  /** What is told of each change once it is made. */
  changed: ((change: Change) => void) | undefined;
  /** What is done before a file is read whole. */
  beforeRead: ((path: string) => Promise<void>) | undefined;
  reset(interfere?: Interference): void;
  /** Closes what a store that was stopped for ever has left open. */
  closeAll(): Promise<void>;
} = {
  steps: [],
  calls: 0,
  folders: [],
  interfere: undefined,
  beforeCall: undefined,
  changed: undefined,
  beforeRead: undefined,
  reset(interfere) {
    disk.beforeRead = undefined;
    disk.beforeCall = undefined;
    disk.changed = undefined;
    disk.steps = [];
    disk.calls = 0;
    disk.folders = [];
    disk.interfere = interfere;
  },
  async closeAll() {
    for (const handle of handles) await handle.close().catch(() => undefined);
    handles.clear();
  },
};

const handles = new Set<FileHandle>();

/** An error as the system gives it. */
export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: made by the test`), { code });
}

/** Makes a call that changes nothing. */
async function look<T>(name: string, path: unknown, call: () => Promise<T>): Promise<T> {
  await called({ name, path: String(path) });
  return call();
}

/** Makes a change, and tells of it before and after. */
async function change<T>(told: Change, call: () => Promise<T>): Promise<T> {
  const { name, path, to } = told;
  const taken = { name, path: String(path), to: to === undefined ? undefined : String(to) };
  disk.steps.push(taken);
  await disk.interfere?.(taken, disk.steps.length);
  await called(taken);
  const result = await call();
  disk.changed?.({ ...told, ...taken });
  return result;
}

async function called(step: Step): Promise<void> {
  // What the system tells of its processes is no disk.
  if (step.path.startsWith("/proc")) return;
  disk.calls++;
  await disk.beforeCall?.(step, disk.calls);
}

/** `node:fs/promises`, with each call told before it is made, and each change of the disk after. */
export function recorded(original: Fs): Fs {
  const open: Fs["open"] = async (path, flags, mode) => {
    const make = async () => watched(await original.open(path, flags, mode), String(path));
    if (!isForWriting(flags)) return look("open", path, make);
    const name = "create";
    let handle: FileHandle | undefined;
    return change(
      {
        name,
        path: String(path),
        get handle() {
          return handle;
        },
      },
      async () => {
        handle = await make();
        return handle;
      },
    );
  };
  return {
    ...original,
    open,
    link: (from, to) =>
      change({ name: "link", path: String(from), to: String(to) }, () => original.link(from, to)),
    rename: (from, to) =>
      change({ name: "rename", path: String(from), to: String(to) }, () =>
        original.rename(from, to),
      ),
    unlink: (path) => change({ name: "unlink", path: String(path) }, () => original.unlink(path)),
    rmdir: (path) => change({ name: "rmdir", path: String(path) }, () => original.rmdir(path)),
    rm: (path, options) =>
      change({ name: "rm", path: String(path) }, () => original.rm(path, options)),
    mkdir: ((path: string, options: MakeDirectoryOptions) =>
      change({ name: "mkdir", path }, () => original.mkdir(path, options))) as Fs["mkdir"],
    copyFile: (from, to, mode) => look("copyFile", to, () => original.copyFile(from, to, mode)),
    lstat: ((path: string, options: { bigint: true }) =>
      look("lstat", path, () => original.lstat(path, options))) as unknown as Fs["lstat"],
    realpath: ((path: string) =>
      look("realpath", path, () => original.realpath(path))) as unknown as Fs["realpath"],
    readFile: (async (path: string, options: "utf8") => {
      await disk.beforeRead?.(path);
      return look("readFile", path, () => original.readFile(path, options));
    }) as Fs["readFile"],
    readdir: (async (path: string, options: { withFileTypes: true }) => {
      disk.folders.push(path);
      return look("readdir", path, () => original.readdir(path, options));
    }) as unknown as Fs["readdir"],
  };
}

function isForWriting(flags: string | number | undefined): boolean {
  if (typeof flags === "string") return flags !== "r";
  return ((flags ?? 0) & (constants.O_WRONLY | constants.O_RDWR)) !== 0;
}

/** A file whose calls are told. */
function watched(handle: FileHandle, path: string): FileHandle {
  const { write, sync, datasync, utimes, writeFile, truncate, stat, read, readFile, close } =
    handle;
  handles.add(handle);
  const self = <T>(method: unknown, args: readonly unknown[]): Promise<T> =>
    Reflect.apply(method as () => Promise<T>, handle, args);
  return Object.assign(handle, {
    write: (bytes: Uint8Array, from: number, length: number, at: number) =>
      change({ name: "write", path, handle, bytes: copyOf(bytes, from, length), at }, () =>
        self(write, [bytes, from, length, at]),
      ),
    writeFile: (text: string) =>
      change({ name: "write", path, handle, bytes: Buffer.from(text) }, () =>
        self(writeFile, [text]),
      ),
    utimes: (atime: number, mtime: number) =>
      change({ name: "utimes", path, handle, value: mtime }, () => self(utimes, [atime, mtime])),
    truncate: (size: number) =>
      change({ name: "truncate", path, handle, value: size }, () => self(truncate, [size])),
    sync: () => change({ name: "sync", path, handle }, () => self(sync, [])),
    datasync: () => change({ name: "sync", path, handle }, () => self(datasync, [])),
    stat: (options: unknown) => look("stat", path, () => self(stat, [options])),
    read: (...args: unknown[]) => look("read", path, () => self(read, args)),
    readFile: (...args: unknown[]) => look("read", path, () => self(readFile, args)),
    // A file is closed also when that fails.
    close: async () => {
      await self(close, []);
      await called({ name: "close", path });
    },
  } as unknown as Partial<FileHandle>);
}

/** Only for who asks: a part may be large. */
function copyOf(bytes: Uint8Array, from: number, length: number): Uint8Array | undefined {
  if (disk.changed === undefined) return undefined;
  return new Uint8Array(bytes.subarray(from, from + length));
}
