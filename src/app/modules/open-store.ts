import {
  type Profile,
  type ProfileName,
  probedProfile,
} from "../../adapters/s3-protocol/profiles.js";
import { systemClock } from "../../adapters/system/clock.js";
import { StowageError } from "../../domain/errors.js";
import type { OpenStore } from "../../ports/store.js";
import { serverProfile } from "../config/location.js";
import type { Settings } from "../config/settings.js";
import type { Finding, FindingId } from "../probe/findings.js";
import type { Probed } from "../probe/probe.js";
import { RetryingStore } from "../retrying-store.js";
import { openStoreAs } from "./open-store-as.js";
import { probeStore } from "./probe-store.js";

/** Milliseconds: an application that starts waits rather than goes by half an answer. */
const PROBE_MS = 15_000;

/** What uploads rest on: which of it a server does must be known before they are made. */
const NEEDED: readonly FindingId[] = [
  "access.write",
  "conditions.put.absent",
  "conditions.complete.absent",
];

/** Opens the store that the settings name. With `profile=probe` the server is tried first. */
export async function openStore(settings: Settings): Promise<OpenStore> {
  return openStoreAs(settings, await profileFor(settings));
}

/**
 * The profile to take the server for: the one that the settings name, or with `profile=probe` that
 * of what the server is found to do. Else no request is sent.
 *
 * @throws with `profile=probe` what the probe fails with, and `unavailable` when it did not find out.
 */
export async function profileFor(settings: Settings): Promise<ProfileName | Profile | undefined> {
  const profile = serverProfile(settings.location);
  if (profile !== "probe") return profile;
  const { probed } = await probeStore(settings, {
    timeoutMs: PROBE_MS,
    wrap: (store) => new RetryingStore(store, systemClock, settings),
  });
  expectKnown(probed, settings);
  return probedProfile(probed.profile);
}

/** Whoever may not write at all may still read. */
function expectKnown({ findings }: Probed, { encryption }: Settings): void {
  const isNeeded = ({ id }: Finding): boolean =>
    NEEDED.includes(id) ||
    (encryption !== undefined && id.startsWith(`encryption.${encryption.algorithm}`));
  const write = findings.find(({ id }) => id === "access.write");
  const open = findings.find((finding) => isNeeded(finding) && finding.result === "unknown");
  if (open === undefined || write?.result === "refused") return;
  throw new StowageError(
    "unavailable",
    `Cannot open the store by profile=probe: whether ${open.what} works was not found out (${open.detail})`,
    { operation: "open", remedy: "Try again, or name the server's profile: see stowage doctor." },
  );
}
