import type { TestProject } from "vitest/node";
import { messageOf } from "./command.js";
import type { Server, ServerAddress } from "./server.js";
import { startLocalStack, startMinio } from "./servers.js";

declare module "vitest" {
  interface ProvidedContext {
    /** Encrypts, and starts empty. Shared by all tests: each makes buckets of its own. */
    minio: ServerAddress;
    /** Starts empty. Shared by all tests: each makes buckets of its own. */
    localstack: ServerAddress;
  }
}

/** Starts the servers once for a whole run. One that does not start fails the run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const outcomes = await Promise.allSettled([startMinio(), startLocalStack()]);
  const running = outcomes.flatMap((it) => (it.status === "fulfilled" ? [it.value] : []));
  const stop = async (): Promise<void> => {
    await Promise.all(running.map((server) => server.stop()));
  };
  const faults = outcomes.flatMap((it) => (it.status === "rejected" ? [messageOf(it.reason)] : []));
  if (faults.length > 0) {
    await stop();
    throw faultOf([...new Set(faults)].join("\n\n"));
  }
  const [minio, localstack] = running as [Server, Server];
  for (const { name, way, endpoint, why } of running) {
    const how = way === "container" ? "in a container" : "as a process";
    console.log(`servers: ${name} ${how} at ${endpoint} (${why})`);
  }
  project.provide("minio", addressOf(minio));
  project.provide("localstack", addressOf(localstack));
  return stop;
}

/** What can be handed to another process. */
function addressOf({ endpoint, region, accessKey, secretKey, way }: Server): ServerAddress {
  return { endpoint, region, accessKey, secretKey, way };
}

/** Where this code stands is no help to somebody who lacks a server. */
function faultOf(message: string): Error {
  const error = new Error(message);
  error.stack = `Error: ${message}`;
  return error;
}
