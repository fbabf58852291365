import { quote, StowageError } from "../../domain/errors.js";
import {
  type CaseResult,
  type ContractReport,
  type ContractSubject,
  contractCases,
  contractProfiles,
  contractReport,
  runCase,
} from "../../ports/contract/index.js";
import type { OpenStore } from "../../ports/store.js";
import type { StowageConfig } from "../config/config.js";
import { serverProfile } from "../config/location.js";
import { type Environment, readSettings, type Settings } from "../config/settings.js";
import { profileFor } from "./open-store.js";
import { openStoreAs } from "./open-store-as.js";

export interface TryContractOptions {
  /** Only cases that have this text in their id or their promise, in whatever case. Default: all. */
  readonly filter?: string | undefined;
  /** Where in the store to work, ending in `/`. Default: `stowage-contract/`. */
  readonly prefix?: string | undefined;
  /** Heeded between two cases, so that what was tried is cleaned up. */
  readonly signal?: AbortSignal | undefined;
  /** Called before each case. */
  readonly onCase?: ((id: string, number: number, count: number) => void) | undefined;
}

/**
 * Runs the contract against the store of a configuration, held against what is known of its server.
 *
 * @throws `invalid-config`, `invalid-argument`; when the store cannot be reached at all, why; the
 *   signal's reason.
 */
export async function tryContract(
  config: StowageConfig = {},
  env: Environment = process.env,
  options: TryContractOptions = {},
): Promise<ContractReport> {
  const { filter = "", prefix, signal, onCase } = options;
  const cases = casesOf(filter);
  const settings = readSettings(config, env, process.cwd());
  const startedAt = new Date();
  const taken = await profileFor(settings);
  await using store = await openStoreAs(settings, taken);
  await expectReachable(store, signal);
  const subject: ContractSubject = {
    store,
    ...(prefix === undefined ? {} : { prefix }),
    openWithoutBucket: () => openStoreAs(inMissingBucket(settings), taken),
  };
  const profile = profileOf(settings);
  const results: CaseResult[] = [];
  for (const [at, contractCase] of cases.entries()) {
    signal?.throwIfAborted();
    onCase?.(contractCase.id, at + 1, cases.length);
    results.push(await runCase(contractCase, subject, { profile }));
  }
  return contractReport(subject, results, { profile, startedAt });
}

function casesOf(filter: string): typeof contractCases {
  const wanted = filter.toLowerCase();
  const cases = contractCases.filter(({ id, promise }) =>
    `${id}\n${promise}`.toLowerCase().includes(wanted),
  );
  if (cases.length > 0) return cases;
  throw new StowageError(
    "invalid-argument",
    `Cannot try cases of ${quote(filter)}: none has that in its id or its promise; use an id such as ${contractCases[0]?.id}, or a word such as checksum`,
  );
}

/** That the store cannot be reached is told once, and not by each case. */
async function expectReachable(store: OpenStore, signal: AbortSignal | undefined): Promise<void> {
  for await (const _ of store.list({ prefix: "stowage-contract/", pageSize: 1, signal })) return;
}

/** The same store, in a bucket that does not exist. */
function inMissingBucket(settings: Settings): Settings {
  const { location } = settings;
  if (location.kind !== "s3" && location.kind !== "minio") return settings;
  return { ...settings, location: { ...location, bucket: `missing-${crypto.randomUUID()}` } };
}

function profileOf({ location }: Settings) {
  const name = serverProfile(location);
  return name === undefined || name === "probe" ? undefined : contractProfiles[name];
}
