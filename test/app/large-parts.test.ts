import { spawn } from "node:child_process";
import { randomFillSync } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, open as openFile, rm, truncate, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { openStowage } from "../../src/app/modules/open-stowage.js";
import { partMemory } from "../../src/app/uploader/part-memory.js";

const MIB = 1_048_576;

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "stowage-large-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

it.each(["memory:", "directory"])("parts of 16 MiB go to %s under 8 MiB of memory", async (to) => {
  const folder = await temporaryFolder();
  const path = join(folder, "large.bin");
  const bytes = randomFillSync(Buffer.allocUnsafe(40 * MIB + 7));
  await writeFile(path, bytes);
  const store = to === "directory" ? join(folder, "store") : to;
  const config = { store, partBytes: 16 * MIB, memoryBudgetBytes: 8 * MIB };
  await using stowage = await openStowage(config, {});
  let most = 0;
  const onProgress = (): void => {
    most = Math.max(most, partMemory.heldBytes);
  };
  const told = await stowage.uploadDataset({ userId: 7, source: path, onProgress });
  expect(told).toMatchObject({ size: bytes.length, parts: 3 });
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThanOrEqual(8 * MIB);
  expect(partMemory.heldBytes).toBe(0);
  await using object = await stowage.open({ userId: 7, object: told.key });
  const stored = Buffer.concat(await Array.fromAsync(object.body));
  expect(Buffer.compare(stored, bytes)).toBe(0);
});

/** A server of S3 that throws away whatever it is sent, once it has come whole. */
async function discardingServer(): Promise<{ readonly host: string; sentBytes(): number }> {
  let sent = 0;
  const server = createServer((request, response) => {
    const { method, url = "" } = request;
    const answer = (root: string): void => {
      const inside = "<UploadId>upload-1</UploadId><Key>key</Key><ETag>&quot;e&quot;</ETag>";
      response.writeHead(200, { etag: '"e"', "content-type": "application/xml" });
      response.end(`<${root}>${inside}</${root}>`);
    };
    request.on("data", (chunk: Buffer) => {
      if (method === "PUT") sent += chunk.length;
    });
    request.on("end", () => {
      if (method === "HEAD") response.writeHead(404).end();
      else if (method === "PUT") response.writeHead(200, { etag: '"e"' }).end();
      else if (url.includes("uploads")) answer("InitiateMultipartUploadResult");
      else answer("CompleteMultipartUploadResult");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { host: `127.0.0.1:${port}`, sentBytes: () => sent };
}

interface Said {
  readonly size: number;
  readonly parts: number;
  /** Bytes of memory that the process had before, and at most. */
  readonly before: number;
  readonly most: number;
}

async function inProcess(act: object): Promise<Said> {
  const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));
  const hooks = here("../filesystem/typescript-sources.mjs");
  const args = ["--import", hooks, here("large-parts-actor.ts"), JSON.stringify(act)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  return JSON.parse(await text(child.stdout)) as Said;
}

/** Beside the budget: pieces on their way to the sockets, and those that are not collected yet. */
const ALLOWANCE_BYTES = 112 * MIB;

it.each(["s3", "minio", "directory"])(
  "a process that sends 1 GiB in parts of 512 MiB to %s stays small",
  { timeout: 180_000 },
  async (to) => {
    const folder = await temporaryFolder();
    const path = join(folder, "sparse.bin");
    await writeFile(path, "begins");
    await truncate(path, 1_024 * MIB);
    const file = await openFile(path, "r+");
    await file.write("ends", 1_024 * MIB - 4);
    await file.close();
    const { host, sentBytes } = await discardingServer();
    const stores: Record<string, string> = {
      s3: `s3://bucket?endpoint=http://${host}&profile=aws`,
      minio: `minio://${host}/bucket?tls=false`,
      directory: join(folder, "store"),
    };
    const credentials = {
      s3Credentials: { accessKeyId: "a", secretAccessKey: "s" },
      minioCredentials: { accessKey: "a", secretKey: "s" },
    };
    const budget = 64 * MIB;
    const sizes = { partBytes: 512 * MIB, memoryBudgetBytes: budget };
    const config = { store: stores[to], encryption: "none", ...sizes, ...credentials };
    const { size, parts, before, most } = await inProcess({ path, config });
    expect({ size, parts }).toEqual({ size: 1_024 * MIB, parts: 2 });
    if (to !== "directory") expect(sentBytes()).toBeGreaterThanOrEqual(1_024 * MIB);
    expect(most - before).toBeLessThan(budget + ALLOWANCE_BYTES);
  },
);
