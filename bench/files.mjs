import { randomFillSync } from "node:crypto";
import { mkdtemp, open, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { guard } from "../test/servers/setup/watchdog.ts";
import { MIB } from "./constants.mjs";

/** The files that are uploaded, each made once, in a folder that goes at the end, whatever that is. */
export async function makeFiles(scenarios) {
  const folder = await mkdtemp(join(tmpdir(), "stowage-bench-"));
  const pathOf = ({ mib, sparse }) => join(folder, `${mib}${sparse ? "-sparse" : ""}.bin`);
  const release = guard({ folder });
  const made = new Set();
  const remove = async () => {
    await rm(folder, { recursive: true, force: true });
    release();
  };
  try {
    const wanted = scenarios.filter(({ mib }) => mib !== undefined);
    await expectRoom(folder, wanted);
    for (const scenario of wanted) {
      const path = pathOf(scenario);
      if (!made.has(path)) await make(path, scenario);
      made.add(path);
    }
  } catch (error) {
    await remove();
    throw error;
  }
  return { folder, pathOf, [Symbol.asyncDispose]: remove };
}

async function make(path, { mib, sparse }) {
  await using file = await open(path, "wx");
  // The bytes of the largest do not matter, only that they are read and sent.
  if (sparse) return file.truncate(mib * MIB);
  const buffer = Buffer.allocUnsafe(16 * MIB);
  for (let left = mib * MIB; left > 0; left -= buffer.length) {
    randomFillSync(buffer);
    await file.write(buffer, 0, Math.min(left, buffer.length));
  }
  await file.sync();
}

/** The files once, and the largest twice more: as a server or a directory keeps it, and what is going. */
async function expectRoom(folder, wanted) {
  const sizes = new Set(wanted.filter(({ sparse }) => !sparse).map(({ mib }) => mib));
  const largest = Math.max(0, ...sizes);
  const needed = [...sizes, largest, largest].reduce((sum, mib) => sum + mib, 0) * MIB;
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= needed) return;
  throw new Error(`Cannot make the files: ${folder} has less than ${needed} bytes free`);
}
