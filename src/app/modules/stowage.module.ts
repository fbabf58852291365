import "reflect-metadata";
import { ContainerModule } from "inversify";
import { openLocalSource, openLocalTarget } from "../../adapters/local/index.js";
import { systemClock } from "../../adapters/system/clock.js";
import type { OpenStore } from "../../ports/store.js";
import type { StowageConfig } from "../config/config.js";
import { type Environment, readSettings } from "../config/settings.js";
import { createStowage } from "../create-stowage.js";
import { openJournal } from "./open-journal.js";
import { openStore } from "./open-store.js";
import { CLOCK, JOURNAL, OPEN_SOURCE, OPEN_TARGET, SETTINGS, STORE, STOWAGE } from "./tokens.js";

/**
 * Stowage as a module of a larger container: `container.load(stowageModule(config))`, then
 * `await container.getAsync(STOWAGE)`.
 *
 * The store is opened once, when it is first needed, and closed when its binding is removed
 * (`container.unloadAsync(module)` or `container.unbindAllAsync()`); one that you have put in its place is yours
 * to close.
 *
 * @param env variables for what `config` leaves out. Default: none.
 * @throws `invalid-config`, telling every mistake at once.
 */
export function stowageModule(config: StowageConfig = {}, env: Environment = {}): ContainerModule {
  const settings = readSettings(config, env, process.cwd());
  return new ContainerModule(({ bind }) => {
    bind(SETTINGS).toConstantValue(settings);
    bind(CLOCK).toConstantValue(systemClock);
    bind(OPEN_SOURCE).toConstantValue(openLocalSource);
    bind(OPEN_TARGET).toConstantValue(openLocalTarget);
    bind(JOURNAL).toResolvedValue(openJournal, [SETTINGS]).inSingletonScope();
    bind(STORE)
      .toResolvedValue(openStore, [SETTINGS])
      .inSingletonScope()
      .onDeactivation(async (store) => {
        await (store as OpenStore)[Symbol.asyncDispose]();
      });
    bind(STOWAGE)
      .toResolvedValue(
        (store, checked, clock, openSource, openTarget, journal) => {
          const parts = { store, settings: checked, clock, openSource, openTarget, journal };
          // The store is closed with its own binding.
          return createStowage({ ...parts, close: async () => undefined });
        },
        [STORE, SETTINGS, CLOCK, OPEN_SOURCE, OPEN_TARGET, JOURNAL],
      )
      .inSingletonScope();
  });
}
