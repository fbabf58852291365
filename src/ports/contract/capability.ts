import { StowageError } from "../../domain/errors.js";
import type { StoreFacts } from "../object-store.js";
import type { TriedStore } from "./case.js";

/** What a store may have or declare, or not. */
export type Capability =
  | "multipart"
  | "conditions.put"
  | "conditions.complete"
  | "conditions.copy"
  | "conditions.delete"
  | "encryption.AES256"
  | "encryption.aws:kms"
  | "listUploads.prefix"
  | "signer"
  | "signer.checksums"
  | "bucket"
  | "minPartBytes"
  | "tellsPartChecksums";

/** A capability that a case takes for granted, or, behind `!`, one that must be missing. */
export type Need = Capability | `!${Capability}`;

interface Declaration {
  /** The end of a sentence that begins with "the store has". */
  readonly words: string;
  holds(facts: StoreFacts, store: TriedStore): boolean;
}

const DECLARATIONS: Readonly<Record<Capability, Declaration>> = {
  multipart: {
    words: "uploads in parts",
    holds: (_, store) => store.createUpload !== undefined,
  },
  "conditions.put": {
    words: "conditions on put",
    holds: (facts) => facts.honours.conditions.put,
  },
  "conditions.complete": {
    words: "conditions on complete",
    holds: (facts) => facts.honours.conditions.complete,
  },
  "conditions.copy": {
    words: "conditions on copy",
    holds: (facts) => facts.honours.conditions.copy,
  },
  "conditions.delete": {
    words: "conditions on delete",
    holds: (facts) => facts.honours.conditions.delete,
  },
  "encryption.AES256": {
    words: "encryption by AES256",
    holds: (facts) => facts.honours.encryption.includes("AES256"),
  },
  "encryption.aws:kms": {
    words: "encryption by aws:kms",
    holds: (facts) => facts.honours.encryption.includes("aws:kms"),
  },
  "listUploads.prefix": {
    words: "lists of uploads by prefix",
    holds: (facts) => facts.honours.listUploads === "prefix",
  },
  signer: { words: "signer of URLs", holds: (_, store) => store.signer !== undefined },
  "signer.checksums": {
    words: "checksums of signed PUTs",
    holds: (_, store) => store.signer?.honours.checksums === true,
  },
  bucket: { words: "bucket", holds: (facts) => facts.bucket !== undefined },
  minPartBytes: {
    words: "least size of parts",
    holds: (facts) => facts.limits.minPartBytes > 1,
  },
  tellsPartChecksums: {
    words: "checksums of parts of its own",
    holds: (facts) => facts.tellsPartChecksums === true,
  },
};

/** Why a case with these needs does not apply to a store; `undefined` when it does. */
export function skipReason(needs: readonly Need[] = [], store: TriedStore): string | undefined {
  for (const need of needs) {
    const missing = need.startsWith("!");
    const declaration = DECLARATIONS[(missing ? need.slice(1) : need) as Capability];
    if (declaration.holds(store.facts, store) !== missing) continue;
    return `the store has ${missing ? "" : "no "}${declaration.words}`;
  }
  return undefined;
}

const OF_UPLOADS = [
  "createUpload",
  "uploadPart",
  "completeUpload",
  "abortUpload",
  "listParts",
  "listUploads",
] as const;

/**
 * Expects a store to have uploads in parts whole, or not at all.
 *
 * @throws `invalid-argument`.
 */
export function expectWhole(store: TriedStore): void {
  const missing = OF_UPLOADS.filter((name) => store[name] === undefined);
  if (missing.length === 0 || missing.length === OF_UPLOADS.length) return;
  throw new StowageError(
    "invalid-argument",
    `Cannot try a store that has uploads in parts but no ${missing.join(", ")}: implement all of MultipartStore, or none of it`,
  );
}
