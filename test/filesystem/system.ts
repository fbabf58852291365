import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/**
 * A disk of its own, in memory. To mount it takes root: on a machine of one's own, a test without it
 * is skipped with this reason; in CI it fails.
 */
export async function mountSmallDisk(
  skip: (reason: string) => unknown,
  options: string,
): Promise<string> {
  if (process.getuid?.() !== 0) {
    const reason = "it mounts a small disk, for which it has to run as root, as in CI";
    if (process.env["CI"] === undefined) skip(reason);
    throw new Error(`This test cannot run: ${reason}`);
  }
  const folder = await realpath(await mkdtemp(join(tmpdir(), "stowage-disk-")));
  execFileSync("mount", ["-t", "tmpfs", "-o", options, "stowage-test", folder]);
  onTestFinished(async () => {
    execFileSync("umount", ["--lazy", folder]);
    await rm(folder, { recursive: true });
  });
  return folder;
}

/**
 * A folder of the test's own on a disk in memory, where the system has one, as Linux does: a sync costs
 * nothing there.
 */
export async function folderInMemory(): Promise<string> {
  const parent = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
  const folder = await realpath(await mkdtemp(join(parent, "stowage-fs-")));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** To root everything is allowed: so it steps down for the rest of the test. */
export function asNobody(): void {
  const { getuid, seteuid } = process;
  if (getuid === undefined || seteuid === undefined) throw new Error("This test needs POSIX users");
  if (getuid() !== 0) return;
  seteuid(65_534);
  onTestFinished(() => seteuid(0));
}
