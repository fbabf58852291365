import { existsSync } from "node:fs";
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** What is built once and kept between runs. Git ignores it, and it may be deleted at any time. */
export const CACHE: string = fileURLToPath(new URL("../../../.cache/servers/", import.meta.url));

/** Seconds to wait for a build of another run; the longest takes 3 minutes on 2 cores. */
const LOCK_LIMIT = 900;

/**
 * Returns the path of `name` in the cache, and builds it there first if it is missing.
 *
 * The build goes to a draft that is renamed when whole: a build cut short leaves nothing that
 * would be used. Of two runs that miss the same thing, one builds and the other waits for it.
 */
export async function cached(
  name: string,
  build: (draft: string) => Promise<void>,
): Promise<string> {
  const target = join(CACHE, name);
  if (existsSync(target)) return target;
  await mkdir(dirname(target), { recursive: true });
  const unlock = await lock(`${target}.lock`, () => existsSync(target));
  try {
    if (existsSync(target)) return target;
    await removeDeadDrafts(target);
    const draft = `${target}.draft-${process.pid}`;
    try {
      await build(draft);
      await rename(draft, target);
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
    return target;
  } finally {
    await unlock();
  }
}

/** Says on standard error what a run waits for, since a first run takes minutes. */
export function progress(line: string): void {
  process.stderr.write(`servers: ${line}\n`);
}

async function lock(path: string, unneeded: () => boolean): Promise<() => Promise<void>> {
  const deadline = performance.now() + LOCK_LIMIT * 1000;
  let told = false;
  while (true) {
    try {
      const file = await open(path, "wx");
      await file.writeFile(String(process.pid));
      await file.close();
      return () => rm(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    if (unneeded()) return async () => {};
    const owner = Number(await readFile(path, "utf8").catch(() => ""));
    if (owner > 0 && !isAlive(owner)) {
      await rm(path, { force: true });
      continue;
    }
    if (performance.now() > deadline) {
      throw new Error(`Waited ${LOCK_LIMIT} s for process ${owner} to build; delete ${path}`);
    }
    if (!told && owner !== process.pid)
      progress(`waiting for process ${owner} to build ${basename(path, ".lock")} ...`);
    told = true;
    await delay(250);
  }
}

async function removeDeadDrafts(target: string): Promise<void> {
  const folder = dirname(target);
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const owner = Number(/\.draft-(\d+)\b/.exec(name)?.[1]);
    if (path.startsWith(`${target}.draft-`) && !isAlive(owner)) {
      await rm(path, { recursive: true, force: true });
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
