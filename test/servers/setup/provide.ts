import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ProvidedContext } from "vitest";
import type { TestProject } from "vitest/node";
import { messageOf } from "./command.js";
import type { Server, ServerAddress } from "./server.js";

/** The name under which tests ask for a server. */
export type ServerName = {
  [Name in keyof ProvidedContext]: ProvidedContext[Name] extends ServerAddress ? Name : never;
}[keyof ProvidedContext];

type Starts = Readonly<Partial<Record<ServerName, () => Promise<Server>>>>;

/**
 * Starts servers once for a whole run, and hands their addresses to the tests. One that does not
 * start fails the run.
 *
 * @returns a function that stops them.
 */
export async function provideServers(
  project: TestProject,
  starts: Starts,
): Promise<() => Promise<void>> {
  const names = Object.keys(starts) as ServerName[];
  const outcomes = await Promise.allSettled(names.map((name) => starts[name]?.()));
  const running = outcomes.flatMap((it) => (it.status === "fulfilled" ? (it.value ?? []) : []));
  const stop = async (): Promise<void> => {
    await Promise.all(running.map((server) => server.stop()));
  };
  const faults = outcomes.flatMap((it) => (it.status === "rejected" ? [messageOf(it.reason)] : []));
  if (faults.length > 0) {
    await stop();
    throw faultOf([...new Set(faults)].join("\n\n"));
  }
  for (const [at, server] of running.entries()) {
    const { name, way, endpoint, why } = server;
    const how = way === "container" ? "in a container" : "as a process";
    console.log(`servers: ${name} ${how} at ${endpoint} (${why})`);
    const id = names[at] as ServerName;
    project.provide(id, addressOf(server));
    await keepVersion(id, server);
  }
  return stop;
}

/** Leaves what server was run beside the reports of the contract, for COMPATIBILITY.md. */
async function keepVersion(id: ServerName, { name, version }: Server): Promise<void> {
  const folder = process.env["STOWAGE_TEST_REPORTS"];
  if (folder === undefined || folder === "") return;
  await mkdir(join(folder, "servers"), { recursive: true });
  await writeFile(join(folder, "servers", `${id}.json`), JSON.stringify({ name, version }));
}

/** What can be handed to another process. */
function addressOf({
  endpoint,
  region,
  accessKey,
  secretKey,
  way,
  version,
}: Server): ServerAddress {
  return { endpoint, region, accessKey, secretKey, way, version };
}

/** Where this code stands is no help to somebody who lacks a server. */
function faultOf(message: string): Error {
  const error = new Error(message);
  error.stack = `Error: ${message}`;
  return error;
}
