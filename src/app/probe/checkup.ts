import type { Encryption, StoreHonours } from "../../ports/object-store.js";
import type { Finding, FindingId } from "./findings.js";
import type { Probed, ProbedProfile } from "./probe.js";
import { mendedBy } from "./ways.js";

/** What a store says of itself. */
export type Claims = Pick<ProbedProfile, "honours" | "ways" | "verifies">;

/** What a configuration rests on, beside what every configuration does. */
export interface Expectations {
  readonly encryption: Encryption | undefined;
  /** What the store as configured claims. Missing where it goes by what is found. */
  readonly claims?: Claims | undefined;
  /** The name of what it claims that by. */
  readonly profile?: string | undefined;
  /** A profile that claims just what was found. */
  readonly fitting?: string | undefined;
}

/** Something that the configuration asks for and the store does not do. */
export interface Fault {
  readonly problem: string;
  /** As one sentence. */
  readonly remedy: string;
}

/** What was found of a store, held against its configuration. As plain data. */
export interface Checkup extends Probed {
  /** Nothing that the configuration asks for is missing. */
  readonly ok: boolean;
  readonly faults: readonly Fault[];
  /** What could be configured better, as sentences. */
  readonly advice: readonly string[];
}

/** What every upload and download rests on, and what helps where it is missing. */
const NEEDS: Readonly<Partial<Record<FindingId, string>>> = {
  "access.list": "Give these credentials the right to list the bucket.",
  "access.write": "Give these credentials the right to write to the bucket.",
  "access.read": "Give these credentials the right to read from the bucket.",
  "access.remove": "Give these credentials the right to delete from the bucket.",
  "access.metadata": "Use a server that keeps metadata: by it, uploads are known again.",
  "access.clock": "Set the clock of this machine.",
  "conditions.put.absent": "Use a server that honours If-None-Match on PutObject.",
  "conditions.complete.absent":
    "Use a server that honours If-None-Match on CompleteMultipartUpload.",
  "checksum.put": "Use a server that verifies x-amz-checksum-crc32.",
  "checksum.part": "Use a server that verifies x-amz-checksum-crc32.",
  "checksum.complete": "Use a server that verifies x-amz-checksum-crc32 of the whole object.",
  "list.names": "Use a server that lists every key as it was given.",
  "list.pages": "Use a server that lists every key, over any number of pages.",
  "list.order": "Use a server that lists in the order of UTF-8.",
  "list.delimiter": "Use a server that lists by a delimiter.",
};

const NO_ENCRYPTION =
  "Give the server a key (MinIO: MINIO_KMS_SECRET_KEY), or set STOWAGE_ENCRYPTION=none.";

/** Holds what was found of a store against what is asked of it. */
export function checkup(probed: Probed, expected: Expectations): Checkup {
  const { findings, left } = probed;
  const missing = findings.filter(
    (finding) => finding.result !== "honoured" && !isMadeUpFor(finding, probed, expected),
  );
  const claimed = [
    ...missing.flatMap((finding) => claimFault(finding, expected)),
    ...wayFaults(probed, expected),
  ];
  const faults = [
    ...missing.flatMap((finding) => needFault(finding, expected)),
    ...claimed,
    ...left.map((what) => ({
      problem: `${what} could not be removed after the probe`,
      remedy: "Remove what is left.",
    })),
  ];
  const advice = adviceOf(probed, expected, claimed.length === 0);
  return { ok: faults.length === 0, faults, advice, ...probed };
}

/** What verifies no checksum is sent another proof, where it is not taken to verify one. */
function isMadeUpFor({ id }: Finding, { profile }: Probed, { claims }: Expectations): boolean {
  if (id !== "checksum.put" && id !== "checksum.part") return false;
  const { verifies } = claims ?? profile;
  return !verifies.includes("crc32") && profile.verifies.includes("content-md5");
}

function needFault(finding: Finding, expected: Expectations): Fault[] {
  const remedy = remedyOf(finding, expected);
  return remedy === undefined ? [] : [{ problem: problemOf(finding), remedy }];
}

/** What helps where something is missing that is asked for in any case; else `undefined`. */
function remedyOf({ id }: Finding, { encryption }: Expectations): string | undefined {
  const isAsked = encryption !== undefined && id.startsWith(`encryption.${encryption.algorithm}`);
  return isAsked ? NO_ENCRYPTION : NEEDS[id];
}

