import { quote, StowageError } from "../../domain/errors.js";
import { isObjectKey, type ObjectKey, objectKey } from "../../domain/object-key.js";
import type { Upload, UploadFilter } from "../multipart-store.js";
import { expectWhole, skipReason } from "./capability.js";
import type { ContractCase, ContractContext, ContractSubject, TriedStore } from "./case.js";
import { Fence } from "./fence.js";
import type { ContractProfile, DeclaredFailure } from "./profile.js";

/** What came of one case. */
export type CaseResult = {
  readonly id: string;
  readonly promise: string;
  /** Milliseconds. */
  readonly ms: number;
} & (
  | {
      readonly outcome: "passed";
      /** Of a case that is declared to fail sometimes. */
      readonly declared?: DeclaredFailure | undefined;
    }
  /** It broke its promise, or something of it stays in the store. */
  | { readonly outcome: "failed"; readonly error: unknown }
  /** It does not apply. */
  | { readonly outcome: "skipped"; readonly reason: string }
  /** It failed as the profile says. */
  | { readonly outcome: "declared"; readonly declared: DeclaredFailure; readonly error: unknown }
  /** The profile says that it fails: the server is better than its profile. */
  | { readonly outcome: "declared-but-passed"; readonly declared: DeclaredFailure }
);

export interface CaseOptions {
  /** What the server is known to fail. Default: nothing. */
  readonly profile?: ContractProfile | undefined;
  /** Milliseconds after which a case that has not ended has failed. Default: 60,000. */
  readonly timeoutMs?: number | undefined;
}

/** A part that is good anywhere, where the store has no least size worth the name. */
const SMALL_PART_BYTES = 1024;
/** Bytes of a prefix, so that the longest key still fits behind it. */
const MAX_PREFIX_BYTES = 300;
/** Milliseconds for calls in flight to settle once their case is over. */
const SETTLE_MS = 2_000;
/** Milliseconds after which a write that was aborted is looked for once more. */
const LANDING_MS = 200;
/** How often what is listed is removed: a key may hide those that begin with it until it is gone. */
const ROUNDS = 4;

/**
 * Tries one case, and removes what it left: no object and no upload stays under its prefix.
 *
 * @throws `invalid-argument` for a subject that cannot be tried. It rejects with nothing else.
 */
export async function runCase(
  contractCase: ContractCase,
  subject: ContractSubject,
  options: CaseOptions = {},
): Promise<CaseResult> {
  return runCaseUnder(freshPrefix(subject), contractCase, subject, options);
}

/** As `runCase`, in a folder under a prefix that `freshPrefix` gave. */
export async function runCaseUnder(
  prefix: string,
  contractCase: ContractCase,
  subject: ContractSubject,
  { profile, timeoutMs = 60_000 }: CaseOptions,
): Promise<CaseResult> {
  const { id, promise } = contractCase;
  const reason = skipReason(contractCase.needs, subject.store);
  if (reason !== undefined) return { id, promise, ms: 0, outcome: "skipped", reason };

  const begun = performance.now();
  const site = new CaseSite(subject, `${prefix}${id}/`);
  const broken = await failureOf(contractCase.run(site.context), id, timeoutMs);
  const left = await failureOf(site.clear(), `${id}, which is cleared,`, timeoutMs);
  const told = { id, promise, ms: performance.now() - begun };

  const declared = profile?.declared.find((declaration) => declaration.id === id);
  // A declaration is no excuse for what stays in the store.
  if (left !== undefined) return { ...told, outcome: "failed", error: (broken ?? left).error };
  if (declared === undefined) {
    return broken === undefined
      ? { ...told, outcome: "passed" }
      : { ...told, outcome: "failed", error: broken.error };
  }
  if (broken !== undefined) return { ...told, outcome: "declared", declared, error: broken.error };
  return declared.sometimes === true
    ? { ...told, outcome: "passed", declared }
    : { ...told, outcome: "declared-but-passed", declared };
}

/**
 * A prefix that no other run has.
 *
 * @throws `invalid-argument` for a subject that cannot be tried.
 */
export function freshPrefix({ store, prefix = "stowage-contract/" }: ContractSubject): string {
  expectWhole(store);
  const fault = !prefix.endsWith("/")
    ? `it does not end in "/"; give ${quote(`${prefix}/`)}`
    : !isObjectKey(`${prefix}x`)
      ? "no key can begin with it; give segments of names"
      : Buffer.byteLength(prefix) > MAX_PREFIX_BYTES
        ? `it has more than ${MAX_PREFIX_BYTES} bytes, and leaves no room for the longest keys`
        : undefined;
  if (fault === undefined) return `${prefix}${crypto.randomUUID()}/`;
  throw new StowageError(
    "invalid-argument",
    `Cannot run the contract under ${quote(prefix)}: ${fault}`,
  );
}

/** The part of a store that one case works in. */
class CaseSite {
  readonly context: ContractContext;
  readonly #store: TriedStore;
  readonly #fence: Fence;
  readonly #subject: ContractSubject;
  readonly #prefix: string;
  readonly #opened: AsyncDisposable[] = [];

