import type { ObjectKey } from "../../domain/object-key.js";
import type { CreateUploadOptions, Upload } from "../multipart-store.js";
import type { OpenStore, Store } from "../store.js";
import type { Need } from "./capability.js";

/** One promise of the port, as something to try on a store. */
export interface ContractCase {
  /** Stable and printed: `P08`, `U02-mixed`. */
  readonly id: string;
  /** The sentence of the port, word for word. */
  readonly promise: string;
  /** What the store's facts must say for the case to apply. Default: nothing. */
  readonly needs?: Need | undefined;
  /** Rejects when the promise is broken. */
  run(context: ContractContext): Promise<void>;
}

/** What the contract is run against. */
export interface ContractSubject {
  readonly store: Store;
  /**
   * Opens a store of the same kind on the same server whose bucket does not exist. A store with a
   * bucket owes it; the kit disposes of what it opened.
   */
  readonly openWithoutBucket?: (() => Promise<OpenStore>) | undefined;
}

/** What a case works with. Its functions need no `this`. */
export interface ContractContext {
  readonly store: Store;
  /** The case's own part of the store, ending in `/`. All it writes stands under it. */
  readonly prefix: string;
  /** Bytes of a part that is good anywhere in an upload. */
  readonly partBytes: number;
  /** A key under the prefix. */
  key(name: string): ObjectKey;
  /** Begins an upload that is aborted when the case ends, if it is still there. */
  begin(key: ObjectKey, options?: CreateUploadOptions): Promise<Upload>;
  /** Opens the store without a bucket, until the case ends. `undefined` for a store without buckets. */
  withoutBucket(): Promise<Store | undefined>;
}
