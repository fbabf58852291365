/** What came of something that was tried on a store. */
export type FindingResult =
  /** Done as asked. */
  | "honoured"
  /** Taken without a word, and not done. */
  | "ignored"
  /** Answered with an error. */
  | "refused"
  /** Not found out. */
  | "unknown";

/** One thing that a store does, or does not. */
export interface Finding {
  readonly id: FindingId;
  /** What it belongs to, for a heading. */
  readonly topic: Topic;
  /** What was asked for. */
  readonly what: string;
  readonly result: FindingResult;
  /** What was seen instead. Missing where all was as asked. */
  readonly detail?: string | undefined;
  /** What it comes to for whoever uses the store. */
  readonly meaning: string;
  /** Whether whoever relies on it loses data, or a secret, without a word. */
  readonly dangerous: boolean;
}

export type Topic =
  | "Access"
  | "Conditions"
  | "Checksums"
  | "Encryption"
  | "Reading"
  | "Signed URLs"
  | "Clean-up";

/** Stable, and good for a program to go by. */
export type FindingId =
  | "access.list"
  | "access.write"
  | "access.read"
  | "access.remove"
  | "access.metadata"
  | "access.clock"
  | "conditions.put.absent"
  | "conditions.put.etag"
  | "conditions.put.etag-missing"
  | "conditions.complete.absent"
  | "conditions.complete.etag"
  | "conditions.complete.etag-missing"
  | "conditions.copy.absent"
  | "conditions.copy.etag"
  | "conditions.delete.etag"
  | "checksum.put"
  | "checksum.part"
  | "checksum.content-md5"
  | "checksum.complete"
  | "checksum.harmless"
  | "checksum.kept"
  | "checksum.kept-parts"
  | "encryption.AES256"
  | "encryption.AES256.parts"
  | "encryption.aws:kms"
  | "encryption.aws:kms.parts"
  | "read.range"
  | "list.names"
  | "list.pages"
  | "list.order"
  | "list.start-after"
  | "list.delimiter"
  | "list.beside"
  | "signed.get"
  | "signed.put"
  | "signed.expiry"
  | "signed.needed"
  | "uploads.key"
  | "uploads.prefix";

interface Entry {
  readonly topic: Topic;
  readonly what: string;
  /** The meaning of `honoured`. */
  readonly yes: string;
  /** The meaning of `ignored`, and of `refused` where that has none of its own. */
  readonly no: string;
  readonly refused?: string | undefined;
  /** Whether to be ignored is dangerous. Default: `false`. */
  readonly trap?: boolean | undefined;
}

