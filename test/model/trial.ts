import fc from "fast-check";
import { listed, refused, taken } from "../../src/ports/contract/assertions.js";
import type { Store } from "../../src/ports/store.js";
import { anyCommand, type Repertoire } from "./commands/any.js";
import type { Command } from "./commands/command.js";
import { expectParts, expectUploads } from "./commands/uploads.js";
import { keysUnder, nasty } from "./keys.js";
import { Model } from "./model.js";
import {
  expectBytes,
  expectInfo,
  expectList,
  leave,
  readOn,
  type Site,
  type Tally,
} from "./site.js";

/** A store to be tried, and how. */
export interface Trial extends Repertoire {
  readonly store: Store;
  /** Where the commands of a run write: a part of the store that no other run has, or all of it. */
  readonly prefix: () => string;
  readonly thorough: boolean;
  /** Commands of one run, at most. */
  readonly maxCommands: number;
}

/** Names, and commands on them: what one run is made of. */
export type Run = [names: readonly string[], commands: Iterable<Command>];

/** The property that a store does, command by command, what the model says. */
export function modelProperty(trial: Trial, tally: Tally): fc.IAsyncProperty<Run> {
  const { maxCommands } = trial;
  const commands = fc.commands([anyCommand(trial)], { maxCommands, size: "max" });
  return fc.asyncProperty(nasty, commands, async (names, steps) => {
    const site = siteOf(trial, names, tally);
    const model = new Model();
    try {
      await fc.asyncModelRun(() => ({ model, real: site }), steps);
      await expectAll(model, site);
    } finally {
      tally.runs += 1;
      await clear(model, site);
    }
    await expectNothing(site);
  });
}

function siteOf(trial: Trial, names: readonly string[], tally: Tally): Site {
  const { store, thorough } = trial;
  const prefix = trial.prefix();
  const besideItsPrefix = store.facts.honours.keyBesideItsPrefix;
  const keys = keysUnder(prefix, names, besideItsPrefix);
  return { store, prefix, keys, thorough, reads: new Map(), tally };
}

/** Expects the whole store to be as the model: every key, every byte, every upload. */
async function expectAll(model: Model, site: Site): Promise<void> {
  const { store, prefix, keys } = site;
  for (const read of [...model.reads]) {
    await readOn(model, site, read, Number.POSITIVE_INFINITY);
  }
  await expectList(model, site, { prefix });
  await expectList(model, site, { prefix, pageSize: 2 });
  await expectList(model, site, { prefix, delimiter: "/", pageSize: 2 });
  for (const key of keys) {
    const held = model.objects.get(key);
    if (held === undefined) {
      await refused(store.get(key), "not-found");
    } else {
      expectInfo(await store.head(key), held);
      await expectBytes(await store.get(key), held.bytes);
    }
    await expectUploads(model, site, { key });
  }
  for (const held of model.openUploads(() => true)) await expectParts(site, held);
}

/** Removes all that the run has left, as far as it can be. */
async function clear(model: Model, site: Site): Promise<void> {
  const { store, keys } = site;
  for (const read of [...model.reads]) await leave(model, site, read).catch(() => undefined);
  for (const { upload } of model.openUploads(() => true)) {
    await store.abortUpload(upload).catch(() => undefined);
  }
  await store.deleteMany(keys).catch(() => undefined);
}

async function expectNothing({ store, prefix, keys }: Site): Promise<void> {
  const left: unknown[] = await listed(store, { prefix });
  for (const key of keys) left.push(...(await taken(store.listUploads({ key }))));
  if (left.length > 0) throw new Error(`What cannot be removed: ${JSON.stringify(left)}`);
}

/** A store of which each run has a part of its own. */
export function freshPrefix(): string {
  return `model/${crypto.randomUUID()}/`;
}
