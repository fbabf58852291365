// Reads what to remove from a pipe that closes when its parent is gone, however it went.
import { rm } from "node:fs/promises";
import { createInterface } from "node:readline";

const entries = new Map();

for await (const line of createInterface({ input: process.stdin })) {
  const { id, entry } = JSON.parse(line);
  if (entry === undefined) entries.delete(id);
  else entries.set(id, entry);
}

const left = [...entries.values()];
for (const { pid } of left) {
  if (pid !== undefined) killGroup(pid);
}
for (const { folder } of left) {
  if (folder !== undefined) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}
for (const { container } of left) {
  if (container !== undefined) await removeContainer(container).catch(() => {});
}

function killGroup(pid) {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It ended by itself.
  }
}

async function removeContainer(id) {
  const { getContainerRuntimeClient } = await import("testcontainers");
  const { container } = await getContainerRuntimeClient();
  await container.dockerode.getContainer(id).remove({ force: true, v: true });
}
