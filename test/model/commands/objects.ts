import assert from "node:assert/strict";
import type { ErrorCode } from "../../../src/domain/errors.js";
import type { ByteRange } from "../../../src/domain/range.js";
import type { ListOptions } from "../../../src/ports/object-store.js";
import { type Algorithm, byBytes, type Condition, rangeOf, type Tag } from "../model.js";
import {
  attempt,
  type Body,
  bytesOf,
  expectBytes,
  expectInfo,
  expectList,
  expectSummary,
  inspect,
  keyAt,
  type Site,
  spare,
} from "../site.js";
import {
  type Command,
  command,
  keptAt,
  keptOf,
  refusalsInOrder,
  refusalsOf,
  type Sum,
  sumOf,
} from "./command.js";

export interface Put {
  readonly slot: number;
  readonly body: Body;
  readonly kept?: number | undefined;
  readonly when?: Condition | undefined;
  readonly sum?: Sum;
  readonly encrypt?: Algorithm | undefined;
}

export const put: (parameters: Put) => Command = command(
  "put",
  async (model, site, { slot, body, kept = 0, when: condition, sum, encrypt }) => {
    const { limits, honours } = site.store.facts;
    const key = keyAt(site, slot);
    const bytes = bytesOf(body);
    const attributes = keptAt(kept);
    const checksum = sum === undefined ? undefined : sumOf(sum, bytes);
    const when = model.when(key, condition);
    const early = refusalsOf(site, attributes, encrypt);
    const late = model.refusals(key, when);
    if (sum === "wrong") late.push("checksum-mismatch");
    if (bytes.length > limits.maxPutBytes) late.push("too-large");
    const codes = refusalsInOrder(honours.conditions.put, condition, early, late);
    const encryption = encrypt === undefined ? undefined : { algorithm: encrypt };
    await spare(model, site, key);
    const from = Date.now();
    // The store's to keep as they were: the caller goes on with the buffer.
    const sent = bytes.slice();
    const told = await attempt(site, { operation: "put", keys: [key] }, codes, () =>
      site.store.put(key, sent, { ...attributes, when, checksum, encryption }),
    );
    sent.fill(0);
    if (told !== undefined) {
      assert.equal(told.size, bytes.length);
      const written = [from, Date.now()] as const;
      const asked = { ...keptOf(attributes), checksum, encryption: encrypt };
      model.write(key, { ...asked, bytes, etag: told.etag, written });
    }
    await inspect(model, site, key);
  },
);

/** Puts something under each key: what follows finds a store that is not empty. */
export const fill: (parameters: { readonly seed: number }) => Command = command(
  "fill",
  async (model, site, { seed }) => {
    await spare(model, site, ...site.keys);
    for (const [slot, key] of site.keys.entries()) {
      const from = Date.now();
      const bytes = bytesOf({ size: 10 + slot, seed });
      const { etag } = await site.store.put(key, bytes);
      model.write(key, { ...keptOf({}), bytes, etag, written: [from, Date.now()] });
    }
    await inspect(model, site);
  },
);

export interface Get {
  readonly slot: number;
  readonly range?: ByteRange | undefined;
  readonly when?: Tag | undefined;
}

export const get: (parameters: Get) => Command = command(
  "get",
  async (model, site, { slot, range, when: tag }) => {
    const key = keyAt(site, slot);
    const held = model.objects.get(key);
    const when = tag === undefined ? undefined : { etag: model.etag(key, tag) };
    const found = rangeOf(held?.bytes ?? new Uint8Array(0), range);
    const codes: ErrorCode[] =
      found === "invalid-argument"
        ? [found]
        : held === undefined
          ? ["not-found"]
          : model.refusals(key, when);
    if (held !== undefined && found === "range-not-satisfiable") codes.push(found);
    const object = await attempt(site, { operation: "get", keys: [key] }, codes, () =>
      site.store.get(key, { range, when }),
    );
    if (object === undefined || held === undefined || typeof found === "string") return;
    expectSummary(object.info, key, held);
    // A server may tell the checksum of a whole object with the whole object alone.
    const checksum = object.info.checksum ?? (range === undefined ? undefined : held.checksum);
    expectInfo({ ...object.info, checksum }, held);
    await expectBytes(object, found);
  },
);

export const head: (parameters: { readonly slot: number }) => Command = command(
  "head",
  async (model, site, { slot }) => {
    await inspect(model, site, keyAt(site, slot));
  },
);

/** A text made of a key: cut after some characters behind the site's prefix, and gone on with. */
export interface Text {
  readonly slot: number;
  readonly cut: number;
  readonly tail: string;
}

export interface List {
  readonly prefix?: Text | undefined;
  /** A text that stands alone may lie before or after everything. */
  readonly after?: Text | string | undefined;
  readonly fold?: boolean | undefined;
  readonly pageSize?: number | undefined;
  /** Entries after which the list is left. Default: never. */
  readonly most?: number | undefined;
}