/** Everything that is tried, in the order in which it is told. */
const CATALOGUE: Readonly<Record<FindingId, Entry>> = {
  "access.list": {
    topic: "Access",
    what: "list",
    yes: "objects can be found again",
    no: "objects cannot be found again",
  },
  "access.write": {
    topic: "Access",
    what: "write",
    yes: "uploads can be stored",
    no: "nothing can be uploaded",
  },
  "access.read": {
    topic: "Access",
    what: "read",
    yes: "downloads are what was uploaded",
    no: "downloads fail, or are not what was uploaded",
  },
  "access.remove": {
    topic: "Access",
    what: "remove",
    yes: "objects can be removed, and failed uploads cleaned up",
    no: "nothing can be removed or cleaned up",
  },
  "access.metadata": {
    topic: "Access",
    what: "metadata of any Unicode",
    yes: "file names are kept as they are",
    no: "file names are lost, and an upload cannot be known again",
  },
  "access.clock": {
    topic: "Access",
    what: "clock like this machine's",
    yes: "signed requests are accepted",
    no: "signed requests are refused once they are 15 minutes apart",
  },
  "conditions.put.absent": {
    topic: "Conditions",
    what: "put where nothing is",
    yes: "uploads never overwrite each other",
    no: "an upload could overwrite another",
    refused: "uploads are refused, since they could overwrite each other",
    trap: true,
  },
  "conditions.put.etag": {
    topic: "Conditions",
    what: "put over a known version",
    yes: "no update is lost",
    no: "an update could be lost",
    refused: "an object cannot be updated safely",
    trap: true,
  },
  "conditions.put.etag-missing": {
    topic: "Conditions",
    what: "no put over what is gone",
    yes: "what was removed does not come back",
    no: "what was removed could come back",
  },
  "conditions.complete.absent": {
    topic: "Conditions",
    what: "complete where nothing is",
    yes: "uploads in parts never overwrite each other",
    no: "an upload in parts could overwrite another",
    refused: "uploads in parts are refused, since they could overwrite each other",
    trap: true,
  },
  "conditions.complete.etag": {
    topic: "Conditions",
    what: "complete over a known version",
    yes: "no update in parts is lost",
    no: "an update in parts could be lost",
    refused: "an object cannot be updated safely in parts",
    trap: true,
  },
  "conditions.complete.etag-missing": {
    topic: "Conditions",
    what: "no complete over what is gone",
    yes: "what was removed does not come back",
    no: "what was removed could come back",
  },
  "conditions.copy.absent": {
    topic: "Conditions",
    what: "copy to where nothing is",
    yes: "a copy never overwrites another object",
    no: "a copy could overwrite another object",
  },
  "conditions.copy.etag": {
    topic: "Conditions",
    what: "copy over a known version",
    yes: "a copy never overwrites a newer object",
    no: "a copy could overwrite a newer object",
  },
  "conditions.delete.etag": {
    topic: "Conditions",
    what: "delete a known version",
    yes: "no newer object is deleted",
    no: "a newer object could be deleted",
  },
  "checksum.put": {
    topic: "Checksums",
    what: "of a put, verified",
    yes: "bytes damaged on their way are not stored",
    no: "bytes damaged on their way are stored, unless Content-MD5 tells",
    trap: true,
  },
  "checksum.part": {
    topic: "Checksums",
    what: "of a part, verified",
    yes: "bytes damaged on their way are not stored",
    no: "bytes damaged on their way are stored, unless Content-MD5 tells",
    trap: true,
  },
  "checksum.content-md5": {
    topic: "Checksums",
    what: "Content-MD5, verified",
    yes: "bytes damaged on their way are not stored, where no checksum tells",
    no: "bytes damaged on their way are stored, where no checksum tells",
    refused: "cannot be found out",
  },
  "checksum.complete": {
    topic: "Checksums",
    what: "of all parts, verified",
    yes: "parts joined wrongly are not stored",
    no: "parts joined wrongly are stored",
    trap: true,
  },
  "checksum.harmless": {
    topic: "Checksums",
    what: "refused, and nothing lost",
    yes: "a failed write takes nothing away",
    no: "a failed write could take away what was there",
  },
  "checksum.kept": {
    topic: "Checksums",
    what: "of a put, told",
    yes: "downloads are verified",
    no: "downloads cannot be verified",
  },
  "checksum.kept-parts": {
    topic: "Checksums",
    what: "of all parts, told",
    yes: "downloads of large files are verified",
    no: "downloads of large files cannot be verified",
  },
  "encryption.AES256": {
    topic: "Encryption",
    what: "AES256 of a put",
    yes: "small files lie encrypted",
    no: "small files would lie in the clear",
    refused: "cannot be asked for",
    trap: true,
  },
  "encryption.AES256.parts": {
    topic: "Encryption",
    what: "AES256 of parts",
    yes: "large files lie encrypted",
    no: "large files would lie in the clear",
    refused: "cannot be asked for",
    trap: true,
  },
  "encryption.aws:kms": {
    topic: "Encryption",
    what: "aws:kms of a put",
    yes: "small files lie encrypted by a KMS",
    no: "small files would lie in the clear",
    refused: "cannot be asked for",
    trap: true,
  },
  "encryption.aws:kms.parts": {
    topic: "Encryption",
    what: "aws:kms of parts",
    yes: "large files lie encrypted by a KMS",
    no: "large files would lie in the clear",
    refused: "cannot be asked for",
    trap: true,
  },
  "read.range": {
    topic: "Reading",
    what: "ranges",
    yes: "a download that breaks off goes on where it was",
    no: "a download that breaks off cannot go on",
  },
  "list.names": {
    topic: "Reading",
    what: "odd names in lists",
    yes: "every name can be used",
    no: "lists lose or change odd names",
  },
  "list.pages": {
    topic: "Reading",
    what: "lists over several pages",
    yes: "long lists are whole",
    no: "long lists may not be whole",
  },
  "list.order": {
    topic: "Reading",
    what: "lists in the order of UTF-8",
    yes: "lists are in the order promised",
    no: "lists that are out of order are refused",
  },
  "list.start-after": {
    topic: "Reading",
    what: "lists from a key on",
    yes: "a list that breaks off goes on where it was",
    no: "a list that breaks off cannot go on",
  },
  "list.delimiter": {
    topic: "Reading",
    what: "lists by folder",
    yes: "a user's objects are listed, without what lies deeper",
    no: "users' objects cannot be listed",
  },
  "list.beside": {
    topic: "Reading",
    what: "a key beside those below it",
    yes: '"a" and "a/b" are both listed',
    no: 'where "a" is an object, "a/b" is not listed',
    refused: 'where "a" is an object, "a/b" is refused',
  },
  "signed.get": {
    topic: "Signed URLs",
    what: "to read by",
    yes: "browsers can download by themselves",
    no: "browsers cannot download by themselves",
  },
  "signed.put": {
    topic: "Signed URLs",
    what: "to write by, so many bytes",
    yes: "browsers can upload by themselves, and no more than they said",
    no: "a browser could store as much as it likes",
    refused: "browsers cannot upload by themselves",
  },
  "signed.expiry": {
    topic: "Signed URLs",
    what: "denied once expired",
    yes: "a URL that leaks is soon of no use",
    no: "a URL that leaks is good for ever",
    refused: "there is none that could leak",
    trap: true,
  },
  "signed.needed": {
    topic: "Signed URLs",
    what: "nothing without a signature",
    yes: "nobody reads an object without being let",
    no: "anybody reads every object whose key is known",
    refused: "there is none to do without",
    trap: true,
  },
  "uploads.key": {
    topic: "Clean-up",
    what: "unfinished uploads of a key",
    yes: "what an upload leaves behind can be found",
    no: "what an upload leaves behind cannot be found",
  },
  "uploads.prefix": {
    topic: "Clean-up",
    what: "… of many keys at once",
    yes: "what all uploads leave behind can be found at once",
    no: "what uploads leave behind is found key by key alone",
  },
};

export const FINDING_IDS = Object.keys(CATALOGUE) as readonly FindingId[];

/** What was seen of one thing. */
export interface Seen {
  readonly result: FindingResult;
  readonly detail?: string | undefined;
}

/** Says what something that was seen means. */
export function finding(id: FindingId, { result, detail }: Seen): Finding {
  const entry = CATALOGUE[id];
  const { topic, what, yes, no } = entry;
  const meanings: Readonly<Record<FindingResult, string>> = {
    honoured: yes,
    ignored: no,
    refused: entry.refused ?? no,
    unknown: `not known whether ${yes}`,
  };
  return {
    id,
    topic,
    what,
    result,
    ...(detail === undefined ? {} : { detail }),
    meaning: meanings[result],
    dangerous: entry.trap === true && result === "ignored",
  };
}
