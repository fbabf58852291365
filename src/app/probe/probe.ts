import { type Operation, StowageError } from "../../domain/errors.js";
import type { Encryption, StoreHonours } from "../../ports/object-store.js";
import type { Store } from "../../ports/store.js";
import { Bench } from "./bench.js";
import { FINDING_IDS, type Finding, type FindingId, finding, type Seen } from "./findings.js";
import { accessTrial } from "./trials/access.js";
import { conditionTrials } from "./trials/conditions.js";
import { checksumTrials, encryptionTrials } from "./trials/integrity.js";
import { listTrials } from "./trials/lists.js";
import { signedTrials } from "./trials/signed.js";
import type { Trial } from "./trials/trial.js";
import { accessSeen, HONOURED, seenBy } from "./verdict.js";
import { helpfulWays, mendable, seenBest, type Way } from "./ways.js";

export interface ProbeOptions {
  /**
   * Where in the store the probe may write, ending in `/`; it works in a folder of its own there.
   * Default: `stowage-probe/`.
   */
  readonly prefix?: string | undefined;
  /** The same store, asked in all the other ways: tried where it answers the usual one wrongly. */
  readonly otherwise?: Store | undefined;
  /** Tried in place of the plain one of its kind. Default: AES256, and a KMS's own key. */
  readonly encryption?: Encryption | undefined;
  /** Milliseconds after which nothing more is begun, and what is open is unknown. Default: 4,000. */
  readonly timeoutMs?: number | undefined;
  /** Milliseconds in which what was made is removed. Default: 15,000. */
  readonly cleanupTimeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Default: the system's clock. */
  readonly now?: (() => Date) | undefined;
}

/** What a store was found to do, as plain data. */
export interface Probed {
  /** In the order of the catalogue, each once. */
  readonly findings: readonly Finding[];
  /** What a store may claim on the strength of it. What is not known is not claimed. */
  readonly profile: ProbedProfile;
  /** What was made and could not be removed, in words. */
  readonly left: readonly string[];
  readonly ms: number;
}

/** What follows for an adapter: what it may promise, and how it asks. */
export interface ProbedProfile {
  readonly honours: StoreHonours;
  /** Other ways of asking that helped. */
  readonly ways: readonly Way[];
  /** By what it refuses bytes that were changed on their way. */
  readonly verifies: readonly ("crc32" | "content-md5")[];
}

/**
 * Finds out what a store does, by trying it: in about a second, with a hundred small requests, under a
 * prefix of its own, of which nothing is left, also after a failure or an abort.
 *
 * What the store itself refuses before any request is found to be refused: to learn what a server
 * can do, open its store with a profile that claims everything. A bucket that keeps versions keeps
 * them of this as well.
 *
 * @throws what a list fails with, when the store cannot be reached at all, `bucket-not-found`,
 *   `invalid-credentials` and the like; the reason of the signal; `aborted`, when something could not
 *   be removed after that.
 */
export async function probe(store: Store, options: ProbeOptions = {}): Promise<Probed> {
  const { signal, timeoutMs = 4_000, cleanupTimeoutMs = 15_000, now = () => new Date() } = options;
  const { prefix = "stowage-probe/" } = options;
  signal?.throwIfAborted();
  const began = performance.now();
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(lateness(store, timeoutMs)), timeoutMs);
  const stop = signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]);
  const folder = `${prefix}${crypto.randomUUID()}/`;
  const trials = trialsOf(options.encryption, now);
  using bench = new Bench(store, folder, stop);
  using other = new Bench(options.otherwise ?? store, `${folder}otherwise/`, stop);
  try {
    const contact = await firstContact(bench);
    const first = await tryAll(bench, trials);
    const again = options.otherwise === undefined ? [] : mendable(first);
    const otherwise = await tryAll(
      other,
      trials.filter(({ ids }) => ids.some((id) => again.includes(id))),
    );
    clearTimeout(timer);
    const limit = AbortSignal.timeout(cleanupTimeoutMs);
    const left = (await Promise.all([bench.clear(limit), other.clear(limit)])).flat();
    if (signal?.aborted === true) throw abortion(store, signal.reason, left);
    const ways = helpfulWays(first, otherwise);
    const seen = new Map(seenBest(first, otherwise, ways)).set("access.list", contact);
    return {
      findings: FINDING_IDS.map((id) => finding(id, seen.get(id) ?? { result: "unknown" })),
      profile: profileOf(seen, ways),
      left: [...new Set(left)],
      ms: Math.round(performance.now() - began),
    };
  } finally {
    clearTimeout(timer);
  }
}

