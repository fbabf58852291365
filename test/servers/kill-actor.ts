import { openFileJournal } from "../../src/adapters/journal/index.js";
import { openLocalSource, openLocalTarget } from "../../src/adapters/local/index.js";
import { systemClock } from "../../src/adapters/system/clock.js";
import type { StowageConfig } from "../../src/app/config/config.js";
import { readSettings } from "../../src/app/config/settings.js";
import { createStowage } from "../../src/app/create-stowage.js";
import { openStore } from "../../src/app/modules/open-store.js";
import { Life, mortalJournal, mortalStore } from "../journal/life.js";
import { trusting } from "./trusting.js";

// Without the parent that kills it, it is to end.
process.on("disconnect", () => process.exit(1));

/** What a process is to upload, and at which boundary it waits to be killed. */
export interface Act {
  readonly config: StowageConfig;
  readonly directory: string;
  readonly path: string;
  readonly userId: string;
  /** From 1. 0 for none. */
  readonly diesAt: number;
  /** Whether the store is taken to complete create-only, which it does not. */
  readonly trusting: boolean;
}

export type Said =
  | { readonly kind: "at"; readonly boundary: string }
  | { readonly kind: "done"; readonly boundaries: number };

const act = JSON.parse(process.argv[2] ?? "") as Act;
const say = (said: Said): void => {
  process.send?.(said);
};

const life = new Life(act.diesAt === 0 ? undefined : act.diesAt);
void life.died.then(() => say({ kind: "at", boundary: life.boundaries.at(-1) ?? "" }));

const settings = readSettings(act.config, {}, "/");
const store = await openStore(settings);
const journal = openFileJournal({ directory: act.directory, store: "https://server/bucket" });
const stowage = createStowage({
  store: mortalStore(act.trusting ? trusting(store) : store, life),
  settings,
  clock: systemClock,
  openSource: openLocalSource,
  openTarget: openLocalTarget,
  journal: mortalJournal(journal, life),
  close: async () => store[Symbol.asyncDispose](),
});
const { userId, path: source } = act;
await stowage.uploadDataset({ userId, source });
await stowage[Symbol.asyncDispose]();
say({ kind: "done", boundaries: life.boundaries.length });
process.disconnect?.();
