import { isDeepStrictEqual } from "node:util";
import {
  doesVerify,
  PROFILE_NAMES,
  type Profile,
  profileOf,
  waysOf,
} from "../../adapters/s3-protocol/profiles.js";
import type { StoreFacts } from "../../ports/object-store.js";
import type { StowageConfig } from "../config/config.js";
import { type ServerProfile, serverProfile } from "../config/location.js";
import { type Environment, readSettings } from "../config/settings.js";
import { type Checkup, checkup, type Expectations } from "../probe/checkup.js";
import type { ProbedProfile } from "../probe/probe.js";
import { type ProbeStoreOptions, probeStore } from "./probe-store.js";

/** A store, and what was found of it. */
export interface Examination extends Checkup {
  /** Of the store: `s3`, `filesystem`. */
  readonly kind: string;
  readonly location: string;
  /** How the configuration takes the server. Missing for what is no server. */
  readonly server?: ServerProfile | undefined;
}

/**
 * Finds out what the store of a configuration does, and whether that is what the configuration asks
 * for: in about a second, with nothing left behind.
 *
 * @throws `invalid-config`; when the store cannot be reached at all, why.
 */
export async function examineStore(
  config: StowageConfig = {},
  env: Environment = process.env,
  options: Pick<ProbeStoreOptions, "signal" | "timeoutMs"> = {},
): Promise<Examination> {
  const settings = readSettings(config, env, process.cwd());
  const { encryption } = settings;
  const server = serverProfile(settings.location);
  const { probed, facts } = await probeStore(settings, options);
  const expected = { encryption, ...claimsOf(server, facts, probed.profile) };
  const { kind, location } = facts;
  const told = server === undefined ? {} : { server };
  return { kind, location, ...told, ...checkup(probed, expected) };
}

function claimsOf(
  server: ServerProfile | undefined,
  { honours }: StoreFacts,
  found: ProbedProfile,
): Omit<Expectations, "encryption"> {
  if (server === undefined) return { claims: { honours, ways: [], verifies: ["crc32"] } };
  if (server === "probe") return {};
  const profile = profileOf(server);
  const fitting = PROFILE_NAMES.find((name) => fits(profileOf(name), found));
  const verifies = PROBED_PROOFS.filter((proof) => doesVerify(profile, proof));
  const claims = { honours: profile.honours, ways: waysOf(profile), verifies };
  return { claims, profile: server, fitting };
}

/** Those that can be found out. */
const PROBED_PROOFS = ["crc32", "content-md5"] as const;

/** Encryption is left out of account: it depends on the keys that a server has. */
function fits(profile: Profile, found: ProbedProfile): boolean {
  const { honours } = profile;
  return (
    isDeepStrictEqual({ ...honours, encryption: [] }, { ...found.honours, encryption: [] }) &&
    found.ways.every((way) => waysOf(profile).includes(way)) &&
    PROBED_PROOFS.every((proof) => found.verifies.includes(proof) === doesVerify(profile, proof))
  );
}
