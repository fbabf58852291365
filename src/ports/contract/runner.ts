import { type ObjectKey, objectKey } from "../../domain/object-key.js";
import type { Upload } from "../multipart-store.js";
import type { OpenStore } from "../store.js";
import { skipReason } from "./capability.js";
import type { ContractCase, ContractContext, ContractSubject } from "./case.js";

/** What came of one case. */
export type CaseResult = {
  readonly id: string;
  readonly promise: string;
  /** Milliseconds. */
  readonly ms: number;
} & (
  | { readonly outcome: "passed" }
  | { readonly outcome: "failed"; readonly error: unknown }
  | { readonly outcome: "skipped"; readonly reason: string }
);

export interface CaseOptions {
  /** Where in the store the case may write, ending in `/`. Default: a prefix that nobody else has. */
  readonly prefix?: string | undefined;
  /** Milliseconds after which a case that has not ended has failed. Default: 60,000. */
  readonly timeoutMs?: number | undefined;
}

/** A part that is good anywhere, where the store has no least size worth the name. */
const SMALL_PART_BYTES = 1024;

/**
 * Tries one case, and removes what it left: no object and no upload stays under its prefix.
 *
 * Never rejects.
 */
export async function runCase(
  contractCase: ContractCase,
  subject: ContractSubject,
  options: CaseOptions = {},
): Promise<CaseResult> {
  const { id, promise } = contractCase;
  const reason = skipReason(contractCase.needs, subject.store.facts);
  if (reason !== undefined) return { id, promise, ms: 0, outcome: "skipped", reason };

  const begun = performance.now();
  const site = new CaseSite(subject, `${options.prefix ?? freshPrefix()}${id}/`);
  const timeoutMs = options.timeoutMs ?? 60_000;
  const errors: unknown[] = [];
  for (const step of [() => contractCase.run(site.context), () => site.clear()]) {
    try {
      await withinTime(step(), id, timeoutMs);
    } catch (error) {
      errors.push(error);
    }
  }
  const told = { id, promise, ms: performance.now() - begun };
  // What the case itself says comes first: what it left behind may follow from it.
  return errors.length === 0
    ? { ...told, outcome: "passed" }
    : { ...told, outcome: "failed", error: errors[0] };
}

/** A prefix that no other run has. */
export function freshPrefix(): string {
  return `stowage-contract/${crypto.randomUUID()}/`;
}

/** The part of a store that one case works in. */
class CaseSite {
  readonly context: ContractContext;
  readonly #subject: ContractSubject;
  readonly #uploads: Upload[] = [];
  readonly #opened: OpenStore[] = [];

  constructor(subject: ContractSubject, prefix: string) {
    const { store } = subject;
    this.#subject = subject;
    this.context = {
      store,
      prefix,
      partBytes: Math.max(store.facts.limits.minPartBytes, SMALL_PART_BYTES),
      key: (name) => objectKey(prefix + name),
      begin: async (key, options) => {
        const upload = await store.createUpload(key, options);
        this.#uploads.push(upload);
        return upload;
      },
      withoutBucket: async () => this.#openWithoutBucket(),
    };
  }

  async #openWithoutBucket(): Promise<OpenStore | undefined> {
    const { store, openWithoutBucket } = this.#subject;
    if (store.facts.bucket === undefined) return undefined;
    if (openWithoutBucket === undefined) {
      throw new Error(
        "Cannot try a store without its bucket: the subject does not open one; give openWithoutBucket",
      );
    }
    const opened = await openWithoutBucket();
    this.#opened.push(opened);
    return opened;
  }

  async clear(): Promise<void> {
    const { store, prefix } = this.context;
    for (const opened of this.#opened) await opened[Symbol.asyncDispose]();
    if (store.facts.honours.listUploads === "prefix") {
      for await (const upload of store.listUploads({ prefix })) this.#uploads.push(upload);
    }
    for (const upload of this.#uploads) await store.abortUpload(upload);
    // Twice: where a key hides those that begin with it, they are listed once it is gone.
    await this.#deleteListed();
    await this.#deleteListed();
    await this.#expectEmpty();
  }

  async #deleteListed(): Promise<void> {
    const { store, prefix } = this.context;
    const keys: ObjectKey[] = [];
    for await (const entry of store.list({ prefix })) {
      if (entry.kind === "object") keys.push(entry.key);
    }
    if (keys.length === 0) return;
    for (const { error } of await store.deleteMany(keys)) if (error !== undefined) throw error;
  }

  async #expectEmpty(): Promise<void> {
    const { store, prefix } = this.context;
    for await (const left of store.list({ prefix })) {
      throw new Error(`Cannot clear ${JSON.stringify(prefix)}: ${JSON.stringify(left)} stays`);
    }
    for (const key of new Set(this.#uploads.map((upload) => upload.key))) {
      for await (const left of store.listUploads({ key })) {
        throw new Error(`Cannot clear ${JSON.stringify(prefix)}: ${JSON.stringify(left)} stays`);
      }
    }
  }
}

async function withinTime(step: Promise<void>, id: string, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`Case ${id} has not ended after ${timeoutMs} ms`)),
      timeoutMs,
    );
  });
  try {
    await Promise.race([step, late]);
  } finally {
    clearTimeout(timer);
  }
}
