import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const exec = promisify(execFile);
const root = resolve(import.meta.dirname, "../..");
const doors = ["", "/s3", "/minio", "/filesystem", "/memory", "/inversify", "/contract"];
let consumer: string;

/** The package as a user gets it, with the dependencies that stand here beside it. */
beforeAll(async () => {
  consumer = await mkdtemp(join(tmpdir(), "stowage-package-"));
  const { stdout } = await exec("npm", ["pack", "--silent", "--pack-destination", consumer], {
    cwd: root,
  });
  const installed = join(consumer, "node_modules/stowage");
  await mkdir(installed, { recursive: true });
  const archive = join(consumer, stdout.trim().split("\n").at(-1) ?? "");
  await exec("tar", ["-xzf", archive, "--strip-components=1", "-C", installed]);
  for (const name of await readdir(join(root, "node_modules"))) {
    const beside = join(consumer, "node_modules", name);
    if (!name.startsWith(".")) await symlink(join(root, "node_modules", name), beside);
  }
  await writeFile(join(consumer, "package.json"), '{ "type": "module" }');
}, 120_000);

afterAll(() => rm(consumer, { recursive: true, force: true }));

/** What is loaded by a script in the consumer's folder: the names of packages. */
async function loadedBy(script: string): Promise<{ packages: string[]; output: string }> {
  const watched = `
    import { registerHooks } from "node:module";
    const packages = new Set();
    registerHooks({
      load(url, context, next) {
        const name = /.*\\/node_modules\\/((?:@[^/]+\\/)?[^/]+)\\//.exec(url)?.[1];
        if (name !== undefined) packages.add(name);
        return next(url, context);
      },
    });
    ${script}
    console.log(JSON.stringify([...packages]));
  `;
  const args = ["--input-type=module", "--eval", watched];
  const { stdout } = await exec(process.execPath, args, { cwd: consumer });
  const lines = stdout.trim().split("\n");
  return { packages: JSON.parse(lines.pop() ?? "[]") as string[], output: lines.join("\n") };
}

const isSdk = (name: string): boolean => /^(@aws-sdk|@smithy|@aws)\/|^minio$/.test(name);

describe("the package", () => {
  it("has exactly the doors that it names", async () => {
    const text = await readFile(join(root, "package.json"), "utf8");
    const { exports } = JSON.parse(text) as { exports: Record<string, unknown> };
    const named = Object.keys(exports).filter((name) => name !== "./package.json");
    expect(named).toEqual(doors.map((door) => `.${door}`));
    for (const door of doors) {
      const { output } = await loadedBy(
        `console.log(Object.keys(await import("stowage${door}")).length);`,
      );
      expect(Number(output)).toBeGreaterThan(0);
    }
  });

  it.each(["", "/filesystem", "/memory", "/inversify", "/contract"])(
    "loads no SDK through stowage%s",
    async (door) => {
      const { packages } = await loadedBy(`await import("stowage${door}");`);
      expect(packages).toContain("stowage");
      expect(packages.filter(isSdk)).toEqual([]);
    },
  );

  it("loads no SDK to store in a directory, and the one it needs for S3 and for MinIO", async () => {
    const using = (store: string): string => `
      const { openStowage } = await import("stowage");
      const minioCredentials = { accessKey: "a", secretKey: "s" };
      await using stowage = await openStowage({ store: ${JSON.stringify(store)}, minioCredentials });
    `;
    const upload = `
      const source = new TextEncoder().encode("a,b");
      const { uri } = await stowage.uploadDataset({ userId: 1, source, name: "x.csv" });
      console.log(uri);
    `;
    const directory = await loadedBy(`${using("./kept")}${upload}`);
    expect(directory.packages.filter(isSdk)).toEqual([]);
    expect(directory.output).toMatch(/^file:\/\/\/.*\/kept\/datasets\/user_1\/\d{8}_\d{6}_x\.csv$/);
    const s3 = await loadedBy(using("s3://bucket?region=eu-central-1"));
    expect(s3.packages).toContain("@aws-sdk/client-s3");
    expect(s3.packages).not.toContain("minio");
    const minio = await loadedBy(using("minio://127.0.0.1:9/bucket?tls=false"));
    expect(minio.packages).toContain("minio");
    expect(minio.packages).not.toContain("@aws-sdk/client-s3");
  });

  it("type-checks in a strict project of somebody else", async () => {
    const imports = doors.map((door, i) => `import * as door${i} from "stowage${door}";`);
    const use = `
      import { openStowage, StowageError, type Uploaded } from "stowage";
      await using stowage = await openStowage({ store: "memory:" });
      const stored: Uploaded = await stowage.uploadDataset({ userId: 1, source: "x.csv" });
      // @ts-expect-error a misspelt option does not compile
      await openStowage({ stroe: "memory:" });
      console.log(stored.uri, StowageError, ${doors.map((_, i) => `door${i}`).join(", ")});
    `;
    await writeFile(join(consumer, "use.ts"), `${imports.join("\n")}\n${use}`);
    const options = {
      module: "nodenext",
      target: "es2023",
      lib: ["es2024", "esnext.disposable", "dom"],
      types: ["node"],
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      skipLibCheck: false,
    };
    const config = { compilerOptions: options, files: ["use.ts"] };
    await writeFile(join(consumer, "tsconfig.json"), JSON.stringify(config));
    const tsc = join(root, "node_modules/.bin/tsc");
    const { stdout } = await exec(tsc, ["-p", consumer]).catch(
      (error: { stdout: string }) => error,
    );
    expect(stdout).toBe("");
  });

  it("holds the build, the source for its maps, and the texts: no test, no cache", async () => {
    const installed = await readdir(join(consumer, "node_modules/stowage"));
    expect(installed.toSorted()).toEqual(
      ["CHANGELOG.md", "LICENSE", "README.md", "dist", "package.json", "src"].toSorted(),
    );
  });

  it("leaves a command that can be run after every build, as npx expects of a checkout", async () => {
    const { mode } = await stat(join(root, "dist/adapters/cli/main.js"));
    expect(mode & 0o111).toBe(0o111);
  });

  it("re-exports by name only", async () => {
    const files = await readdir(join(root, "src"), { recursive: true });
    for (const file of files.filter((name) => name.endsWith(".ts"))) {
      expect(await readFile(join(root, "src", file), "utf8")).not.toMatch(/^export \*/m);
    }
  });
});
