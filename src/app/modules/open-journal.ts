import { openFileJournal } from "../../adapters/journal/index.js";
import type { Journal } from "../../ports/journal.js";
import { storeName } from "../config/location.js";
import type { Settings } from "../config/settings.js";

/** Opens the journal that the settings name. A store that ends with the process needs none. */
export function openJournal({ journal, location }: Settings): Journal | undefined {
  const store = storeName(location);
  if (journal === undefined || store === undefined) return undefined;
  return openFileJournal({ directory: journal, store });
}
