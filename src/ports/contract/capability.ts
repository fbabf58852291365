import type { StoreFacts } from "../object-store.js";

/** What a store may declare to have, or not. */
export type Capability =
  | "conditions.put"
  | "conditions.complete"
  | "conditions.copy"
  | "conditions.delete"
  | "encryption.AES256"
  | "encryption.aws:kms"
  | "listUploads.prefix"
  | "keyBesideItsPrefix"
  | "replacesWhole"
  | "bucket"
  | "minPartBytes";

/** A capability that must be declared, or, behind `!`, one that must be declared missing. */
export type Need = Capability | `!${Capability}`;

interface Declaration {
  /** The end of a sentence that begins with "the store declares". */
  readonly words: string;
  holds(facts: StoreFacts): boolean;
}

const DECLARATIONS: Readonly<Record<Capability, Declaration>> = {
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
  keyBesideItsPrefix: {
    words: "lists of keys beside their prefixes",
    holds: (facts) => facts.honours.keyBesideItsPrefix,
  },
  replacesWhole: {
    words: "replacement of objects as a whole",
    holds: (facts) => facts.honours.replacesWhole,
  },
  bucket: { words: "bucket", holds: (facts) => facts.bucket !== undefined },
  minPartBytes: {
    words: "least size of parts",
    holds: (facts) => facts.limits.minPartBytes > 1,
  },
};

/** Why a case with this need does not apply to a store; `undefined` when it does. */
export function skipReason(need: Need | undefined, facts: StoreFacts): string | undefined {
  if (need === undefined) return undefined;
  const missing = need.startsWith("!");
  const declaration = DECLARATIONS[(missing ? need.slice(1) : need) as Capability];
  if (declaration.holds(facts) !== missing) return undefined;
  return `the store declares ${missing ? "" : "no "}${declaration.words}`;
}
