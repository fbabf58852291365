import { beforeEach } from "vitest";
import { MemoryObjectStore } from "../../src/adapters/memory/index.js";
import type { Settings } from "../../src/app/config/settings.js";
import type { Stowage, Uploaded, UploadRequest } from "../../src/app/stowage.js";
import { StowageError } from "../../src/domain/errors.js";
import { type ObjectKey, objectKey } from "../../src/domain/object-key.js";
import type { StoreLimits } from "../../src/domain/upload-plan.js";
import type { Store } from "../../src/ports/store.js";
import { type Fault, type StillClock, scripted, stillClock } from "./scripted-store.js";
import { stowageOn } from "./stowage-on.js";

/** Small limits, so that many parts are few bytes. */
export const LIMITS: StoreLimits = {
  maxObjectBytes: 1_000,
  maxPutBytes: 500,
  minPartBytes: 10,
  maxPartBytes: 100,
  maxParts: 20,
};
/** The key of the first upload of all, by the clock that stands still. */
export const FIRST: ObjectKey = objectKey("datasets/user_7/20251023_143045_x.csv");

/** Anew for each test. */
export let store: MemoryObjectStore;

/** To be called once in a file, at its top. */
export function freshStores(): void {
  beforeEach(() => {
    store = new MemoryObjectStore({ limits: LIMITS });
  });
}

/** Stowage over a store on which calls go wrong, with a clock that stands still. */
export function open(
  faults: readonly Fault[] = [],
  beneath: Store = store,
  more: Partial<Settings> = {},
): { stowage: Stowage; calls: string[]; clock: StillClock } {
  const wishes = { thresholdBytes: 10, partBytes: 10, streamPartCapBytes: 10 };
  const faulty = scripted(beneath, faults);
  const clock = stillClock();
  const stowage = stowageOn(faulty, { wishes, ...more }, { clock });
  return { stowage, calls: faulty.calls, clock };
}

export function upload(
  stowage: Stowage,
  size: number,
  more: Partial<UploadRequest> = {},
): Promise<Uploaded> {
  return stowage.uploadDataset({ userId: 7, source: bytes(size), name: "x.csv", ...more });
}

export function bytes(size: number): Buffer {
  return Buffer.from(Array.from({ length: size }, (_, index) => index % 251));
}

export async function* streamOf(size: number, piece = 3): AsyncGenerator<Uint8Array> {
  const all = bytes(size);
  for (let at = 0; at < size; at += piece) yield all.subarray(at, at + piece);
}

export async function failure(promise: Promise<unknown>): Promise<StowageError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof StowageError) return error;
  throw new Error(`expected a StowageError, got ${String(error)}`);
}
