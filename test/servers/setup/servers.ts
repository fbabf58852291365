import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { messageOf } from "./command.js";
import { startContainer } from "./container-server.js";
import { type Engine, minioImage, pull } from "./engine.js";
import { binary, MINIO } from "./go.js";
import { LOCALSTACK_IMAGE, LOCALSTACK_REQUIREMENTS, MINIO_VERSION } from "./pins.js";
import { startProcess } from "./process-server.js";
import { environment, findPython, PYTHON_WANTED } from "./python.js";
import type { Readiness, Running, Server } from "./server.js";
import { chooseWay } from "./way.js";

export interface MinioOptions {
  /** Whether it can encrypt (SSE-S3). Without a key it answers 501. Default: `true`. */
  readonly kms?: boolean | undefined;
  /** The one region that signatures may name. Default: any is taken. */
  readonly region?: string | undefined;
  /** Default: any that is free. */
  readonly port?: number | undefined;
}

export interface LocalStackOptions {
  /** Default: any that is free. */
  readonly port?: number | undefined;
}

const HERE = fileURLToPath(new URL(".", import.meta.url));
const REGION = "us-east-1";
const MINIO_ABOUT = {
  name: "MinIO",
  version: MINIO_VERSION,
  accessKey: "stowage",
  secretKey: "stowage-secret",
};
const LOCALSTACK_ABOUT = { name: "LocalStack", accessKey: "test", secretKey: "test" };

/** 32 bytes, as MinIO wants them; a test has nothing to hide. */
const KMS_KEY = `stowage:${Buffer.from("thirty-two bytes, for tests only").toString("base64")}`;

const MINIO_READY: Readiness = { path: "/minio/health/live", limit: 60 };
/** It answers before its S3 runs, and goes on answering when that failed to load. */
const LOCALSTACK_READY: Readiness = {
  path: "/_localstack/health",
  body: '"s3": "running"',
  failed: '"s3": "error"',
  limit: 120,
};

/** Starts the pinned MinIO. */
export async function startMinio(options: MinioOptions = {}): Promise<Server> {
  const choice = await chooseWay();
  const about = { ...MINIO_ABOUT, why: choice.why, region: options.region };
  const env = {
    MINIO_ROOT_USER: about.accessKey,
    MINIO_ROOT_PASSWORD: about.secretKey,
    MINIO_BROWSER: "off",
    MINIO_UPDATE: "off",
    ...(options.kms === false ? {} : { MINIO_KMS_SECRET_KEY: KMS_KEY }),
    ...(options.region === undefined ? {} : { MINIO_REGION: options.region }),
  };
  const common = { name: "MinIO", ready: MINIO_READY, port: options.port };
  if (choice.way === "container") {
    const image = await minioImage(choice.engine);
    const command = ["server", "/data", "--address", ":9000"];
    const spec = { ...common, image, command, env, innerPort: 9000 };
    const running = await startContainer(choice.engine, spec);
    return server(about, running);
  }
  const command = await binary(MINIO);
  const running = await startProcess({
    ...common,
    command,
    args: (folder, listen) => ["server", join(folder, "data"), "--address", listen],
    env: () => env,
    remedy: `Delete ${command} to have it built anew`,
  });
  return server(about, running);
}

/** Starts LocalStack with S3 alone: in a container where its image is to be had. */
export async function startLocalStack(options: LocalStackOptions = {}): Promise<Server> {
  const choice = await chooseWay();
  let why = choice.why;
  if (choice.way === "container") {
    const obstacle = await obstacleTo(choice.engine, LOCALSTACK_IMAGE);
    if (obstacle === undefined) {
      const running = await localStackContainer(choice.engine, options);
      const version = versionIn(LOCALSTACK_IMAGE);
      return server({ ...LOCALSTACK_ABOUT, version, why }, running);
    }
    why = obstacle;
  }
  const version = versionIn(LOCALSTACK_REQUIREMENTS);
  return server({ ...LOCALSTACK_ABOUT, version, why }, await localStackProcess(options, why));
}

const LOCALSTACK_ENV = {
  SERVICES: "s3",
  EAGER_SERVICE_LOADING: "1",
  S3_SKIP_SIGNATURE_VALIDATION: "0",
  SKIP_SSL_CERT_DOWNLOAD: "1",
  DISABLE_EVENTS: "1",
};

function localStackContainer(engine: Engine, options: LocalStackOptions): Promise<Running> {
  return startContainer(engine, {
    name: "LocalStack",
    image: LOCALSTACK_IMAGE,
    env: LOCALSTACK_ENV,
    innerPort: 4566,
    port: options.port,
    ready: LOCALSTACK_READY,
  });
}

async function localStackProcess(options: LocalStackOptions, why: string): Promise<Running> {
  const python = await findPython();
  if (python === undefined) {
    throw new Error(
      `Cannot start LocalStack: ${why}, and ${PYTHON_WANTED} is not on the PATH to run it as a ` +
        "process. Install that (Debian: python3-venv), or a Docker engine that reaches a registry",
    );
  }
  const folder = await localStackEnvironment(python);
  return startProcess({
    name: "LocalStack",
    command: join(folder, "bin", "python"),
    args: () => [join(HERE, "localstack-main.py")],
    env: (data, listen) => ({
      ...LOCALSTACK_ENV,
      GATEWAY_LISTEN: listen,
      GATEWAY_SERVER: "twisted",
      DNS_ADDRESS: "0",
      STOWAGE_S3_FOLDER: join(data, "s3"),
      // Otherwise it takes /var/lib/localstack on a machine that looks like a container.
      OVERRIDE_IN_DOCKER: "0",
      FILESYSTEM_ROOT: data,
      LOCALSTACK_VOLUME_DIR: data,
    }),
    port: options.port,
    ready: LOCALSTACK_READY,
    remedy: `Delete ${folder} to have it installed anew`,
  });
}

async function localStackEnvironment(
  python: NonNullable<Awaited<ReturnType<typeof findPython>>>,
): Promise<string> {
  const list = join(HERE, LOCALSTACK_REQUIREMENTS);
  const digest = createHash("sha256")
    .update(await readFile(list))
    .digest("hex")
    .slice(0, 12);
  const name = LOCALSTACK_REQUIREMENTS.replace(/\.txt$/, "");
  const takes = "half a minute";
  return environment(python, `${name}-${digest}`, takes, ["--no-deps", "-r", list]);
}

async function obstacleTo(engine: Engine, image: string): Promise<string | undefined> {
  try {
    await pull(engine, image);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** What is known of a server before it runs. */
type About = Pick<Server, "name" | "version" | "why" | "accessKey" | "secretKey"> & {
  /** Default: `us-east-1`. */
  readonly region?: string | undefined;
};

/** A server that runs, with what a client needs. */
export function server({ region = REGION, ...about }: About, running: Running): Server {
  const stop = (): Promise<void> => running.stop();
  return { ...about, region, ...running, [Symbol.asyncDispose]: stop };
}

/** The version in the name of an image or of a file. */
function versionIn(name: string): string {
  return /\d+\.\d+\.\d+/.exec(name)?.[0] ?? name;
}
