import { expect, test } from "vitest";
import { openMemoryStore } from "../../src/adapters/memory/index.js";
import { describeRaces } from "./describe-races.js";
import { SMALL_LIMITS, smallRepertoire } from "./small.js";
import { TRIAL_TIMEOUT_MS, tryStore } from "./soak.js";
import { freshPrefix } from "./trial.js";

/** How commands are to be answered: a trial that meets less of it proves less than it seems to. */
const ANSWERS: Readonly<Record<string, string>> = {
  put: "done already-exists precondition-failed checksum-mismatch too-large unsupported invalid-metadata",
  get: "done not-found precondition-failed range-not-satisfiable invalid-argument",
  read: "done old-bytes",
  head: "done not-found",
  delete: "done precondition-failed",
  copy: "done not-found already-exists precondition-failed",
  createUpload: "done unsupported invalid-metadata",
  uploadPart: "done upload-not-found checksum-mismatch invalid-argument too-large",
  completeUpload:
    "done already-exists precondition-failed invalid-part upload-not-found checksum-mismatch too-large",
  listParts: "done upload-not-found",
};

test("memory does what the model says", { timeout: TRIAL_TIMEOUT_MS }, async () => {
  const store = openMemoryStore({ limits: SMALL_LIMITS });
  const how = { prefix: freshPrefix, thorough: true, maxCommands: 60 };
  const quick = { commands: 15_000, seconds: 6 };
  const { answers } = await tryStore("memory", { ...smallRepertoire, ...how, store }, quick);
  const wanted = Object.entries(ANSWERS).flatMap(([operation, codes]) =>
    codes.split(" ").map((code) => `${operation} ${code}`),
  );
  const missed = wanted.filter((answer) => !answers.has(answer));
  expect(missed, "answers that no command was given").toEqual([]);
});

describeRaces("memory", () => openMemoryStore({ limits: SMALL_LIMITS }), {
  creators: 20,
  raisers: 10,
  uploads: 20,
  lists: 5,
  registers: 100,
});
