import { median } from "./measure.mjs";
import { CLIENTS } from "./scenarios.mjs";
import { isMet, TARGETS } from "./targets.mjs";

const MEASURES = ["wall", "work", "cpu", "peak"];

/**
 * The medians of all rounds.
 *
 * @param results by scenario and client, what each round measured.
 * @returns `read(scenario, client, peer)`: `wall`, `work`, `cpu`, `peak` and, with a peer, `ratios`
 *   to it: the median of the ratios of each round, in which both ran one after the other.
 */
export function summary(results) {
  return (scenario, client, peer) => {
    const taken = results.get(scenario)?.get(client);
    const others = peer === undefined ? undefined : results.get(scenario)?.get(peer);
    if (taken === undefined || (peer !== undefined && others === undefined)) return undefined;
    const medians = ofEach((measure) => median(taken.map((round) => round[measure])));
    if (others === undefined) return medians;
    const ratios = ofEach((measure) =>
      median(taken.map((round, index) => round[measure] / others[index][measure])),
    );
    return { ...medians, ratios };
  };
}

function ofEach(value) {
  return Object.fromEntries(MEASURES.map((measure) => [measure, value(measure)]));
}

/** The peer that a client's adapter is held against: the SDK that it is built on. */
export function peerOf(client) {
  const { module, adapter } = CLIENTS[client];
  if (module !== "stowage") return undefined;
  return { s3: "aws-sdk", minio: "minio-sdk", filesystem: "cp" }[adapter];
}

/** Each target with what was measured of it: those of scenarios that were left out are too. */
export function verdicts(read) {
  return TARGETS.flatMap((target) => {
    const measured = target.measure(read);
    return measured === undefined ? [] : [{ target, measured, met: isMet(target, measured) }];
  });
}

export function targetText({ limit, atLeast, unit, peer, scenario }) {
  const sign = atLeast ? "≥" : "≤";
  return `${sign} ${limit} ${unit}${peer === undefined ? "" : ` ${nameOf(peer, scenario)}`}`;
}

export function measuredText({ target: { unit }, measured }) {
  return `${unit === "MB" ? Math.round(measured) : measured.toFixed(2)} ${unit}`;
}

function nameOf(peer, scenario) {
  const { title, smallTitle = title } = CLIENTS[peer];
  return scenario.endsWith("small") ? smallTitle : title;
}
