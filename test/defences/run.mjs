// Turns off each defence in turn, and expects its tests to fail: npm run test:defences [ID ...]
//
// With --report FILE the counts are written there as JSON.
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { DEFENCES } from "./defences.ts";

const { values, positionals } = parseArgs({
  options: { report: { type: "string" } },
  allowPositionals: true,
});
const wanted = DEFENCES.filter(({ id }) => positionals.length === 0 || positionals.includes(id));
const folder = await mkdtemp(join(tmpdir(), "stowage-defences-"));
const missed = [];

/** What is wrong with the tests of a defence; `undefined` when one of them fails without it. */
async function faultOf({ id, tests }) {
  const file = join(folder, `${id}.json`);
  const vitest = spawn(
    "vitest",
    [
      ...["run", "--project", "unit", ...tests, "--reporter=json", `--outputFile=${file}`],
      // It goes by what the file holds, not by what a plugin makes of it.
      "--fsModuleCache=false",
      ...["--bail=1", "--testTimeout=5000"],
    ],
    {
      env: { ...process.env, STOWAGE_TEST_WITHOUT: id },
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  let said = "";
  vitest.stderr.setEncoding("utf8").on("data", (text) => {
    said += text;
  });
  await new Promise((resolve, reject) => vitest.once("close", resolve).once("error", reject));
  const report = await readFile(file, "utf8").then(JSON.parse, () => undefined);
  if (report === undefined) return `its tests could not be run: ${said.trim().slice(-500)}`;
  if (report.numTotalTests === 0) return "it has no tests";
  return report.numFailedTests > 0
    ? undefined
    : `its ${report.numTotalTests} tests pass without it`;
}

async function work(queue) {
  for (const defence of queue) {
    const fault = await faultOf(defence);
    if (fault !== undefined) missed.push(defence.id);
    const { id, sees } = defence;
    console.log(fault === undefined ? `red    ${id}: ${sees}` : `MISSED ${id}: ${fault}`);
  }
}

const queue = wanted.values();
await Promise.all(Array.from({ length: availableParallelism() }, () => work(queue)));
await rm(folder, { recursive: true, force: true });
console.log(
  `defences: ${wanted.length - missed.length} of ${wanted.length} turn their tests red when they are off`,
);
const counts = { passed: wanted.length - missed.length, failed: missed.length, skipped: 0 };
if (values.report !== undefined) await writeFile(values.report, JSON.stringify(counts));
process.exitCode = missed.length > 0 || wanted.length === 0 ? 1 : 0;
