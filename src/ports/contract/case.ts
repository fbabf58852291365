import type { ObjectKey } from "../../domain/object-key.js";
import type { MultipartStore } from "../multipart-store.js";
import type { ObjectStore } from "../object-store.js";
import type { Store } from "../store.js";
import type { Need } from "./capability.js";

/** One promise of the port, as something to try on a store. */
export interface ContractCase {
  /** Stable and printed: `P08`, `U02-mixed`. */
  readonly id: string;
  /** The sentence of the port, word for word. */
  readonly promise: string;
  /** What the store must have or declare for the case to apply. Default: nothing. */
  readonly needs?: readonly Need[] | undefined;
  /** Rejects when the promise is broken. */
  run(context: ContractContext): Promise<void>;
}

/** A store under trial. One that implements `ObjectStore` alone is held to that alone. */
export type TriedStore = ObjectStore & Partial<MultipartStore> & Pick<Store, "signer">;

/** What the contract is run against. */
export interface ContractSubject {
  /** How reports call it. Default: the kind of the store. */
  readonly name?: string | undefined;
  /** It takes objects of 5 MiB in one put. */
  readonly store: TriedStore;
  /**
   * Where in the store the kit may write, ending in `/`; it works in a folder of each run's own
   * there. Default: `stowage-contract/`.
   */
  readonly prefix?: string | undefined;
  /**
   * Opens a store of the same kind on the same server whose bucket does not exist. A store with a
   * bucket owes it; the kit disposes of what it opened.
   */
  readonly openWithoutBucket?: (() => Promise<TriedStore & AsyncDisposable>) | undefined;
}

/** What a case works with. Its functions need no `this`. */
export interface ContractContext {
  /** Refuses keys outside of the case's prefix. Its uploads are there for cases that need them. */
  readonly store: Store;
  /** The case's own part of the store, ending in `/`. All it writes stands under it. */
  readonly prefix: string;
  /** Bytes of a part that is good anywhere in an upload. */
  readonly partBytes: number;
  /** A key under the prefix. */
  key(name: string): ObjectKey;
  /** Opens the store without a bucket, until the case ends. `undefined` for a store without buckets. */
  withoutBucket(): Promise<Store | undefined>;
}
