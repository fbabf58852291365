import { quote } from "../../domain/errors.js";
import { isObjectKey } from "../../domain/object-key.js";
import { compareUtf8 } from "../../domain/utf8.js";
import type { ListEntry, ListOptions } from "../../ports/object-store.js";
import type { Context } from "./context.js";
import type { Call } from "./errors.js";
import { percentDecoded, toldEtag } from "./headers.js";
import type { ListedObject, ObjectPage } from "./wire.js";

const MAX_PAGE_SIZE = 1_000;

export async function* listObjects(
  context: Context,
  options: ListOptions,
): AsyncGenerator<ListEntry> {
  const { prefix = "", delimiter, startAfter, pageSize = MAX_PAGE_SIZE, signal } = options;
  const call: Call = { operation: "list", signal };
  signal?.throwIfAborted();
  checkOptions(context, call, options);
  const { encodedLists: encoded } = context.profile;
  const tokens = new Set<string>();
  const request = {
    prefix: askable(prefix),
    delimiter,
    // MinIO ends the list after a page of one that is the object of the prefix itself.
    pageSize: Math.max(2, pageSize),
    encoded,
    signal,
  };
  let token: string | undefined;
  let last: string | undefined;
  do {
    // What a list starts after is told once: behind it, the token alone tells where to go on.
    const place =
      token === undefined ? { startAfter: startAfter && askable(startAfter) } : { token };
    const page = await context.send(call, (wire) => wire.listObjects({ ...request, ...place }));
    for (const { name, entry } of entriesOf(context, call, page)) {
      // A common prefix that the list starts after is told again while there are keys under it.
      if (startAfter !== undefined && compareUtf8(name, startAfter) <= 0) continue;
      const order = last === undefined ? 1 : compareUtf8(name, last);
      if (order < 0) {
        const why = `${quote(name)} is answered after ${quote(last)}, out of the order of S3`;
        throw context.badAnswer(call, why);
      }
      last = name;
      if (!name.startsWith(prefix)) continue;
      if (order === 0 || entry === undefined) continue;
      yield entry;
      signal?.throwIfAborted();
    }
    token = nextToken(context, call, page, tokens);
  } while (token !== undefined);
}

/**
 * As much of a prefix as any server can be asked for. MinIO refuses one that has a segment of dots or
 * none at all, as no key has; the last may be the beginning of one, such as `.` of `.env`.
 */
function askable(text: string): string {
  const segments = text.split("/");
  const odd = segments.findIndex(
    (segment, index) =>
      [".", ".."].includes(segment.trim()) || (segment === "" && index < segments.length - 1),
  );
  return odd < 0
    ? text
    : segments
        .slice(0, odd)
        .map((segment) => `${segment}/`)
        .join("");
}

function checkOptions(context: Context, call: Call, options: ListOptions): void {
  const { prefix, delimiter, startAfter, pageSize = MAX_PAGE_SIZE } = options;
  const refuse = (why: string) => context.refusal(call, "invalid-argument", why);
  if (delimiter !== undefined && delimiter !== "/") {
    throw refuse(`delimiter is ${quote(delimiter)}; only "/" is taken`);
  }
  if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > MAX_PAGE_SIZE) {
    throw refuse(`pageSize is ${pageSize}; it is a whole number from 1 to ${MAX_PAGE_SIZE}`);
  }
  for (const [name, text = ""] of Object.entries({ prefix, startAfter })) {
    if (!text.isWellFormed()) throw refuse(`${name} holds half of a surrogate pair`);
  }
}

interface Named {
  readonly name: string;
  /** Missing for what cannot be addressed here, and is left out. */
  readonly entry: ListEntry | undefined;
}

/** Objects and common prefixes, which S3 gives apart, in one order. */
function entriesOf(context: Context, call: Call, page: ObjectPage): readonly Named[] {
  const decoded = (name: string | undefined): string => {
    const plain = page.encoded && name !== undefined ? percentDecoded(name) : name;
    if (plain === undefined) {
      throw context.badAnswer(call, `the list has the name ${quote(name)}, which is none`);
    }
    return plain;
  };
  const entries = [
    ...page.objects.map((object) => {
      const name = decoded(object.key);
      return { name, entry: objectEntry(context, call, name, object) };
    }),
    ...page.prefixes.map((prefix) => {
      const name = decoded(prefix);
      // A prefix is told when the keys that it stands for can be addressed.
      const entry = isObjectKey(`${name}x`)
        ? ({ kind: "prefix", prefix: name } as const)
        : undefined;
      return { name, entry };
    }),
  ];
  return page.prefixes.length === 0 ? entries : entries.sort((a, b) => compareUtf8(a.name, b.name));
}

function objectEntry(
  context: Context,
  call: Call,
  key: string,
  { size, lastModified, ...told }: ListedObject,
): ListEntry | undefined {
  if (!isObjectKey(key)) return undefined;
  const etag = toldEtag(told.etag);
  if (etag === undefined || size === undefined || !Number.isSafeInteger(size)) {
    throw context.badAnswer(call, `the list does not tell size and ETag of ${quote(key)}`);
  }
  if (lastModified === undefined || Number.isNaN(lastModified.getTime())) {
    throw context.badAnswer(call, `the list does not tell the time of ${quote(key)}`);
  }
  return { kind: "object", key, size, etag, lastModified };
}

function nextToken(
  context: Context,
  call: Call,
  { isTruncated, token }: ObjectPage,
  tokens: Set<string>,
): string | undefined {
  if (isTruncated === undefined) throw context.badAnswer(call, "the answer is no list of objects");
  if (!isTruncated) return undefined;
  if (token === undefined || token === "") {
    throw context.badAnswer(call, "the list goes on, and the answer does not tell where");
  }
  if (tokens.has(token)) throw context.badAnswer(call, "the list goes on where it has been before");
  tokens.add(token);
  return token;
}
