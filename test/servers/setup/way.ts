import { describeEngine, type Engine, findEngine } from "./engine.js";

/** How servers are to be run on this machine, and why, for a person. */
export type Choice =
  | { readonly way: "container"; readonly engine: Engine; readonly why: string }
  | { readonly way: "process"; readonly why: string };

const VARIABLE = "STOWAGE_TEST_SERVERS";

let choice: Promise<Choice> | undefined;

/**
 * Chooses containers where a Docker engine answers, and processes elsewhere.
 *
 * `STOWAGE_TEST_SERVERS` set to `containers` or `processes` settles it; containers without an
 * engine are then a failure.
 */
export function chooseWay(): Promise<Choice> {
  choice ??= choose(process.env[VARIABLE]);
  return choice;
}

async function choose(forced: string | undefined): Promise<Choice> {
  if (forced === "processes") return { way: "process", why: `${VARIABLE}=processes` };
  if (forced !== undefined && forced !== "" && forced !== "containers") {
    throw new Error(
      `Cannot start servers: ${VARIABLE} is "${forced}"; set it to "containers" or "processes", ` +
        "or leave it out",
    );
  }
  const engine = await findEngine();
  if (engine !== undefined) return { way: "container", engine, why: describeEngine(engine) };
  if (forced === "containers") {
    throw new Error(
      `Cannot start servers: ${VARIABLE} is "containers", but no Docker engine answers. ` +
        `Start one (or point DOCKER_HOST at it), or leave ${VARIABLE} out to run processes`,
    );
  }
  return { way: "process", why: "no Docker engine answers" };
}
