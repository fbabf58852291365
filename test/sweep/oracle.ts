import { readdir } from "node:fs/promises";
import { StowageError } from "../../src/domain/errors.js";
import type { KeptObject } from "./bucket.js";
import { newObjects, type Operation } from "./operations.js";

/** What a server holds. */
export interface Contents {
  readonly objects: ReadonlyMap<string, KeptObject>;
  /** In progress, by their ids. */
  readonly uploads: ReadonlyMap<string, unknown>;
}

/** How a run has ended. */
export type Ending =
  | { readonly kind: "resolved"; readonly value: unknown }
  | { readonly kind: "rejected"; readonly error: unknown };

/** What may be said at the end of a run. */
export interface Latitude {
  /** Whether a write's outcome may be unknown: where the server could not be asked. */
  readonly unknown: boolean;
  /** Whether the cleaning up may be pending: likewise. */
  readonly pending: boolean;
  /** Whether it must have gone well. */
  readonly mended: boolean;
  /** Whether a new upload may come into being when nobody waits for it any more. */
  readonly lateUploads: boolean;
  /** What the signal was aborted with, if it was. */
  readonly reason: unknown;
}

/** What an error says was left behind. */
interface Told {
  readonly outcome: string | undefined;
  readonly cleanup: string | undefined;
}

/**
 * Holds what was told against what the server holds: at once, and again when all that was still on
 * its way has been carried out.
 *
 * @returns what is wrong; nothing when all is well.
 */
export function judge(
  operation: Operation,
  bucket: Contents,
  ending: Ending,
  latitude: Latitude,
  moment: "at once" | "later",
): string[] {
  const faults: string[] = [];
  const { reason } = latitude;
  let told: Told | undefined;
  if (ending.kind === "rejected") {
    const { error } = ending;
    if (latitude.mended) faults.push(`it failed, and sending again would have mended it`);
    if (error instanceof StowageError) {
      told = error;
      const aborted = reason !== undefined && error.code === "aborted" && error.cause === reason;
      if (reason !== undefined && !aborted) faults.push("an abort was told as another error");
      if (error.outcome === "unknown" && !latitude.unknown) faults.push("unknown, without need");
      if (error.cleanup === "pending" && !latitude.pending) faults.push("pending, without need");
    } else if (reason !== undefined && error === reason) {
      // An abort that says nothing else says that nothing is left.
      told = { outcome: "not-applied", cleanup: "done" };
    } else {
      faults.push("the error is no StowageError");
    }
  }
  const rule = RULES[operation.kind];
  faults.push(...rule(operation, bucket, ending, told, latitude, moment));
  return faults.map((fault) => `${fault}${moment === "later" ? " (later)" : ""}`);
}

type Rule = (
  operation: Operation,
  bucket: Contents,
  ending: Ending,
  told: Told | undefined,
  latitude: Latitude,
  moment: "at once" | "later",
) => string[];

const judgeUpload: Rule = (operation, bucket, ending, told, latitude, moment) => {
  const faults: string[] = [];
  const objects = newObjects(bucket, operation);
  const [object] = objects;
  for (const { key, bytes } of operation.seeds) {
    if (bucket.objects.get(key)?.bytes.equals(bytes) !== true) faults.push("another's was touched");
  }
  if (objects.length > 1) faults.push(`${objects.length} objects for one upload`);
  if (object !== undefined && !isWhole(object, operation)) faults.push("the object is not whole");
  const excused = moment === "later" && latitude.lateUploads;
  const left = bucket.uploads.size > 0 && !excused;

  if (ending.kind === "resolved") {
    const { key, etag, metadata } = ending.value as {
      key: string;
      etag: string;
      metadata: { write_token: string };
    };
    if (object?.key !== key) faults.push("it was told as stored, and is not");
    else if (object.etag !== `"${etag}"`) faults.push("another ETag was told");
    if (object?.attributes.metadata["x-amz-meta-write_token"] !== metadata.write_token) {
      faults.push("the object has not the token that was told");
    }
    if (left) faults.push(`${bucket.uploads.size} uploads are left after a success`);
    return faults;
  }
  if (told === undefined) return faults;
  const { outcome, cleanup } = told;
  if (outcome === undefined) faults.push("no outcome is told");
  if (outcome === "not-applied" && object !== undefined) {
    faults.push("not-applied was told, and the object is there");
  }
  if (outcome === "applied" && object === undefined) {
    faults.push("applied was told, and there is no object");
  }
  if (left && cleanup !== "pending") {
    faults.push(`${bucket.uploads.size} uploads are left, and cleanup is ${cleanup}`);
  }
  if (operation.inParts && bucket.uploads.size === 0 && cleanup === undefined) {
    if (outcome !== "not-applied") faults.push("no cleanup is told");
  }
  return faults;
};

