import { join } from "node:path";
import type { ObjectKey } from "../../domain/object-key.js";
import { annexPath, isFoldSafe, isReserved, keyHash, OWN_FOLDER } from "./names.js";

/** Where everything lies: paths, and nothing else. */
export class Layout {
  /** The directory itself, without symbolic links in its path. */
  readonly root: string;
  /**
   * Whether the disk takes some names for one: `A` and `a`, or two Unicode forms of `é`. Keys of
   * such names are then written to the annex.
   */
  readonly folding: boolean;
  readonly own: string;
  /** Data files being written. */
  readonly drafts: string;
  /** Who has the store open: a file per opening. */
  readonly owners: string;
  readonly locks: string;
  /** What is kept with objects, beside their bytes. */
  readonly sidecars: string;
  /** Data files of keys whose plain path the disk cannot give them. */
  readonly annex: string;
  readonly uploads: string;

  constructor(root: string, folding: boolean) {
    this.root = root;
    this.folding = folding;
    this.own = join(root, OWN_FOLDER);
    this.drafts = join(this.own, "drafts");
    this.owners = join(this.own, "owners");
    this.locks = join(this.own, "locks");
    this.sidecars = join(this.own, "sidecars");
    this.annex = join(this.own, "annex");
    this.uploads = join(this.own, "uploads");
  }

  /** The store's own folders, which are made when it is opened. */
  get folders(): readonly string[] {
    return [this.drafts, this.owners, this.locks, this.sidecars, this.annex, this.uploads];
  }

  plain(key: string): string {
    return join(this.root, key);
  }

  annexed(key: string): string {
    return join(this.annex, annexPath(key));
  }

  /** The two places in which an object may lie. Who looks for it looks in this order. */
  places(key: ObjectKey): readonly string[] {
    return isReserved(key) ? [this.annexed(key)] : [this.plain(key), this.annexed(key)];
  }

  /** The places that a new object may be given, the best first. */
  newPlaces(key: ObjectKey): readonly string[] {
    return this.folding && !isFoldSafe(key) ? [this.annexed(key)] : this.places(key);
  }

  /** The folder of the sidecars of a key and of some others, and how their names begin. */
  sidecarsOf(key: ObjectKey): { readonly folder: string; readonly start: string } {
    const hash = keyHash(key);
    return { folder: join(this.sidecars, hash.slice(0, 3)), start: `${hash.slice(3)}.` };
  }

  /** The topmost folder that is never removed, above a path. */
  topOf(path: string): string {
    return path.startsWith(`${this.annex}/`) ? this.annex : this.root;
  }

  /** The folder of an upload. The id is expected to be one of the store's own. */
  upload(id: string): string {
    return join(this.uploads, id);
  }
}
