// npm run bench -- [--quick] [--only TEXT] [--rounds N] [--profile FOLDER] [--no-build]
//
// Measures Stowage beside its peers and, when all was measured, writes bench/README.md. With
// --quick (one round of small files), --only (the scenarios whose id holds the text) or --profile
// (CPU profiles of every process) it prints and writes nothing. Exits with 1 when a client fails; a target
// that is missed is told, and no failure.
import { existsSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { run } from "../test/servers/setup/command.ts";
import { MIB, SMALL_BYTES } from "./constants.mjs";
import { makeFiles } from "./files.mjs";
import { measure } from "./measure.mjs";
import { asText, writeReport } from "./report.mjs";
import { CLIENTS, scenarios } from "./scenarios.mjs";
import { startServer } from "./servers.mjs";

const HERE = import.meta.dirname;
const ROOT = join(HERE, "..");

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    rounds: { type: "string" },
    profile: { type: "string" },
    "no-build": { type: "boolean", default: false },
  },
});
const rounds = Number(options.rounds ?? (options.quick ? 1 : 5));
const chosen = scenarios(options.only, options.quick);
if (!Number.isInteger(rounds) || rounds < 1 || chosen.length === 0) {
  throw new Error("Cannot run: give --rounds a whole number, and --only a part of a scenario's id");
}
const profiling =
  options.profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${resolve(options.profile)}`];

await installPeers();
if (!options["no-build"]) await run("npm", ["run", "build"], { cwd: ROOT });

const began = performance.now();
await using stack = new AsyncDisposableStack();
const files = stack.use(await makeFiles(chosen));
const servers = {};
for (const name of new Set(chosen.map(({ server }) => server))) {
  if (name !== "directory") servers[name] = stack.use(await startServer(name));
}

const results = new Map(chosen.map(({ id }) => [id, new Map()]));
for (let round = 1; round <= rounds; round++) {
  for (const scenario of chosen) {
    for (const client of turned(scenario.of, round)) {
      const taken = await measureCase(scenario, client);
      const before = results.get(scenario.id).get(client) ?? [];
      results.get(scenario.id).set(client, [...before, taken]);
      const { wall, work, cpu, peak } = taken;
      console.log(
        `${round}/${rounds} ${scenario.id} ${client}: wall ${wall.toFixed(2)} s, ` +
          `work ${work.toFixed(2)} s, CPU ${cpu.toFixed(2)} s, peak ${Math.round(peak / 1e6)} MB`,
      );
    }
  }
}

const seconds = (performance.now() - began) / 1000;
const whole = !options.quick && options.only === "" && options.profile === undefined;
const { quick } = options;
const report = {
  chosen,
  results,
  rounds,
  seconds,
  quick,
  versions: { minio: servers.minio?.version },
};
console.log(`\n${asText(report)}`);
if (whole && rounds >= 5) await writeReport(report);

/** Runs a case, and holds what the server then has against what was to be sent. */
async function measureCase(scenario, client) {
  const { module, adapter, settings } = CLIENTS[client];
  const { kind, count, server } = scenario;
  const work = { kind, count, path: kind === "small" ? undefined : files.pathOf(scenario) };
  const spec = { client: module, adapter, work, settings: { ...settings, ...scenario.settings } };
  if (server === "directory") {
    const directory = await mkdtemp(join(files.folder, "directory-"));
    spec.settings.directory = directory;
    try {
      return await measure(spec, profiling);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }
  const taken = await measure({ ...spec, ...servers[server].target }, profiling);
  const found = await servers[server].empty();
  const wanted = kind === "small" ? count * SMALL_BYTES : scenario.mib * MIB;
  if (found.bytes !== wanted) {
    throw new Error(
      `${scenario.id} ${client}: the server has ${found.bytes} bytes, not the ${wanted} sent`,
    );
  }
  return taken;
}

/** Every other round goes backwards: of two that are compared, neither always comes first. */
function turned(clients, round) {
  return round % 2 === 1 ? clients : clients.toReversed();
}

/** Once, and again whenever the lock file has changed. */
async function installPeers() {
  const installed = join(HERE, "node_modules", ".package-lock.json");
  const lock = join(HERE, "package-lock.json");
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  console.log("Installing the peers ...");
  await run("npm", ["ci", "--no-audit", "--no-fund"], { cwd: HERE });
}