function trialsOf(encryption: Encryption | undefined, now: () => Date): readonly Trial[] {
  const kinds = [{ algorithm: "AES256" }, { algorithm: "aws:kms" }] as const;
  const asked = kinds.map((kind) => (encryption?.algorithm === kind.algorithm ? encryption : kind));
  return [
    accessTrial(now),
    ...conditionTrials,
    ...checksumTrials,
    ...asked.flatMap(encryptionTrials),
    ...listTrials,
    ...signedTrials(now),
  ];
}

/** Lists what is not there. Who may not list may still be allowed the rest. */
async function firstContact(bench: Bench): Promise<Seen> {
  try {
    await bench.list({ prefix: bench.prefix });
    return HONOURED;
  } catch (error) {
    if (error instanceof StowageError && error.code === "access-denied") return accessSeen(error);
    throw error;
  }
}

/** Runs all at once: each makes what it needs. */
async function tryAll(bench: Bench, trials: readonly Trial[]): Promise<Map<FindingId, Seen>> {
  const seen = new Map<FindingId, Seen>();
  const tell = (id: FindingId, what: Seen): void => {
    if (!seen.has(id)) seen.set(id, what);
  };
  await Promise.all(
    trials.map(({ ids, run }) =>
      run(bench, tell).catch((error: unknown) => {
        for (const id of ids) tell(id, seenBy(error));
      }),
    ),
  );
  return seen;
}

function profileOf(seen: ReadonlyMap<FindingId, Seen>, ways: readonly Way[]): ProbedProfile {
  const all = (...ids: readonly FindingId[]): boolean =>
    ids.every((id) => seen.get(id)?.result === "honoured");
  const algorithms = ["AES256", "aws:kms"] as const;
  return {
    honours: {
      conditions: {
        put: all("conditions.put.absent", "conditions.put.etag", "conditions.put.etag-missing"),
        complete: all(
          "conditions.complete.absent",
          "conditions.complete.etag",
          "conditions.complete.etag-missing",
        ),
        copy: all("conditions.copy.absent", "conditions.copy.etag"),
        delete: all("conditions.delete.etag"),
      },
      encryption: algorithms.filter((kind) =>
        all(`encryption.${kind}`, `encryption.${kind}.parts`),
      ),
      listUploads: all("uploads.prefix") ? "prefix" : "key",
      keyBesideItsPrefix: all("list.beside"),
      replacesWhole: all("checksum.harmless"),
    },
    ways,
    verifies: [
      ...(all("checksum.put", "checksum.part", "checksum.complete") ? ["crc32" as const] : []),
      ...(all("checksum.content-md5") ? ["content-md5" as const] : []),
    ],
  };
}

const OPERATION: Operation = "open";

function lateness({ facts }: Store, timeoutMs: number): StowageError {
  return new StowageError(
    "timeout",
    `Cannot probe the store: it has not answered all within ${timeoutMs} ms`,
    { operation: OPERATION, store: facts.kind, bucket: facts.bucket },
  );
}

/** The signal's reason, once nothing is left behind. */
function abortion({ facts }: Store, reason: unknown, left: readonly string[]): unknown {
  if (left.length === 0) return reason;
  return new StowageError(
    "aborted",
    `Cannot clean up after the probe was aborted: ${left.join(", ")} could not be removed`,
    { operation: OPERATION, store: facts.kind, bucket: facts.bucket, cleanup: "pending" },
    { cause: reason },
  );
}