/** What is refused is told when it is asked for. What is ignored, nobody is told of. */
function claimFault(finding: Finding, expected: Expectations): Fault[] {
  const { claims, profile } = expected;
  const { id, result } = finding;
  if (claims === undefined || result !== "ignored" || !isClaimed(id, claims)) return [];
  if (remedyOf(finding, expected) !== undefined) return [];
  const by = profile === undefined ? "the store claims it" : `profile=${profile} relies on it`;
  const remedy =
    profile === undefined ? "Mend the store." : `Set ${fittingProfiles(expected)} instead.`;
  return [{ problem: `${problemOf(finding)}, but ${by}`, remedy }];
}

/** What the server does when it is asked in another way than the profile has it asked. */
function wayFaults({ findings, profile: found }: Probed, expected: Expectations): Fault[] {
  const { claims, profile } = expected;
  if (claims === undefined || profile === undefined) return [];
  const missing = found.ways.filter((way) => !claims.ways.includes(way));
  const mended = missing.flatMap((way) => mendedBy(way));
  const remedy = `Set ${fittingProfiles(expected)} instead.`;
  return findings
    .filter(({ id, result, detail }) => mended.includes(id) && result === "honoured" && detail)
    .map((finding) => ({
      problem: `${problemOf(finding)}, but not in the way in which profile=${profile} asks for it`,
      remedy,
    }));
}

function problemOf({ topic, what, result }: Finding): string {
  return `${topic}, ${what}: ${result}`;
}

type Operation = keyof StoreHonours["conditions"];

/** Whether it is asked for only where it is claimed. */
function isOption(id: FindingId): boolean {
  return id.startsWith("conditions.");
}

function isClaimed(id: FindingId, claims: NonNullable<Expectations["claims"]>): boolean {
  const { conditions, encryption } = claims.honours;
  const { verifies } = claims;
  if (id === "checksum.content-md5") {
    return verifies.includes("content-md5") && !verifies.includes("crc32");
  }
  const [, operation] = /^conditions\.(\w+)\./.exec(id) ?? [];
  if (operation !== undefined) return conditions[operation as Operation];
  return encryption.some((algorithm) => id.startsWith(`encryption.${algorithm}`));
}

function adviceOf(
  { findings, profile: found }: Probed,
  expected: Expectations,
  fits: boolean,
): string[] {
  const { claims = found, profile } = expected;
  const spared = findings.some(
    ({ id, result }) => result === "ignored" && isOption(id) && !isClaimed(id, claims),
  );
  const advice =
    spared && fits
      ? ["Conditions that it ignores are never sent: Stowage refuses them as unsupported."]
      : [];
  const misfit = fits && profile !== undefined && misfitOf(found.honours, claims.honours);
  if (misfit) {
    advice.push(`profile=${profile} does not fit: ${misfit}. Use ${fittingProfiles(expected)}.`);
  }
  return advice;
}

/** How what was found differs from what is claimed; `undefined` where it does not. */
function misfitOf(found: StoreHonours, claimed: StoreHonours): string | undefined {
  const more = abilities(found).filter((ability) => !abilities(claimed).includes(ability));
  const less = abilities(claimed).filter((ability) => !abilities(found).includes(ability));
  const parts = [
    ...(more.length === 0 ? [] : [`the server also has ${more.join(", ")}`]),
    ...(less.length === 0 ? [] : [`the server has no ${less.join(", no ")}`]),
  ];
  return parts.length === 0 ? undefined : parts.join("; ");
}

function fittingProfiles({ fitting }: Expectations): string {
  return fitting === undefined ? "profile=probe" : `profile=${fitting} or profile=probe`;
}

/** What a store honours, in words, without encryption: that depends on the keys that the server has. */
function abilities({ conditions, ...others }: StoreHonours): string[] {
  const operations = Object.keys(conditions) as Operation[];
  return [
    ...operations.filter((name) => conditions[name]).map((name) => `conditions on ${name}`),
    ...(others.listUploads === "prefix" ? ["lists of uploads by prefix"] : []),
    ...(others.keyBesideItsPrefix ? ["lists of a key beside those below it"] : []),
    ...(others.replacesWhole ? ["refusals that leave what was there"] : []),
  ];
}
