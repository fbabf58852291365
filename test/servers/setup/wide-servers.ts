import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { messageOf, run } from "./command.js";
import { binary, VERSITY } from "./go.js";
import { CEPH_PACKAGES, CEPH_VERSION, VERSITY_VERSION } from "./pins.js";
import { freePort, startProcess } from "./process-server.js";
import type { Readiness, Server } from "./server.js";
import { server } from "./servers.js";

export interface CephOptions {
  /** Object storage daemons. Of three, writes go on while two are up. Default: 1. */
  readonly osds?: number | undefined;
}

/** Each OSD is a process of its own, which a test may kill. */
export interface CephServer extends Server {
  readonly osds: readonly number[];
  /** Starts those again that have ended, empty. */
  startEndedOsds(): void;
}

const HERE = fileURLToPath(new URL(".", import.meta.url));
const COMMON = {
  accessKey: "stowage",
  secretKey: "stowage-secret",
  why: "it is always a process",
};

const VERSITY_READY: Readiness = { path: "/health", limit: 30 };
/** Its gateway comes last, and then lists no bucket to a stranger. */
const CEPH_READY: Readiness = { path: "/", body: "ListAllMyBucketsResult", limit: 120 };

/** Starts the pinned Versity GW on a folder. */
export async function startVersity(): Promise<Server> {
  const command = await binary(VERSITY);
  const running = await startProcess({
    name: VERSITY.title,
    command,
    args: async (folder, listen) => {
      const [data, iam] = [join(folder, "data"), join(folder, "iam")];
      await Promise.all([mkdir(data), mkdir(iam)]);
      return ["--port", listen, "--health", "/health", "--iam-dir", iam, "posix", data];
    },
    env: () => ({ ROOT_ACCESS_KEY: COMMON.accessKey, ROOT_SECRET_KEY: COMMON.secretKey }),
    ready: VERSITY_READY,
    remedy: `Delete ${command} to have it built anew`,
  });
  return server({ ...COMMON, name: VERSITY.title, version: VERSITY_VERSION }, running);
}

/** Starts the Ceph that Debian 12 packages, with its S3 gateway and its data in memory. */
export async function startCeph({ osds = 1 }: CephOptions = {}): Promise<CephServer> {
  const version = await cephVersion();
  let pids: readonly string[] = [];
  const name = "Ceph RGW";
  const running = await startProcess({
    name,
    command: "bash",
    args: async (folder, listen) => {
      pids = Array.from({ length: osds }, (_, index) => join(folder, `osd${index}.pid`));
      const monitor = String(await freePort({ name }));
      const { accessKey, secretKey } = COMMON;
      const script = join(HERE, "ceph-rgw.sh");
      return [script, folder, listen, monitor, accessKey, secretKey, String(osds)];
    },
    env: () => ({}),
    ready: CEPH_READY,
    remedy: "See what its log says",
  });
  const ids = await Promise.all(pids.map((file) => readFile(file, "utf8")));
  const startEndedOsds = (): void => {
    if (running.pid !== undefined) process.kill(running.pid, "SIGUSR1");
  };
  const osdIds = ids.map(Number);
  return { ...server({ ...COMMON, name, version }, running), osds: osdIds, startEndedOsds };
}

/** The version of the Ceph that is installed, if it is the one that the tests know. */
async function cephVersion(): Promise<string> {
  const remedy = `On Debian 12: apt-get install --no-install-recommends ${CEPH_PACKAGES.join(" ")}`;
  const versions = new Set<string>();
  for (const program of ["ceph-mon", "ceph-osd", "radosgw", "ceph"]) {
    const answer = await run(program, ["--version"]).catch((error: unknown) => {
      throw new Error(
        `Cannot start Ceph RGW: ${program} does not run (${messageOf(error)}). ${remedy}`,
      );
    });
    versions.add(/^ceph version (\S+)/.exec(answer)?.[1] ?? answer.trim());
  }
  const [version = "", ...others] = versions;
  if (others.length === 0 && version.startsWith(`${CEPH_VERSION}.`)) return version;
  throw new Error(
    `Cannot start Ceph RGW: what is installed is of ${[...versions].join(" and ")}, and what is ` +
      `known of it was measured on ${CEPH_VERSION}. ${remedy}`,
  );
}