export const list: (parameters: List) => Command = command(
  "list",
  async (model, site, { prefix, after, fold, pageSize, most }) => {
    const options: ListOptions = {
      prefix: prefix === undefined ? site.prefix : textOf(site, prefix),
      startAfter: typeof after === "object" ? textOf(site, after) : after,
      delimiter: fold ? "/" : undefined,
      pageSize,
    };
    if (most === undefined) return expectList(model, site, options);
    const entries = site.store.list(options)[Symbol.asyncIterator]();
    for (const wanted of model.list(options).slice(0, most)) {
      const { value } = await entries.next();
      if (wanted.kind === "prefix") assert.deepEqual(value, wanted);
      else assert.equal(value?.key, wanted.key);
    }
    await entries.return?.();
    assert.deepEqual(await entries.next(), { done: true, value: undefined });
  },
);

/** A list that is left standing while others write: what they do not touch is given once, in order. */
export const listAcross: (parameters: {
  readonly pageSize: number;
  /** Entries that are taken before. */
  readonly most: number;
  readonly put: number;
  readonly remove: number;
  readonly seed: number;
}) => Command = command("listAcross", async (model, site, parameters) => {
  const { pageSize, most, seed } = parameters;
  const options = { prefix: site.prefix, pageSize };
  const before = model.list(options);
  const seen: string[] = [];
  for await (const entry of site.store.list(options)) {
    if (seen.length === most) {
      await put({ slot: parameters.put, body: { size: 5, seed } }).run(model, site);
      await remove({ slot: parameters.remove }).run(model, site);
    }
    if (entry.kind === "object") seen.push(entry.key);
  }
  const touched = [keyAt(site, parameters.put), keyAt(site, parameters.remove)];
  const untouched = (key: string): boolean => !touched.some((other) => other === key);
  const names = before.map((entry) => (entry.kind === "object" ? entry.key : entry.prefix));
  assert.deepEqual(seen.filter(untouched), names.filter(untouched));
  assert.deepEqual(seen, [...new Set(seen)].sort(byBytes));
});

export const remove: (parameters: {
  readonly slot: number;
  readonly when?: Tag | undefined;
}) => Command = command("remove", async (model, site, { slot, when: tag }) => {
  const key = keyAt(site, slot);
  const when = tag === undefined ? undefined : { etag: model.etag(key, tag) };
  const honoured = site.store.facts.honours.conditions.delete;
  const codes = refusalsInOrder(honoured, tag, [], model.refusals(key, when));
  await spare(model, site, key);
  await attempt(site, { operation: "delete", keys: [key] }, codes, () =>
    site.store.delete(key, { when }),
  );
  if (codes.length === 0) model.remove(key);
  await inspect(model, site, key);
});

export const removeMany: (parameters: { readonly slots: readonly number[] }) => Command = command(
  "removeMany",
  async (model, site, { slots }) => {
    const keys = slots.map((slot) => keyAt(site, slot));
    await spare(model, site, ...keys);
    const results = await site.store.deleteMany(keys);
    assert.deepEqual(
      results.map(({ key, error }) => [key, error]),
      keys.map((key) => [key, undefined]),
    );
    for (const key of keys) model.remove(key);
    await inspect(model, site, ...new Set(keys));
  },
);

export interface Copy {
  readonly from: number;
  readonly to: number;
  readonly when?: Condition | undefined;
}

export const copy: (parameters: Copy) => Command = command(
  "copy",
  async (model, site, { from: source, to: target, when: condition }) => {
    const [from, to] = [keyAt(site, source), keyAt(site, target)];
    const held = model.objects.get(from);
    const when = model.when(to, condition);
    const refusals = model.refusals(to, when);
    if (held === undefined) refusals.push("not-found");
    const honoured = site.store.facts.honours.conditions.copy;
    const codes = refusalsInOrder(honoured, condition, [], refusals);
    await spare(model, site, to);
    const begun = Date.now();
    const told = await attempt(site, { operation: "copy", keys: [from, to] }, codes, () =>
      site.store.copy(from, to, { when }),
    );
    if (told !== undefined && held !== undefined) {
      assert.equal(told.size, held.bytes.length);
      const written = [from === to ? held.written[0] : begun, Date.now()] as const;
      const { contentType, metadata, bytes } = held;
      model.write(to, { contentType, metadata, bytes, etag: told.etag, written });
    }
    await inspect(model, site, from, to);
  },
);

export const uris: (parameters: object) => Command = command("uris", async (_, site) => {
  const { facts } = site.store;
  const all = site.keys.map((key) => site.store.uri(key));
  assert.equal(new Set(all).size, site.keys.length, "two keys have one URI");
  for (const [at, uri] of all.entries()) {
    assert.ok(uri.startsWith(facts.location), uri);
    assert.equal(site.store.keyOf(uri), site.keys[at], `${uri} leads elsewhere`);
  }
});

function textOf(site: Site, { slot, cut, tail }: Text): string {
  const characters = [...keyAt(site, slot).slice(site.prefix.length)];
  return site.prefix + characters.slice(0, cut % (characters.length + 1)).join("") + tail;
}
