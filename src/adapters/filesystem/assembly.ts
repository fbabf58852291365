import type { BigIntStats } from "node:fs";
import { join } from "node:path";
import { combineCrc32 } from "../../domain/checksum.js";
import { quote } from "../../domain/errors.js";
import type { StoreLimits } from "../../domain/upload-plan.js";
import type { Part } from "../../ports/multipart-store.js";
import { Draft } from "./drafts.js";
import { type Call, errnoOf, refusal } from "./errors.js";
import { readPart } from "./proof.js";
import { DATA_SUFFIX } from "./records.js";
import type { Site } from "./site.js";
import { type StoredPart, unknownUpload } from "./uploads.js";

/**
 * The parts that a complete names, as they are stored.
 *
 * @throws `invalid-part`, `too-large`.
 */
export function partsToJoin(
  call: Call,
  stored: readonly StoredPart[],
  named: readonly Part[],
  limits: StoreLimits,
): readonly StoredPart[] {
  const byNumber = new Map(stored.map((part) => [part.partNumber, part]));
  const refuse = (why: string): never => {
    throw refusal(call, "invalid-part", why);
  };
  if (named.length === 0) refuse("no part is named; name at least one");
  const joining = named.map(({ partNumber, etag }, at) => {
    const part = byNumber.get(partNumber);
    const before = named[at - 1]?.partNumber ?? 0;
    if (partNumber <= before) refuse(`part ${partNumber} follows part ${before}; sort the parts`);
    if (part?.etag !== etag) return refuse(`there is no part ${partNumber} of ETag ${quote(etag)}`);
    if (at < named.length - 1 && part.size < limits.minPartBytes) {
      refuse(
        `part ${partNumber} has ${part.size} bytes; all but the last have at least ${limits.minPartBytes}`,
      );
    }
    return part;
  });
  const size = joining.reduce((sum, part) => sum + part.size, 0);
  if (size > limits.maxObjectBytes) {
    throw refusal(
      call,
      "too-large",
      `it has ${size} bytes, and at most ${limits.maxObjectBytes} fit`,
    );
  }
  return joining;
}

/** A draft with the bytes of all parts, of which this is the CRC-32. */
export interface Joined {
  readonly draft: Draft;
  readonly crc: number;
  /** Tells what the draft is known by, once that has been changed. */
  readonly dated: (stats: BigIntStats) => void;
}

/**
 * Joins parts: without a copy where this opening has written all of them in place.
 *
 * @param stored all parts of the upload, of which those to join are some.
 * @throws `upload-not-found`; `invalid-part` for a part that does not hold what was sent.
 */
export async function joinParts(
  site: Site,
  call: Call,
  uploadId: string,
  stored: readonly StoredPart[],
  joining: readonly StoredPart[],
  signal: AbortSignal | undefined,
): Promise<Joined> {
  try {
    return (
      (await joinedInPlace(site, uploadId, stored, joining)) ??
      (await joinedByCopy(site, call, joining, signal))
    );
  } catch (error) {
    // Completed or aborted by somebody else meanwhile.
    throw errnoOf(error) === "ENOENT" ? unknownUpload(call, uploadId) : error;
  }
}

/**
 * The file in which all parts lie already, one after the other. `undefined` when they do not, when a
 * part is under way that may yet write into it, or when there is a part in it that is not named: the
 * upload is to keep that, should the complete be refused.
 *
 * What this opening wrote is there as long as the machine runs: it is not read again, unless somebody
 * else has written into the file.
 */
async function joinedInPlace(
  site: Site,
  uploadId: string,
  stored: readonly StoredPart[],
  joining: readonly StoredPart[],
): Promise<Joined | undefined> {
  const file = site.inPlace.find(uploadId);
  if (file === undefined || !file.seal()) return undefined;
  const path = join(site.layout.upload(uploadId), `${file.name}${DATA_SUFFIX}`);
  let end = 0;
  let crc = 0;
  for (const part of joining) {
    if (part.path !== path || part.at !== end) return undefined;
    end += part.size;
    crc = combineCrc32(crc, part.crc, part.size);
  }
  if (stored.filter((part) => part.path === path).length !== joining.length) return undefined;
  const isExpected = (stats: BigIntStats) => file.isUntouched(stats);
  const draft = await Draft.linkTo(path, end, isExpected, site);
  return draft && { draft, crc, dated: (stats) => file.dated(stats) };
}

async function joinedByCopy(
  site: Site,
  call: Call,
  parts: readonly StoredPart[],
  signal: AbortSignal | undefined,
): Promise<Joined> {
  const draft = await Draft.begin(site);
  try {
    let whole = 0;
    for (const part of parts) {
      const crc = await readPart(part, (piece) => draft.write(piece, signal));
      if (crc !== part.crc) {
        throw refusal(
          call,
          "invalid-part",
          `part ${part.partNumber} no longer holds the bytes that were sent; send it again`,
        );
      }
      whole = combineCrc32(whole, crc, part.size);
    }
    return { draft, crc: whole, dated: () => undefined };
  } catch (error) {
    await draft.discard();
    throw error;
  }
}
