import { execFileSync } from "node:child_process";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A disk of its own, in memory. It fails where it cannot be had: a test of it is never passed over. */
export async function mountSmallDisk(options: string): Promise<string> {
  if (process.getuid?.() !== 0) {
    throw new Error("This test mounts a small disk, for which it has to run as root");
  }
  const folder = await realpath(await mkdtemp(join(tmpdir(), "stowage-disk-")));
  execFileSync("mount", ["-t", "tmpfs", "-o", options, "stowage-test", folder]);
  onTestFinished(async () => {
    execFileSync("umount", ["--lazy", folder]);
    await rm(folder, { recursive: true });
  });
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
