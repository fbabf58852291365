// Writes COMPATIBILITY.md from what the contract runs left in a folder, or sees that it says the same:
//
//   node .ci/compatibility.mjs FOLDER
//   node .ci/compatibility.mjs FOLDER --check [COUNTS]
//
// FOLDER is what STOWAGE_TEST_REPORTS named in runs of all projects, and the build is that of the
// sources. Dates are left aside in a comparison. COUNTS gets its outcome as JSON.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { reportsAsMarkdown } from "../dist/ports/contract/index.js";

const TARGET = fileURLToPath(new URL("../COMPATIBILITY.md", import.meta.url));

/** Each column: the report's name, and how it is headed. */
const COLUMNS = [
  ["memory", "Memory"],
  ["filesystem", "Directory"],
  ["S3 store on MinIO", "S3 on MinIO"],
  ["MinIO store on MinIO", "MinIO on MinIO"],
  ["S3 store on LocalStack", "S3 on LocalStack"],
  ["S3 store on Versity GW", "S3 on Versity GW"],
  ["MinIO store on Versity GW", "MinIO on Versity GW"],
  ["S3 store on Ceph RGW", "S3 on Ceph RGW"],
  ["MinIO store on Ceph RGW", "MinIO on Ceph RGW"],
];

const [folder, check, counts] = process.argv.slice(2);
if (folder === undefined)
  throw new Error("Cannot write COMPATIBILITY.md: name the folder of reports");
const fresh = page(reportsIn(folder), serversIn(join(folder, "servers")));
if (check === "--check") {
  const stale = withoutDates(readOr(TARGET, "")) !== withoutDates(fresh);
  if (stale) tellStale();
  else console.log("COMPATIBILITY.md says what the runs say");
  const [passed, failed] = stale ? [0, 1] : [1, 0];
  if (counts !== undefined) writeFileSync(counts, JSON.stringify({ passed, failed, skipped: 0 }));
  process.exitCode = failed;
} else {
  writeFileSync(TARGET, fresh);
}

function reportsIn(path) {
  const reports = jsonIn(path);
  return COLUMNS.map(([name, title]) => {
    const report = reports.find((each) => each.name === name);
    if (report !== undefined) return { ...report, title };
    throw new Error(
      `Cannot write COMPATIBILITY.md: ${path} has no report of ${name}; run the tests of all projects with STOWAGE_TEST_REPORTS set to it`,
    );
  });
}

function serversIn(path) {
  return jsonIn(path).sort((a, b) => a.name.localeCompare(b.name, "en"));
}

function jsonIn(path) {
  return readdirSync(path)
    .filter((name) => name.endsWith(".json"))
    .map((name) => JSON.parse(readFileSync(join(path, name), "utf8")));
}

function page(reports, servers) {
  const titled = reports.map(({ title, ...report }) => ({ ...report, name: title }));
  return [
    "# Compatibility",
    "",
    "What each store promises, and what came of it when the contract was last run, on real servers. The page is made by",
    "`.ci/compatibility.mjs` from the runs of `.ci/run`, which fails when it is stale. Your own server: see README.md.",
    "",
    "| Server | Version | Date of the run |",
    "| --- | --- | --- |",
    ...servers.map(({ name, version }) => `| ${name} | ${version} | ${dateOf(name, reports)} |`),
    "",
    "A column is a store, or a store on a server, whose profile it goes by. A row is a promise, word for word as it stands on the port.",
    "",
    "- `yes`: kept, in every case that tries it.",
    "- `no`: not kept in every case; the reason says what is not. `not always`: a race, lost in some runs.",
    "- `–`: not promised there. Where that is an option, it is refused with `unsupported` before any I/O.",
    "",
    "Numbers in brackets name the reasons below the table.",
    "",
    reportsAsMarkdown(titled).trimEnd(),
    "",
  ].join("\n");
}

function dateOf(server, reports) {
  const dates = reports
    .filter(({ name }) => name.endsWith(` on ${server}`))
    .map(({ startedAt }) => startedAt.slice(0, 10));
  return dates.sort().at(-1) ?? "";
}

function withoutDates(text) {
  return text.replace(/\b\d{4}-\d{2}-\d{2}\b/g, "DATE");
}

function readOr(path, otherwise) {
  return existsSync(path) ? readFileSync(path, "utf8") : otherwise;
}

function tellStale() {
  const committed = new Set(withoutDates(readOr(TARGET, "")).split("\n"));
  const lines = withoutDates(fresh).split("\n");
  console.log("COMPATIBILITY.md is stale. The runs say, and it does not:");
  for (const line of lines.filter((each) => !committed.has(each)).slice(0, 20)) {
    console.log(`  ${line}`);
  }
  console.log(
    "Make it anew, with servers as processes: STOWAGE_TEST_SERVERS=processes STOWAGE_TEST_REPORTS=FOLDER for `npm test`\n" +
      "and `npm run test:wide`, then `npm run build` and `node .ci/compatibility.mjs FOLDER`",
  );
}
