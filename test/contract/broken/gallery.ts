import type { BrokenStore } from "./broken-store.js";
import { brokenCopies, brokenDeletes, brokenKeys, brokenLists } from "./lists.js";
import { brokenPuts } from "./puts.js";
import { brokenReads } from "./reads.js";
import { brokenRefusals, brokenUploadRefusals } from "./refusals.js";
import { brokenDeclarations, brokenUploads } from "./uploads.js";

/** The stores that break one promise of each call, for all who look for faults in stores. */
export const GALLERY: readonly BrokenStore[] = [
  ...brokenPuts,
  ...brokenReads,
  ...brokenLists,
  ...brokenDeletes,
  ...brokenCopies,
  ...brokenKeys,
  ...brokenUploads,
  ...brokenDeclarations,
  ...brokenRefusals,
  ...brokenUploadRefusals,
];
