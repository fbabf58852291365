import { readFile, writeFile } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { run } from "../test/servers/setup/command.ts";
import { barChart } from "./chart.mjs";
import { CONCURRENCY, PART_BYTES, SMALL_AT_ONCE } from "./constants.mjs";
import { titleOf } from "./scenarios.mjs";
import { measuredText, peerOf, summary, targetText, verdicts } from "./summary.mjs";

const HERE = import.meta.dirname;

const CHART = "Wall time and peak memory of 1 GiB";

const SERVERS = {
  discard: "A server that discards",
  minio: "MinIO",
  directory: "A directory",
};

/** What was measured, for a terminal. The targets are of whole sizes: a quick run has none. */
export function asText({ chosen, results, quick }) {
  const read = summary(results);
  const targets = quick ? [] : [targetTable(read)];
  return [...targets, ...sections(chosen, read)].join("\n\n");
}

/** Writes bench/README.md and its chart. */
export async function writeReport(report) {
  const read = summary(report.results);
  await writeFile(join(HERE, "chart.svg"), chart(report.chosen, read));
  const page = [
    "# Benchmarks",
    "Written by `npm run bench`; whatever is changed here by hand is lost with the next run.",
    await conditions(report),
    `![${CHART}](chart.svg)`,
    "## What is to be reached",
    "A ratio is the median of the ratios of each round, in which both were measured one after the other.",
    targetTable(read),
    "Where the time goes, and what was tried: [profiles.md](profiles.md).",
    ...sections(report.chosen, read),
  ];
  await writeFile(join(HERE, "README.md"), `${page.join("\n\n")}\n`);
}

async function conditions({ rounds, seconds, versions }) {
  const { dependencies } = JSON.parse(await readFile(join(HERE, "package.json"), "utf8"));
  const peers = Object.entries(dependencies).map(([name, version]) => `\`${name}\` ${version}`);
  const [{ model }] = cpus();
  const go = await run("go", ["version"]);
  return [
    `- ${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform} ${process.arch}`,
    `- Node ${process.version}, ${go.trim()}, MinIO ${versions.minio}`,
    `- ${peers.join(", ")}`,
    `- Medians of ${rounds} rounds, ${Math.round(seconds / 60)} minutes in all. In each round every client ran once, in a process of its own, one after the other; servers and clients share the processors`,
    `- Parts of ${PART_BYTES / 2 ** 20} MiB, ${CONCURRENCY} in flight; small objects ${SMALL_AT_ONCE} at once; plain HTTP on the loopback. \`minio\` sends one part after the other, and has no setting for it`,
    "- **wall**: seconds from the start of the process to its end. **work**: of it, from the first call to the last answer. **CPU**: user and system seconds of the process. **peak**: its resident memory at the most, in MB",
    "- After each run the objects in the bucket are counted, and their bytes held against what was sent",
  ].join("\n");
}

function targetTable(read) {
  const rows = verdicts(read).map(({ target, measured, met }) => [
    target.title,
    targetText(target),
    measuredText({ target, measured }),
    met ? "met" : "**missed**",
  ]);
  return table(["", "target", "measured", ""], rows);
}

function sections(chosen, read) {
  return chosen.map((scenario) => {
    const { id, server, title, of } = scenario;
    const rows = of.map((client) => {
      const { wall, work, cpu, peak } = read(id, client);
      const peer = peerOf(client);
      const ratios = peer === undefined ? undefined : read(id, client, peer)?.ratios;
      const name = titleOf(client, scenario);
      const ratio =
        ratios === undefined ? "" : `${ratios.wall.toFixed(2)} × ${titleOf(peer, scenario)}`;
      // Of a program that the client runs nothing is known but its time.
      const own = client === "cp" ? ["", ""] : [cpu.toFixed(2), mega(peak)];
      return [name, wall.toFixed(2), work.toFixed(2), ...own, ratio];
    });
    const head = ["", "wall s", "work s", "CPU s", "peak MB", "wall, of that"];
    return `## ${SERVERS[server]}: ${title}\n\n${table(head, rows)}`;
  });
}

function chart(chosen, read) {
  const panels = chosen
    .filter(({ id }) => id === "discard-1gib" || id === "minio-1gib")
    .flatMap((scenario) => {
      const bars = (value) =>
        scenario.of.map((client) => ({
          label: titleOf(client, scenario).replaceAll(/[*`]/g, ""),
          ours: peerOf(client) !== undefined,
          value: value(read(scenario.id, client)),
        }));
      const to = `1 GiB to ${scenario.server === "minio" ? "MinIO" : "a server that discards"}`;
      return [
        { title: `${to}: wall, s`, digits: 1, bars: bars(({ wall }) => wall) },
        { title: `${to}: peak, MB`, digits: 0, bars: bars(({ peak }) => peak / 1e6) },
      ];
    });
  return barChart(CHART, panels);
}

function mega(bytes) {
  return String(Math.round(bytes / 1e6));
}

function table(head, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
