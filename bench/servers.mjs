import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../test/servers/setup/command.ts";
import { findGo } from "../test/servers/setup/go.ts";
import { startProcess } from "../test/servers/setup/process-server.ts";
import { startMinio } from "../test/servers/setup/servers.ts";
import { REGION } from "./constants.mjs";

const BUCKET = "bench";
const HERE = import.meta.dirname;

/** Starts the server of this name, with an empty bucket that can be counted and emptied. */
export async function startServer(name) {
  const running = name === "minio" ? await startMinio() : await startDiscarding();
  const { endpoint, accessKey = "discard", secretKey = "discard-secret" } = running;
  // From bench/node_modules, which may not have been there when this module was loaded.
  const sdk = await import("@aws-sdk/client-s3");
  const client = new sdk.S3Client({
    endpoint,
    region: REGION,
    forcePathStyle: true,
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
  });
  await client.send(new sdk.CreateBucketCommand({ Bucket: BUCKET }));
  return {
    target: { endpoint, bucket: BUCKET, accessKey, secretKey },
    version: running.version,
    empty: () => empty(sdk, client),
    [Symbol.asyncDispose]: async () => {
      client.destroy();
      await running.stop();
    },
  };
}

/** Removes all objects, and tells how many there were and their bytes. */
async function empty(sdk, client) {
  let count = 0;
  let bytes = 0;
  for (;;) {
    const page = await client.send(new sdk.ListObjectsV2Command({ Bucket: BUCKET }));
    const found = page.Contents ?? [];
    if (found.length === 0) return { count, bytes };
    count += found.length;
    bytes += found.reduce((sum, { Size }) => sum + Size, 0);
    const Delete = { Objects: found.map(({ Key }) => ({ Key })), Quiet: true };
    await client.send(new sdk.DeleteObjectsCommand({ Bucket: BUCKET, Delete }));
  }
}

async function startDiscarding() {
  const go = await findGo();
  if (go === undefined) {
    throw new Error("Cannot build the discarding server: Go 1.24 or newer is not on the PATH");
  }
  const folder = join(HERE, "..", ".cache", "bench");
  const program = join(folder, "discard");
  await mkdir(folder, { recursive: true });
  await run(go, ["build", "-o", program, "."], { cwd: join(HERE, "discard") });
  return startProcess({
    name: "discarding server",
    command: program,
    args: (_, listen) => [listen],
    env: () => ({}),
    ready: { path: "/ready", limit: 10 },
    remedy: "See what its log says",
  });
}