function isWhole({ bytes, attributes }: KeptObject, operation: Operation): boolean {
  const { encryption, metadata, contentType } = attributes;
  return (
    bytes.equals(operation.bytes) &&
    encryption === "AES256" &&
    contentType === "text/csv" &&
    metadata["x-amz-meta-original_filename"] === "x.csv"
  );
}

const judgeCopy: Rule = (operation, bucket, ending, told) => {
  const copies = newObjects(bucket, operation);
  const whole = copies.length === 1 && copies[0]?.bytes.equals(operation.bytes) === true;
  if (ending.kind === "resolved") return whole ? [] : ["it was told as copied, and is not"];
  if (copies.length > 0 && !whole) return ["the copy is not whole"];
  return judgeTold(ending, told, whole);
};

const judgeRead: Rule = (operation, bucket, ending) => {
  const faults: string[] = [];
  if (bucket.objects.size !== operation.seeds.length) faults.push("a read has changed something");
  if (ending.kind === "rejected") return faults;
  const right = Buffer.isBuffer(ending.value) && ending.value.equals(operation.bytes);
  if (!right) faults.push("what was read is not what is stored");
  return faults;
};

const judgeRemove: Rule = (operation, bucket, ending, told) => {
  const left = bucket.objects.size;
  if (ending.kind === "resolved") return left === 0 ? [] : ["it was told as removed, and is there"];
  if (left > 0 && left < operation.seeds.length) return ["some are removed, and some are not"];
  return judgeTold(ending, told, left === 0);
};

/** Holds the outcome of a write that is not looked into against whether it was carried out. */
function judgeTold(ending: Ending, told: Told | undefined, applied: boolean): string[] {
  // The reason of an abort says nothing of such a write, which may be repeated.
  if (told === undefined || ending.kind === "resolved") return [];
  if (!(ending.error instanceof StowageError)) return [];
  const { outcome } = told;
  if (outcome === undefined) return ["no outcome is told"];
  if (outcome === "not-applied" && applied) return ["not-applied was told, and it was"];
  if (outcome === "applied" && !applied) return ["applied was told, and it was not"];
  return [];
}

const RULES: Readonly<Record<Operation["kind"], Rule>> = {
  upload: judgeUpload,
  copy: judgeCopy,
  read: judgeRead,
  remove: judgeRemove,
};

/** Holds what a download has left in its folder against what was told of it. */
export async function judgeFolder(folder: string, ending: Ending): Promise<string[]> {
  const files = await readdir(folder);
  const allowed = ending.kind === "resolved" ? ["got.bin"] : [];
  const odd = files.filter((file) => !allowed.includes(file));
  return odd.length === 0 ? [] : [`left in the folder: ${odd.join(", ")}`];
}

/** A rejection on one line. */
export function endingText(ending: Ending): string {
  if (ending.kind === "resolved") return "resolved";
  const { error } = ending;
  if (!(error instanceof StowageError)) return `rejected with ${String(error)}`;
  const { code, outcome, cleanup, message } = error;
  return `rejected with ${code}, outcome ${outcome}, cleanup ${cleanup} (${message})`;
}
