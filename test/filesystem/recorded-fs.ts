import type { MakeDirectoryOptions } from "node:fs";
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

/** The steps since the last `reset`, and what interferes with them. */
export const disk: {
  steps: Step[];
  folders: string[];
  interfere: Interference | undefined;
  /** What is done before a file is read whole. */
  beforeRead: ((path: string) => Promise<void>) | undefined;
  reset(interfere?: Interference): void;
  /** Closes what a store that was stopped for ever has left open. */
  closeAll(): Promise<void>;
} = {
  steps: [],
  folders: [],
  interfere: undefined,
  beforeRead: undefined,
  reset(interfere) {
    disk.beforeRead = undefined;
    disk.steps = [];
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

async function step(name: string, path: unknown, to?: unknown): Promise<void> {
  const taken = { name, path: String(path), to: to === undefined ? undefined : String(to) };
  disk.steps.push(taken);
  await disk.interfere?.(taken, disk.steps.length);
}

/** `node:fs/promises`, with each change of the disk told before it is made. */
export function recorded(original: Fs): Fs {
  return {
    ...original,
    async open(path, flags, mode) {
      const writes = typeof flags === "string" && flags !== "r";
      if (writes) await step("create", path);
      return watched(await original.open(path, flags, mode), String(path));
    },
    async link(from, to) {
      await step("link", from, to);
      return original.link(from, to);
    },
    async rename(from, to) {
      await step("rename", from, to);
      return original.rename(from, to);
    },
    async unlink(path) {
      await step("unlink", path);
      return original.unlink(path);
    },
    async rmdir(path) {
      await step("rmdir", path);
      return original.rmdir(path);
    },
    async rm(path, options) {
      await step("rm", path);
      return original.rm(path, options);
    },
    readFile: (async (path: string, options: "utf8") => {
      await disk.beforeRead?.(path);
      return original.readFile(path, options);
    }) as Fs["readFile"],
    mkdir: (async (path: string, options: MakeDirectoryOptions) => {
      await step("mkdir", path);
      return original.mkdir(path, options);
    }) as Fs["mkdir"],
    readdir: (async (path: string, options: { withFileTypes: true }) => {
      disk.folders.push(path);
      return original.readdir(path, options);
    }) as unknown as Fs["readdir"],
  };
}

/** A file whose writes and syncs are told. */
function watched(handle: FileHandle, path: string): FileHandle {
  const { write, sync, utimes, writeFile } = handle;
  handles.add(handle);
  return Object.assign(handle, {
    write: async (...args: Parameters<typeof write>) => {
      await step("write", path);
      return Reflect.apply(write, handle, args);
    },
    writeFile: async (...args: Parameters<typeof writeFile>) => {
      await step("write", path);
      return Reflect.apply(writeFile, handle, args);
    },
    utimes: async (...args: Parameters<typeof utimes>) => {
      await step("utimes", path);
      return Reflect.apply(utimes, handle, args);
    },
    sync: async () => {
      await step("sync", path);
      return Reflect.apply(sync, handle, []);
    },
  });
}
