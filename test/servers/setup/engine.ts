import { once } from "node:events";
import { link, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { ContainerRuntimeClient } from "testcontainers";
import { CACHE, progress } from "./cache.js";
import { messageOf } from "./command.js";
import { binary, findGo, isBuilt, MC, MINIO, type Platform } from "./go.js";
import { GO_IMAGE, MC_VERSION, MINIO_IMAGE, MINIO_VERSION } from "./pins.js";

export type Engine = ContainerRuntimeClient;
type Docker = Engine["container"]["dockerode"];

const LOOPBACK = "127.0.0.1";
const HERE = fileURLToPath(new URL(".", import.meta.url));

/** Seconds. An engine answers at once, but testcontainers may look for its own address first. */
const ENGINE_LIMIT = 30;
/** Seconds until a registry says its first word. Without a network some resolvers never do. */
const REGISTRY_LIMIT = 20;
/** Seconds between two words of a registry, which tells of its progress. */
const PULL_SILENCE_LIMIT = 120;
/** Seconds between two words of a build: a compiler says nothing until it is done. */
const BUILD_SILENCE_LIMIT = 1200;

/** The programs of `minio.Dockerfile`, built beforehand. */
const PREBUILT = 'FROM scratch\nCOPY minio mc /\nENTRYPOINT ["/minio"]\n';

/** Finds a Docker engine, or whatever speaks like one. */
export async function findEngine(): Promise<Engine | undefined> {
  // Its reaper is an image of its own, which an engine without a registry cannot have.
  process.env["TESTCONTAINERS_RYUK_DISABLED"] = "true";
  const { getContainerRuntimeClient } = await import("testcontainers");
  const answer = getContainerRuntimeClient().catch(() => undefined);
  const engine = await Promise.race([
    answer,
    delay(ENGINE_LIMIT * 1000, undefined, { ref: false }),
  ]);
  if (engine !== undefined) await preferLoopback(engine);
  return engine;
}

/** Whether the engine's containers can be reached at 127.0.0.1. */
export function isLocal(engine: Engine): boolean {
  const { host } = engine.info.containerRuntime;
  return host === "localhost" || host === LOOPBACK;
}

/**
 * Corrects testcontainers where a file in the root folder made it take this machine for a
 * container. It then reaches the engine by the bridge's address, which is one of this machine's.
 */
async function preferLoopback(engine: Engine): Promise<void> {
  const runtime = engine.info.containerRuntime;
  if (!(await isOwnAddress(runtime.host))) return;
  runtime.host = LOOPBACK;
  runtime.hostIps = [{ address: LOOPBACK, family: 4 }];
}

/** Only an own address can be listened on; a list of them lacks those of an idle bridge. */
async function isOwnAddress(host: string): Promise<boolean> {
  const probe = createServer();
  try {
    probe.listen(0, host);
    await once(probe, "listening");
    return true;
  } catch {
    return false;
  } finally {
    probe.close();
  }
}

export function describeEngine(engine: Engine): string {
  const { serverVersion, operatingSystem } = engine.info.containerRuntime;
  return `a Docker engine answers: ${serverVersion} on ${operatingSystem}`;
}

/** Makes sure that the engine has an image. Fails with the registry's own words. */
export async function pull(engine: Engine, image: string): Promise<void> {
  const docker = engine.container.dockerode;
  if (await hasImage(docker, image)) return;
  progress(`pulling ${image} ...`);
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), REGISTRY_LIMIT * 1000);
  let stream: NodeJS.ReadableStream;
  try {
    stream = await docker.pull(image, { abortSignal: patience.signal });
  } catch (error) {
    const reason = patience.signal.aborted
      ? `no registry answered within ${REGISTRY_LIMIT} s`
      : wordsOf(error);
    throw new Error(`cannot pull ${image}: ${reason}`);
  } finally {
    clearTimeout(timer);
  }
  await follow(stream, `pull ${image}`, PULL_SILENCE_LIMIT);
}

/**
 * Returns the name of an image with the pinned MinIO and its client.
 *
 * It is built from the programs that processes would run; where there is no Go for that, inside
 * the official Go image, as docker-compose.yml does.
 */
export async function minioImage(engine: Engine): Promise<string> {
  const docker = engine.container.dockerode;
  if (await hasImage(docker, MINIO_IMAGE)) return MINIO_IMAGE;
  const platform = await platformOf(docker);
  const isHere = isBuilt(MINIO, platform) && isBuilt(MC, platform);
  if (!isHere && (await findGo()) === undefined) {
    try {
      await pull(engine, GO_IMAGE);
      await buildInGoImage(docker);
      return MINIO_IMAGE;
    } catch (error) {
      progress(`cannot build MinIO in the Go image (${messageOf(error)}); building it here`);
    }
  }
  await buildFromScratch(docker, platform);
  return MINIO_IMAGE;
}

async function buildInGoImage(docker: Docker): Promise<void> {
  progress(`building MinIO in ${GO_IMAGE} ... (first run only, about 3 minutes)`);
  const stream = await docker.buildImage(
    { context: HERE, src: ["minio.Dockerfile"] },
    {
      t: MINIO_IMAGE,
      dockerfile: "minio.Dockerfile",
      buildargs: { GO_IMAGE, MINIO_VERSION, MC_VERSION },
    },
  );
  await follow(stream, `build ${MINIO_IMAGE}`, BUILD_SILENCE_LIMIT);
}

async function buildFromScratch(docker: Docker, platform: Platform): Promise<void> {
  const programs = [await binary(MINIO, platform), await binary(MC, platform)] as const;
  await mkdir(CACHE, { recursive: true });
  const context = await mkdtemp(join(CACHE, "image-"));
  try {
    await writeFile(join(context, "Dockerfile"), PREBUILT);
    await link(programs[0], join(context, "minio"));
    await link(programs[1], join(context, "mc"));
    const source = { context, src: ["Dockerfile", "minio", "mc"] };
    const stream = await docker.buildImage(source, { t: MINIO_IMAGE });
    await follow(stream, `build ${MINIO_IMAGE}`, BUILD_SILENCE_LIMIT);
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}

async function hasImage(docker: Docker, image: string): Promise<boolean> {
  try {
    await docker.getImage(image).inspect();
    return true;
  } catch {
    return false;
  }
}

async function platformOf(docker: Docker): Promise<Platform> {
  const { Os, Arch } = await docker.version();
  return { os: Os, arch: Arch };
}

/** Reads an engine's account of a long task to its end. */
async function follow(
  stream: NodeJS.ReadableStream,
  task: string,
  silenceLimit: number,
): Promise<void> {
  const lines = createInterface({ input: stream });
  const silence = setTimeout(() => {
    (stream as { destroy?: (error: Error) => void }).destroy?.(
      new Error(`the engine said nothing for ${silenceLimit} s`),
    );
  }, silenceLimit * 1000);
  try {
    for await (const line of lines) {
      silence.refresh();
      const { error } = JSON.parse(line) as { error?: string };
      if (error !== undefined) throw new Error(error);
    }
  } catch (error) {
    throw new Error(`cannot ${task}: ${wordsOf(error)}`);
  } finally {
    clearTimeout(silence);
  }
}

/** What the engine said, without its client's account of the HTTP status. */
export function wordsOf(error: unknown): string {
  return messageOf(error)
    .replace(/^\(HTTP code \d+\) .*? - /, "")
    .trim();
}
