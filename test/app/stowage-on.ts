import { openLocalSource, openLocalTarget } from "../../src/adapters/local/index.js";
import { readSettings, type Settings } from "../../src/app/config/settings.js";
import { createStowage, type StowageParts } from "../../src/app/create-stowage.js";
import type { Stowage } from "../../src/app/stowage.js";
import type { Store } from "../../src/ports/store.js";
import { stillClock } from "./scripted-store.js";

/** The use cases over a store, with a clock that stands still. Whoever opened the store closes it. */
export function stowageOn(
  store: Store,
  settings: Partial<Settings> = {},
  parts: Partial<StowageParts> = {},
): Stowage {
  return createStowage({
    store,
    settings: { ...readSettings({ store: "memory:" }, {}, "/"), ...settings },
    clock: stillClock(),
    openSource: openLocalSource,
    openTarget: openLocalTarget,
    close: async () => undefined,
    ...parts,
  });
}
