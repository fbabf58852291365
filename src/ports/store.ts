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
 * A store that was disposed of refuses calls with `invalid-argument`, and sends nothing. It still names
 * objects (`uri`, `keyOf`), and may be disposed of again. Calls under way over a network are broken off,
 * and those that wait for a connection get none: they reject with `unavailable`.
 */
export interface OpenStore extends Store, AsyncDisposable {}
