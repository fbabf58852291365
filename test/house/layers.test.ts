import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "../..");
let copy: string;

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), "stowage-layers-"));
  for (const name of ["src", "biome.json", "package.json", "tsconfig.json"]) {
    await cp(join(root, name), join(copy, name), { recursive: true });
  }
  await writeFile(join(copy, ".gitignore"), "node_modules/\n");
  await symlink(join(root, "node_modules"), join(copy, "node_modules"));
});

afterAll(() => rm(copy, { recursive: true, force: true }));

/** One import per wall of the hexagon that must not be there. */
const violations: readonly (readonly [folder: string, imported: string])[] = [
  ["src/domain", "node:fs"],
  ["src/domain", "../ports/clock.js"],
  ["src/domain", "inversify"],
  ["src/domain", "./../app/stowage.js"],
  ["src/ports", "../app/stowage.js"],
  ["src/ports", "../adapters/system/clock.js"],
  ["src/ports", "node:fs"],
  ["src/ports", "../index.js"],
  ["src/ports/contract", "../../index.js"],
  ["src/ports/contract", "vitest"],
  ["src/ports/contract", "../../adapters/system/clock.js"],
  ["src/adapters/system", "../../app/stowage.js"],
  ["src/adapters/system", "inversify"],
  ["src/adapters/memory", "../s3/index.js"],
  ["src/adapters/memory", "../cli/run.js"],
  ["src/adapters/memory", "../../index.js"],
  ["src/adapters/memory", "../journal/index.js"],
  ["src/adapters/journal", "../filesystem/index.js"],
  ["src/adapters/journal", "../system/clock.js"],
  ["src/adapters/s3", "../journal/index.js"],
  ["src/adapters/minio", "../journal/index.js"],
  ["src/adapters/cli", "../journal/index.js"],
  ["src/adapters/system", "@aws-sdk/client-s3"],
  ["src/adapters/s3", "minio"],
  ["src/adapters/s3", "../../app/stowage.js"],
  ["src/adapters/minio", "@aws-sdk/client-s3"],
  ["src/adapters/minio", "inversify"],
  ["src/adapters/cli", "inversify"],
  ["src/adapters/cli", "../s3/index.js"],
  ["src/app", "inversify"],
  ["src/app", "../adapters/system/clock.js"],
  ["src/app/uploader", "../../adapters/system/clock.js"],
  ["src/app/uploader", "@aws-sdk/client-s3"],
  ["src/app/modules", "minio"],
  ["src/app", "../index.js"],
  ["src", "minio"],
];

it("accepts the source as it stands", async () => {
  expect(await lint("src")).toBe("");
});

it("reports a violation of the layer rule, one planted per wall", async () => {
  const planted = violations.map(([folder, imported], index) => ({
    file: `${folder}/planted-${index}.ts`,
    imported,
  }));
  for (const { file, imported } of planted) {
    await writeFile(join(copy, file), `import * as planted from "${imported}";\nvoid planted;\n`);
  }
  const report = await lint("src");
  const silent = planted.filter(({ file }) => !report.includes(`${file}:`));
  expect(silent).toEqual([]);
  for (const { file } of planted) await rm(join(copy, file));
});

it("finds no clock, chance or process in the domain, which lint rules cannot see", async () => {
  for (const name of await readdir(join(root, "src/domain"))) {
    const text = await readFile(join(root, "src/domain", name), "utf8");
    expect(text, name).not.toMatch(
      /Date\.now|new Date\(\)|Math\.random|performance\.|process\.|require\(|import\(/,
    );
  }
});

it("reports an import cycle", async () => {
  await writeFile(join(copy, "src/domain/one.ts"), 'import "./two.js";\n');
  await writeFile(join(copy, "src/domain/two.ts"), 'import "./one.js";\n');
  expect(await lint("src/domain", "suspicious/noImportCycles")).toMatch(/domain\/one\.ts:/);
  await rm(join(copy, "src/domain/one.ts"));
  await rm(join(copy, "src/domain/two.ts"));
});

/** The places where the linter reports one rule, as its compact reporter prints them. */
async function lint(folder: string, rule = "style/noRestrictedImports"): Promise<string> {
  const biome = join(root, "node_modules/.bin/biome");
  const args = ["lint", `--only=${rule}`, "--reporter=github", "--max-diagnostics=none", folder];
  const run = promisify(execFile)(biome, args, { cwd: copy });
  const { stdout } = await run.catch((error: { stdout: string }) => error);
  return stdout
    .split("\n")
    .map((line) => /title=lint\/(\S+?),file=([^,]+),line=(\d+)/.exec(line))
    .filter((match) => match !== null)
    .map(([, , file, line]) => `${file}:${line}`)
    .join("\n");
}
