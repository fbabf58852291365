import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, test } from "vitest";
import { openFilesystemStore } from "../../src/adapters/filesystem/index.js";
import type { OpenStore } from "../../src/ports/store.js";
import { alternating } from "./alternating.js";
import { describeRaces } from "./describe-races.js";
import { SMALL_LIMITS, smallRepertoire } from "./small.js";
import { TRIAL_TIMEOUT_MS, tryStore } from "./soak.js";
import { freshPrefix } from "./trial.js";

const directory = await mkdtemp(join(tmpdir(), "stowage-model-"));
const opened: OpenStore[] = [];

afterAll(async () => {
  for (const store of opened) await store[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

/** Opens a folder of the test's own. */
async function openIn(name: string): Promise<OpenStore> {
  const store = await openFilesystemStore({
    directory: join(directory, name),
    limits: SMALL_LIMITS,
  });
  opened.push(store);
  return store;
}

const local = { ...smallRepertoire, thorough: true, maxCommands: 60 };

test("a directory does what the model says", { timeout: TRIAL_TIMEOUT_MS }, async () => {
  const trial = { ...local, store: await openIn("alone"), prefix: () => "" };
  await tryStore("filesystem", trial, { commands: 1_500, seconds: 6 });
});

const two = alternating(await openIn("shared"), await openIn("shared"));

test("two stores take turns in one directory", { timeout: TRIAL_TIMEOUT_MS }, async () => {
  const trial = { ...local, store: two, prefix: freshPrefix };
  await tryStore("filesystem, two stores", trial, { commands: 800, seconds: 4 });
});

describeRaces("two stores in one directory", () => two, {
  creators: 10,
  raisers: 3,
  uploads: 10,
  lists: 3,
  registers: 20,
});
