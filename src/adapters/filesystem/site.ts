import type { StoreLimits } from "../../domain/upload-plan.js";
import type { Folders } from "./folders.js";
import type { InPlaceFiles } from "./in-place.js";
import type { Layout } from "./layout.js";
import type { Locks } from "./locks.js";
import type { Owner } from "./owner.js";
import type { Sidecars } from "./sidecars.js";

/** A directory that is open as a store. */
export interface Site {
  readonly layout: Layout;
  readonly folders: Folders;
  readonly owner: Owner;
  readonly locks: Locks;
  readonly sidecars: Sidecars;
  readonly inPlace: InPlaceFiles;
  readonly limits: StoreLimits;
}
