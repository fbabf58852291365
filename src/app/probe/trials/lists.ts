import { quote } from "../../../domain/errors.js";
import { compareUtf8 } from "../../../domain/utf8.js";
import type { ListEntry, ListOptions } from "../../../ports/object-store.js";
import type { Bench } from "../bench.js";
import type { FindingId, Seen } from "../findings.js";
import { HONOURED, ignored, seenBy } from "../verdict.js";
import { bytesOf, type Tell, type Trial } from "./trial.js";

/** Names that some servers lose or change, or that stand elsewhere in the order of UTF-16. */
const NAMES: readonly string[] = [
  "50%25%2F & more",
  "a+b c",
  "folder/one",
  "folder/two",
  "what \"'<>?#=;",
  "～",
  "😀",
];
/** Entries of a page, so that a page ends at most of the names. */
const PAGE_SIZE = 2;

export const listTrials: readonly Trial[] = [
  {
    ids: ["list.names", "list.pages", "list.order", "list.start-after", "list.delimiter"],
    run: async (bench, tell) => {
      const prefix = `${bench.prefix}names/`;
      const keys = NAMES.map((name) => bench.key(`names/${name}`)).sort(compareUtf8);
      const folded = new Set(keys.map((key) => key.replace(/(\/names\/[^/]*\/).*/, "$1")));
      await Promise.all(keys.map((key) => bench.put(key, bytesOf("listed"))));
      const [pages, rest, folders] = await Promise.all([
        seenOfList(bench, { prefix, pageSize: PAGE_SIZE }, keys),
        seenOfList(bench, { prefix, startAfter: keys[1] }, keys.slice(2)),
        seenOfList(bench, { prefix, delimiter: "/" }, [...folded]),
        tellNames(bench, tell, prefix, keys),
      ]);
      tell("list.pages", pages);
      tell("list.start-after", rest);
      tell("list.delimiter", folders);
    },
  },
  {
    ids: ["list.beside"],
    run: async (bench, tell) => {
      const prefix = `${bench.prefix}beside/`;
      const keys = ["a", "a/b"].map((name) => bench.key(`beside/${name}`));
      for (const key of keys) await bench.put(key, bytesOf(key));
      const read = await Promise.all(keys.map((key) => bench.get(key)));
      if (read.some((bytes, at) => bytes.toString() !== keys[at])) {
        tell("list.beside", ignored("one of the two replaces the other"));
      } else {
        const seen = await seenOfList(bench, { prefix }, keys);
        tell("list.beside", seen.result === "ignored" ? ignored() : seen);
      }
    },
  },
  {
    ids: ["uploads.key", "uploads.prefix"],
    run: async (bench, tell) => {
      const prefix = `${bench.prefix}uploads/`;
      const [one, two] = await Promise.all([
        bench.createUpload(bench.key("uploads/a+b c")),
        bench.createUpload(bench.key("uploads/a+b c more")),
      ]);
      const all = [one.uploadId, two.uploadId];
      await Promise.all([
        tellUploads(bench, tell, "uploads.key", { key: one.key }, [one.uploadId]),
        tellUploads(bench, tell, "uploads.prefix", { prefix }, all),
      ]);
    },
  },
];

async function tellNames(
  bench: Bench,
  tell: Tell,
  prefix: string,
  keys: readonly string[],
): Promise<void> {
  try {
    const listed = (await bench.list({ prefix })).map(nameOf);
    const sorted = listed.toSorted(compareUtf8);
    tell("list.names", compared(sorted, keys));
    const inOrder = listed.every((name, at) => name === sorted[at]);
    tell("list.order", inOrder ? HONOURED : ignored("they come in another order"));
  } catch (error) {
    tell("list.names", seenBy(error));
    tell("list.order", seenBy(error));
  }
}

async function seenOfList(
  bench: Bench,
  options: ListOptions,
  expected: readonly string[],
): Promise<Seen> {
  try {
    return compared((await bench.list(options)).map(nameOf), expected);
  } catch (error) {
    return seenBy(error);
  }
}

async function tellUploads(
  bench: Bench,
  tell: Tell,
  id: FindingId,
  of: Parameters<Bench["listUploads"]>[0],
  expected: readonly string[],
): Promise<void> {
  try {
    const listed = (await bench.listUploads(of)).map(({ uploadId }) => uploadId);
    const missing = expected.filter((uploadId) => !listed.includes(uploadId));
    if (missing.length === expected.length) tell(id, ignored());
    else if (missing.length > 0) tell(id, ignored("not all are listed"));
    else if (listed.length > expected.length) tell(id, ignored("others are listed as well"));
    else tell(id, HONOURED);
  } catch (error) {
    tell(id, seenBy(error));
  }
}

function nameOf(entry: ListEntry): string {
  return entry.kind === "object" ? entry.key : entry.prefix;
}

function compared(listed: readonly string[], expected: readonly string[]): Seen {
  const short = (name: string | undefined): string => quote(name?.split("/").slice(-2).join("/"));
  const missing = expected.find((name) => !listed.includes(name));
  if (missing !== undefined) return ignored(`${short(missing)} is not listed`);
  const extra = listed.find((name) => !expected.includes(name));
  if (extra !== undefined) return ignored(`${short(extra)} is listed as well`);
  const same =
    listed.length === expected.length && listed.every((name, at) => name === expected[at]);
  return same ? HONOURED : ignored("names are listed twice, or in another order");
}
