import { otherwiseProfile, trustingProfile } from "../../adapters/s3-protocol/profiles.js";
import type { StoreFacts } from "../../ports/object-store.js";
import type { Store } from "../../ports/store.js";
import { serverProfile } from "../config/location.js";
import type { Settings } from "../config/settings.js";
import { type Probed, type ProbeOptions, probe } from "../probe/probe.js";
import { openStoreAs } from "./open-store-as.js";

export interface ProbeStoreOptions extends Pick<ProbeOptions, "signal" | "timeoutMs"> {
  /** Put around what is probed. */
  readonly wrap?: ((store: Store) => Store) | undefined;
}

/** Finds out what the store that the settings name does, whatever they take it for. */
export async function probeStore(
  settings: Settings,
  { wrap = (store) => store, ...limits }: ProbeStoreOptions = {},
): Promise<{ readonly probed: Probed; readonly facts: StoreFacts }> {
  const { encryption, cleanupTimeoutMs, location } = settings;
  // Where users' objects will stand, since credentials may hold for that alone.
  const prefix = `${settings.datasetsPrefix}/stowage-probe/`;
  const options: ProbeOptions = { ...limits, prefix, encryption, cleanupTimeoutMs };
  await using store = await openStoreAs(settings, trustingProfile);
  const { facts } = store;
  if (serverProfile(location) === undefined) {
    return { probed: await probe(wrap(store), options), facts };
  }
  await using other = await openStoreAs(settings, otherwiseProfile);
  return { probed: await probe(wrap(store), { ...options, otherwise: wrap(other) }), facts };
}
