// Adds up what the runs of .ci/run counted: node .ci/totals.mjs NAME=FILE=CODE ...
//
// FILE is a JSON report of vitest, or counts of the same names as here; CODE is what the run
// exited with. A run that left no file, counted nothing, could not load a test file or exited with
// anything but 0 has failed.
import { readFileSync } from "node:fs";

let passed = 0;
let failed = 0;
for (const argument of process.argv.slice(2)) {
  const [name, file, code] = argument.split("=");
  const counts = countsOf(file);
  if (code !== "0" && counts.failed === 0) {
    counts.failed = 1;
    counts.note = ` (its tests passed, but it exited with ${code})`;
  }
  passed += counts.passed;
  failed += counts.failed;
  console.log(
    `${name}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped${counts.note}`,
  );
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

function countsOf(file) {
  let report;
  try {
    report = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return { passed: 0, failed: 1, skipped: 0, note: " (it left no report)" };
  }
  const counts =
    report.testResults === undefined ? { note: "", ...report } : countsOfVitest(report);
  if (counts.passed + counts.failed === 0)
    return { ...counts, failed: 1, note: " (it ran nothing)" };
  return counts;
}

function countsOfVitest(report) {
  const unloaded = report.testResults.filter(
    ({ status, assertionResults }) => status === "failed" && assertionResults.length === 0,
  ).length;
  const passed = report.numPassedTests;
  const failed = report.numFailedTests + unloaded;
  const onServers = report.testResults
    .filter(({ name }) => /\/test\/(servers|wide)\//.test(name))
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status === "passed").length;
  const skipped = report.numPendingTests + report.numTodoTests;
  return { passed, failed, skipped, note: ` (${onServers} passed on real servers)` };
}
