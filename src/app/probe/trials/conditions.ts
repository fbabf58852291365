import type { ObjectKey } from "../../../domain/object-key.js";
import type { Part, Upload } from "../../../ports/multipart-store.js";
import type { WriteResult } from "../../../ports/object-store.js";
import type { Bench } from "../bench.js";
import type { Seen } from "../findings.js";
import { HONOURED, ignored, refusal } from "../verdict.js";
import { ABSENT, bytesOf, type Trial } from "./trial.js";

const OLD = bytesOf("what was there");
const NEW = bytesOf("what is to be written");
/** An ETag that no object here has. */
const NOBODYS = "00000000000000000000000000000000";

export const conditionTrials: readonly Trial[] = [
  {
    ids: ["conditions.put.absent"],
    run: async (bench, tell) => {
      const key = bench.key("put-absent");
      const old = await bench.put(key, OLD, { when: ABSENT });
      const seen = await refusal("already-exists", bench.put(key, NEW, { when: ABSENT }));
      tell("conditions.put.absent", await unharmed(bench, key, old, seen));
    },
  },
  {
    ids: ["conditions.put.etag"],
    run: async (bench, tell) => {
      const key = bench.key("put-etag");
      const old = await bench.put(key, OLD);
      const seen = await overKnown(old, (when) => bench.put(key, NEW, { when }));
      tell("conditions.put.etag", seen);
    },
  },
  {
    ids: ["conditions.put.etag-missing"],
    run: async (bench, tell) => {
      const put = bench.put(bench.key("put-missing"), NEW, { when: { etag: NOBODYS } });
      tell("conditions.put.etag-missing", await refusal("precondition-failed", put));
    },
  },
  {
    ids: ["conditions.complete.absent"],
    run: async (bench, tell) => {
      const key = bench.key("complete-absent");
      const [first, second] = await Promise.all([begun(bench, key), begun(bench, key)]);
      const old = await bench.completeUpload(...first, { when: ABSENT });
      const again = bench.completeUpload(...second, { when: ABSENT });
      const seen = await refusal("already-exists", again);
      tell("conditions.complete.absent", await unharmed(bench, key, old, seen));
    },
  },
  {
    ids: ["conditions.complete.etag"],
    run: async (bench, tell) => {
      const key = bench.key("complete-etag");
      // One after the other: a put between create and complete is a conflict on S3.
      const old = await bench.put(key, OLD);
      const upload = await begun(bench, key);
      const seen = await overKnown(old, (when) => bench.completeUpload(...upload, { when }));
      tell("conditions.complete.etag", seen);
    },
  },
  {
    ids: ["conditions.complete.etag-missing"],
    run: async (bench, tell) => {
      const upload = await begun(bench, bench.key("complete-missing"));
      const complete = bench.completeUpload(...upload, { when: { etag: NOBODYS } });
      tell("conditions.complete.etag-missing", await refusal("precondition-failed", complete));
    },
  },
  {
    ids: ["conditions.copy.absent"],
    run: async (bench, tell) => {
      const [from, to] = [bench.key("copy-absent-from"), bench.key("copy-absent-to")];
      const [old] = await Promise.all([bench.put(to, OLD), bench.put(from, NEW)]);
      const seen = await refusal("already-exists", bench.copy(from, to, { when: ABSENT }));
      tell("conditions.copy.absent", await unharmed(bench, to, old, seen));
    },
  },
  {
    ids: ["conditions.copy.etag"],
    run: async (bench, tell) => {
      const [from, to] = [bench.key("copy-etag-from"), bench.key("copy-etag-to")];
      const [old] = await Promise.all([bench.put(to, OLD), bench.put(from, NEW)]);
      tell("conditions.copy.etag", await overKnown(old, (when) => bench.copy(from, to, { when })));
    },
  },
  {
    ids: ["conditions.delete.etag"],
    run: async (bench, tell) => {
      const key = bench.key("delete-etag");
      const old = await bench.put(key, OLD);
      const seen = await overKnown(old, (when) => bench.delete(key, { when }));
      const isGone = seen.result === "honoured";
      const again = (): Promise<void> => bench.delete(key, { when: { etag: old.etag } });
      tell("conditions.delete.etag", isGone ? await refusal("precondition-failed", again()) : seen);
    },
  },
];

/** An upload with its one part. */
async function begun(bench: Bench, key: ObjectKey): Promise<readonly [Upload, Part]> {
  const upload = await bench.createUpload(key);
  return [upload, await bench.uploadPart(upload, NEW)];
}

/**
 * Whether a write over another version is refused, and one over the version that is there goes
 * through: which shows as well that the first has changed nothing.
 */
async function overKnown(
  { etag }: WriteResult,
  write: (when: { readonly etag: string }) => Promise<unknown>,
): Promise<Seen> {
  const seen = await refusal("precondition-failed", write({ etag: NOBODYS }));
  if (seen.result !== "honoured") return seen;
  await write({ etag });
  return HONOURED;
}

/** What was refused must not have been done all the same. */
async function unharmed(
  bench: Bench,
  key: ObjectKey,
  { etag }: WriteResult,
  seen: Seen,
): Promise<Seen> {
  if (seen.result !== "honoured") return seen;
  const info = await bench.head(key);
  return info.etag === etag ? seen : ignored("it is refused, and done all the same");
}
