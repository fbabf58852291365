import type { MultipartStore } from "./multipart-store.js";
import type { ObjectStore } from "./object-store.js";

/** What every store implements. */
export interface Store extends ObjectStore, MultipartStore {}

/**
 * A store with the client or directory that it was opened with: disposing of it lets go of those.
 *
 * A store that was disposed of refuses calls with `invalid-argument`, and sends nothing. It still names
 * objects (`uri`, `keyOf`), and may be disposed of again.
 */
export interface OpenStore extends Store, AsyncDisposable {}
