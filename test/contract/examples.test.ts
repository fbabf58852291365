import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { contractCases } from "../../src/ports/contract/index.js";
import { type BuiltPackage, buildPackage } from "./built-package.js";

let built: BuiltPackage;

beforeAll(async () => {
  built = await buildPackage();
}, 60_000);

afterAll(() => built[Symbol.asyncDispose]());

/** What a runner says that it has run and skipped, of all that it found. */
function totals(output: string, passed: RegExp, skipped: RegExp): readonly number[] {
  return [passed, skipped].map((pattern) => Number(pattern.exec(output)?.[1]));
}

describe("the contract in three lines", () => {
  const expectAll = ([passed, skipped]: readonly number[]): void => {
    expect(passed).toBeGreaterThan(200);
    expect((passed ?? 0) + (skipped ?? 0)).toBe(contractCases.length);
  };

  test("runs under node:test", async () => {
    const file = "examples/contract/with-node-test.ts";
    const { stdout } = await built.node("--test", "--test-reporter=tap", file);
    expectAll(totals(stdout, /^# pass (\d+)$/m, /^# skipped (\d+)$/m));
    expect(stdout).toMatch(/# SKIP the store has no bucket/);
  }, 60_000);

  test("runs under vitest", async () => {
    const args = ["run", "--root", "examples/contract", "--no-color", "with-vitest"];
    const { stdout } = await built.tool("vitest/vitest.mjs", ...args);
    expectAll(totals(stdout, /Tests\s+(\d+) passed/, /(\d+) skipped/));
  }, 60_000);

  test("runs under jest", async () => {
    const jest = join("..", "..", "node_modules", "jest", "bin", "jest.js");
    const args = ["--rootDir", "examples/contract", "--testMatch", "**/with-jest.test.mjs"];
    const { stderr } = await built.node("--experimental-vm-modules", jest, ...args);
    expectAll(totals(stderr, /Tests:.* (\d+) passed/, /Tests:\s+(\d+) skipped/));
  }, 60_000);
});

describe("an outsider's adapter", () => {
  test("keeps the contract, but for what it says that it has not", async () => {
    const { stdout } = await built.node("examples/outsider-adapter/contract.ts");
    expect(stdout).toMatch(/^Contract of SqliteStore at sqlite:\/\/\/$/m);
    expect(stdout).toMatch(/the store has no bucket:/);
    expect(stdout).toMatch(/^Failed {2,}0$/m);
    expect(stdout).toMatch(/SqliteStore keeps the contract/);
  }, 60_000);

  test("has sixty lines at the most", async () => {
    const source = await readFile("examples/outsider-adapter/sqlite-store.ts", "utf8");
    expect(source.trimEnd().split("\n").length).toBeLessThanOrEqual(60);
  });

  test("type-checks against the package, as the other examples do", async () => {
    const options = {
      module: "nodenext",
      target: "es2023",
      lib: ["es2024", "esnext.disposable"],
      types: ["node"],
      strict: true,
      exactOptionalPropertyTypes: true,
      allowImportingTsExtensions: true,
      erasableSyntaxOnly: true,
      noEmit: true,
    };
    const config = { compilerOptions: options, include: ["examples/**/*.ts"] };
    await writeFile(join(built.folder, "tsconfig.json"), JSON.stringify(config));
    const told = await built.tool("typescript/bin/tsc", "-p", ".").then(
      () => "",
      (error: { stdout: string }) => error.stdout,
    );
    expect(told).toBe("");
  }, 60_000);
});
