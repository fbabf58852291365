import type { FindingId, Seen } from "./findings.js";

/** Another way of asking, for servers that answer the usual one wrongly. */
export type Way =
  /** Lists are asked for unencoded. */
  | "plain-lists"
  /** Names of metadata are sent without `_`. */
  | "folds-underscores"
  /** ETags of a put are sent without quotes. */
  | "bare-put-etags"
  /** Lists of uploads are asked for unencoded. */
  | "unmarked-upload-lists";

/** What each way may mend. */
const MENDS: Readonly<Record<Way, readonly FindingId[]>> = {
  "plain-lists": ["list.names", "list.pages", "list.order", "list.start-after", "list.delimiter"],
  "folds-underscores": ["access.metadata"],
  "bare-put-etags": ["conditions.put.etag"],
  "unmarked-upload-lists": ["uploads.key", "uploads.prefix"],
};

const WAYS = Object.keys(MENDS) as readonly Way[];

type AllSeen = ReadonlyMap<FindingId, Seen>;

/** What was not honoured, and might be if it was asked for in another way. */
export function mendable(seen: AllSeen): FindingId[] {
  return WAYS.flatMap((way) => MENDS[way]).filter((id) => !isHonoured(seen, id));
}

/** The ways that help: more is honoured by them. */
export function helpfulWays(first: AllSeen, otherwise: AllSeen): Way[] {
  const count = (seen: AllSeen, way: Way): number =>
    MENDS[way].filter((id) => isHonoured(seen, id)).length;
  return WAYS.filter((way) => count(otherwise, way) > count(first, way));
}

/** What is seen when each thing is asked for in the way that helps. */
export function seenBest(first: AllSeen, otherwise: AllSeen, ways: readonly Way[]): AllSeen {
  const best = new Map(first);
  for (const id of ways.flatMap((way) => MENDS[way])) {
    const seen = otherwise.get(id);
    if (seen === undefined) continue;
    const isMended = seen.result === "honoured" && !isHonoured(first, id);
    best.set(id, isMended ? { ...seen, detail: "when it is asked for in another way" } : seen);
  }
  return best;
}

/** What is honoured only when it is asked for in this way. */
export function mendedBy(way: Way): readonly FindingId[] {
  return MENDS[way];
}

function isHonoured(seen: AllSeen, id: FindingId): boolean {
  return seen.get(id)?.result === "honoured";
}
