import { execFile } from "node:child_process";
import { copyFile, cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The package as it is published, and the examples in it, which import it by its name. */
export interface BuiltPackage extends AsyncDisposable {
  readonly folder: string;
  /** Runs Node in the package's folder, and rejects unless it ends with 0. */
  node(...args: readonly string[]): Promise<Output>;
  /** Runs what a package of the project brings, in the same way: `vitest/vitest.mjs`. */
  tool(path: string, ...args: readonly string[]): Promise<Output>;
}

export interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

/** Builds it in a folder of the project, from which its modules are found. */
export async function buildPackage(): Promise<BuiltPackage> {
  const cache = join(ROOT, ".cache");
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, "package-"));
  const node = (...args: readonly string[]): Promise<Output> =>
    run(process.execPath, args, { cwd: folder, env: environment() });
  const tool = (path: string, ...args: readonly string[]): Promise<Output> =>
    node(join(ROOT, "node_modules", path), ...args);
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    await copyFile(join(ROOT, "package.json"), join(folder, "package.json"));
    await cp(join(ROOT, "examples"), join(folder, "examples"), { recursive: true });
    const project = join(ROOT, "tsconfig.build.json");
    // Types are checked by `npm run check`; here it would take as long as all the rest.
    const args = ["-p", project, "--noCheck", "--outDir", join(folder, "dist")];
    await tool("typescript/bin/tsc", ...args);
  } catch (error) {
    await remove();
    const output = error instanceof Error && "stdout" in error ? String(error.stdout) : "";
    throw new Error(`Cannot build the package: ${output}`, { cause: error });
  }
  return { folder, node, tool, [Symbol.asyncDispose]: remove };
}

/** That of a terminal: a runner within a runner would take itself for part of the outer one. */
function environment(): NodeJS.ProcessEnv {
  const { VITEST, VITEST_MODE, VITEST_POOL_ID, VITEST_WORKER_ID, NODE_OPTIONS, ...others } =
    process.env;
  const { NODE_TEST_CONTEXT, NODE_ENV, TEST, ...rest } = others;
  return rest;
}