  constructor(subject: ContractSubject, prefix: string) {
    this.#subject = subject;
    this.#store = subject.store;
    this.#prefix = prefix;
    this.#fence = new Fence(subject.store, prefix);
    this.context = {
      store: this.#fence,
      prefix,
      partBytes: Math.max(subject.store.facts.limits.minPartBytes, SMALL_PART_BYTES),
      key: (name) => objectKey(prefix + name),
      withoutBucket: async () => this.#openWithoutBucket(),
    };
  }

  async #openWithoutBucket(): Promise<Fence | undefined> {
    const { store, openWithoutBucket } = this.#subject;
    if (store.facts.bucket === undefined) return undefined;
    if (openWithoutBucket === undefined) {
      throw new Error(
        "Cannot try a store without its bucket: the subject does not open one; give openWithoutBucket",
      );
    }
    const opened = await openWithoutBucket();
    this.#opened.push(opened);
    return new Fence(opened, this.#prefix);
  }

  /** Goes on after a failure, so that as little as possible stays, and rejects with the first. */
  async clear(): Promise<void> {
    await this.#fence.close(SETTLE_MS);
    const faults: unknown[] = [];
    const steps = [
      ...this.#opened.map((opened) => async () => opened[Symbol.asyncDispose]()),
      () => this.#abortUploads(),
      () => this.#deleteObjects(),
    ];
    if (this.#fence.mayLand) {
      steps.push(() => pause(LANDING_MS), ...steps.slice(-2));
    }
    for (const step of steps) {
      try {
        await step();
      } catch (error) {
        faults.push(error);
      }
    }
    if (faults.length > 0) throw faults[0];
  }

  async #abortUploads(): Promise<void> {
    const { begun, open } = this.#fence;
    const { abortUpload } = this.#store;
    if (begun.size === 0 || abortUpload === undefined) return;
    const left = new Map([...open, ...(await this.#listedUploads())]);
    for (const upload of left.values()) await abortUpload.call(this.#store, upload);
    if (left.size === 0) return;
    for (const [, upload] of await this.#listedUploads()) throw this.#stays(upload);
  }

  async #listedUploads(): Promise<Map<string, Upload>> {
    const prefix = this.#prefix;
    const byPrefix = this.#store.facts.honours.listUploads === "prefix";
    const filters: readonly UploadFilter[] = byPrefix
      ? [{ prefix }]
      : [...this.#fence.begun].map((key) => ({ key }));
    const uploads = new Map<string, Upload>();
    for (const of of filters) {
      for await (const upload of this.#store.listUploads?.(of) ?? []) {
        // Whatever a broken store lists: what is not ours is not touched.
        if (upload.key.startsWith(prefix)) uploads.set(upload.uploadId, upload);
      }
    }
    return uploads;
  }

  async #deleteObjects(): Promise<void> {
    // Those that were written as well: a broken store may not list them.
    let keys = new Set([...this.#fence.written, ...(await this.#listedKeys())]);
    for (let round = 1; keys.size > 0 && round <= ROUNDS; round++) {
      const refused = await this.#deleted([...keys], round);
      keys = await this.#listedKeys();
      if (keys.size > 0 && refused !== undefined && round === ROUNDS) throw refused;
    }
    for (const key of keys) throw this.#stays({ key });
  }

  /** Deletes many at once, and one after the other where that was not enough. */
  async #deleted(keys: readonly ObjectKey[], round: number): Promise<unknown> {
    let refused: unknown;
    const note = (error: unknown): void => {
      refused ??= error;
    };
    if (round === 1) await settled(() => this.#store.deleteMany(keys)).catch(note);
    else for (const key of keys) await settled(() => this.#store.delete(key)).catch(note);
    return refused;
  }

  async #listedKeys(): Promise<Set<ObjectKey>> {
    const prefix = this.#prefix;
    const keys = new Set<ObjectKey>();
    for await (const entry of this.#store.list({ prefix })) {
      if (entry.kind === "object" && entry.key.startsWith(prefix)) keys.add(entry.key);
    }
    return keys;
  }

  #stays(what: object): Error {
    return new Error(`Cannot clear ${JSON.stringify(this.#prefix)}: ${JSON.stringify(what)} stays`);
  }
}

/** What a step rejects with; `undefined` when it resolves. One that takes too long has failed. */
async function failureOf(
  step: Promise<void>,
  id: string,
  timeoutMs: number,
): Promise<{ readonly error: unknown } | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`Case ${id} has not ended after ${timeoutMs} ms`)),
      timeoutMs,
    );
  });
  try {
    await Promise.race([step, late]);
    return undefined;
  } catch (error) {
    return { error };
  } finally {
    clearTimeout(timer);
  }
}

/** Takes what a call throws at once for what it rejects with. */
async function settled(call: () => Promise<unknown>): Promise<unknown> {
  return call();
}

async function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
