import type { MultipartStore } from "./multipart-store.js";
import type { ObjectStore } from "./object-store.js";
import type { UrlSigner } from "./url-signer.js";

/** What every store implements. */
export interface Store extends ObjectStore, MultipartStore {
  /** Missing where a store has no URLs that others could use, as a directory and memory. */
  readonly signer?: UrlSigner | undefined;
}

/**
 * A store with the client or directory that it was opened with: disposing of it lets go of those.
 *
 * A store that was disposed of refuses calls with `invalid-argument`, and sends nothing; so it does
 * calls that still wait for a connection. Those that have one are broken off, and reject with
 * `unavailable`. It still names objects (`uri`, `keyOf`), and may be disposed of again.
 */
export interface OpenStore extends Store, AsyncDisposable {}
