import { MemoryObjectStore } from "../../../src/adapters/memory/index.js";
import { type ObjectKey, objectKey } from "../../../src/domain/object-key.js";
import type { ListEntry, ListOptions } from "../../../src/ports/object-store.js";
import type { OpenStore } from "../../../src/ports/store.js";
import type { BrokenStore, Get, Put } from "./broken-store.js";

type Copy = Parameters<OpenStore["copy"]>;

function nameOf(entry: ListEntry): string {
  return entry.kind === "object" ? entry.key : entry.prefix;
}

/** Keeps objects under another name than the one asked for. */
class Renaming extends MemoryObjectStore {
  protected rename(_key: string): string {
    return _key;
  }
  #renamed(key: ObjectKey): ObjectKey {
    return objectKey(this.rename(key));
  }
  override put(...[key, ...rest]: Put) {
    return super.put(this.#renamed(key), ...rest);
  }
  override get(...[key, ...rest]: Get) {
    return super.get(this.#renamed(key), ...rest);
  }
  override head(...[key, ...rest]: Parameters<OpenStore["head"]>) {
    return super.head(this.#renamed(key), ...rest);
  }
  override delete(...[key, ...rest]: Parameters<OpenStore["delete"]>) {
    return super.delete(this.#renamed(key), ...rest);
  }
}

export const brokenLists: readonly BrokenStore[] = [
  {
    fault: "sorts by UTF-16",
    caughtBy: ["L07"],
    store: class extends MemoryObjectStore {
      override async *list(options: ListOptions): AsyncIterable<ListEntry> {
        const entries = await Array.fromAsync(super.list(options));
        yield* entries.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
      }
    },
  },
  {
    fault: "sorts folder by folder",
    caughtBy: ["L07-folders"],
    store: class extends MemoryObjectStore {
      override async *list(options: ListOptions): AsyncIterable<ListEntry> {
        const entries = await Array.fromAsync(super.list(options));
        const path = (entry: ListEntry): string => nameOf(entry).replaceAll("/", "\0");
        yield* entries.sort((a, b) => (path(a) < path(b) ? -1 : 1));
      }
    },
  },
  {
    fault: "gives the key to start after once more",
    caughtBy: ["L06", "L08"],
    store: class extends MemoryObjectStore {
      override async *list(options: ListOptions): AsyncIterable<ListEntry> {
        const { startAfter, ...others } = options;
        for await (const entry of super.list(others)) {
          if (startAfter === undefined || nameOf(entry) >= startAfter) yield entry;
        }
      }
    },
  },
  {
    fault: "gives the common prefix to start after once more, as S3 does",
    caughtBy: ["L06-folded"],
    store: class extends MemoryObjectStore {
      override async *list(options: ListOptions): AsyncIterable<ListEntry> {
        const { startAfter, delimiter } = options;
        if (delimiter !== undefined && startAfter?.endsWith(delimiter)) {
          yield { kind: "prefix", prefix: startAfter };
        }
        yield* super.list(options);
      }
    },
  },
  {
    fault: "gives a common prefix on each page that it spans",
    caughtBy: ["L05"],
    store: class extends MemoryObjectStore {
      override async *list(options: ListOptions): AsyncIterable<ListEntry> {
        const { delimiter, pageSize = 1_000, ...others } = options;
        if (delimiter === undefined) return yield* super.list(options);
        const prefix = options.prefix ?? "";
        let last: string | undefined;
        let onPage = 0;
        for await (const entry of super.list(others)) {
          const cut = nameOf(entry).indexOf(delimiter, prefix.length);
          const folder = cut < 0 ? undefined : nameOf(entry).slice(0, cut + 1);
          if (onPage++ % pageSize === 0) last = undefined;
          if (folder === undefined) yield entry;
          else if (folder !== last) yield { kind: "prefix", prefix: folder };
          last = folder;
        }
      }
    },
  },
  {
    fault: "takes a page of common prefixes alone for the end",
    caughtBy: ["L05", "L05-only"],
    store: class extends MemoryObjectStore {
      override async *list(options: ListOptions): AsyncIterable<ListEntry> {
        for await (const entry of super.list(options)) {
          yield entry;
          if (options.pageSize === 1 && entry.kind === "prefix") return;
        }
      }
    },
  },
  {
    fault: "gives the first page alone",
    caughtBy: ["L02", "L07", "L08"],
    store: class extends MemoryObjectStore {
      override async *list(options: ListOptions): AsyncIterable<ListEntry> {
        let left = options.pageSize ?? 1_000;
        for await (const entry of super.list(options)) if (left-- > 0) yield entry;
      }
    },
  },
  {
    fault: "takes a prefix for a folder",
    caughtBy: ["L04"],
    store: class extends MemoryObjectStore {
      override async *list(options: ListOptions): AsyncIterable<ListEntry> {
        const folder = options.prefix?.replace(/[^/]*$/, "") ?? "";
        const { prefix = "" } = options;
        for await (const entry of super.list({ ...options, prefix: folder })) {
          const rest = nameOf(entry).slice(prefix.length);
          const within = nameOf(entry).startsWith(prefix) && /(^$|^\/|\/$)/.test(rest);
          if (prefix.endsWith("/") || within) yield entry;
        }
      }
    },
  },
  {
    fault: "goes on after it was left",
    caughtBy: ["L10"],
    store: class extends MemoryObjectStore {
      override list(options: ListOptions): AsyncIterable<ListEntry> {
        const entries = super.list(options)[Symbol.asyncIterator]();
        return { [Symbol.asyncIterator]: () => ({ next: () => entries.next() }) };
      }
    },
  },
];

export const brokenDeletes: readonly BrokenStore[] = [
  {
    fault: "removes all that begins with the key",
    caughtBy: ["D09"],
    store: class extends MemoryObjectStore {
      override async delete(...[key, options]: Parameters<OpenStore["delete"]>) {
        for await (const entry of this.list({ prefix: key })) {
          if (entry.kind === "object") await super.delete(entry.key, options);
        }
      }
    },
  },
  {
    fault: "ignores the condition of a delete",
    caughtBy: ["D11-stale", "W02-delete"],
    store: class extends MemoryObjectStore {
      override delete(...[key]: Parameters<OpenStore["delete"]>) {
        return super.delete(key);
      }
    },
  },
  {
    fault: "swallows the errors of single keys",
    caughtBy: ["D03", "D06"],
    store: class extends MemoryObjectStore {
      override async deleteMany(keys: readonly ObjectKey[]) {
        await super.deleteMany(keys.filter((key) => !key.includes("&")));
        return keys.map((key) => ({ key }));
      }
    },
  },
  {
    fault: "removes the first thousand alone",
    caughtBy: ["D04", "D04-there"],
    store: class extends MemoryObjectStore {
      override deleteMany(keys: readonly ObjectKey[]) {
        return super.deleteMany(keys.slice(0, 1_000));
      }
    },
  },
  {
    fault: "answers for the keys in an order of its own",
    caughtBy: ["D03"],
    store: class extends MemoryObjectStore {
      override deleteMany(keys: readonly ObjectKey[]) {
        return super.deleteMany([...new Set(keys)].sort());
      }
    },
  },
  {
    fault: "refuses to delete what is not there",
    caughtBy: ["D02"],
    store: class extends MemoryObjectStore {
      override async delete(...[key, options]: Parameters<OpenStore["delete"]>) {
        await super.head(key);
        return super.delete(key, options);
      }
    },
  },
];

export const brokenCopies: readonly BrokenStore[] = [
  {
    fault: "copies bytes without metadata",
    caughtBy: ["C01", "C01-parts", "C02", "M02-together"],
    store: class extends MemoryObjectStore {
      override async copy(...[from, to]: Copy) {
        const object = await super.get(from);
        return super.put(to, Buffer.concat(await Array.fromAsync(object.body)));
      }
    },
  },
  {
    fault: "copies by a link, so that source and target are one",
    caughtBy: ["C07"],
    store: class extends MemoryObjectStore {
      readonly #links = new Map<ObjectKey, ObjectKey>();
      override async copy(...[from, to, options]: Copy) {
        this.#links.set(to, from);
        return super.copy(from, to, options);
      }
      override get(...[key, options]: Get) {
        return super.get(this.#links.get(key) ?? key, options);
      }
    },
  },
  {
    fault: "ignores the condition of a copy",
    caughtBy: ["C03", "C03-stale", "W02-copy"],
    store: class extends MemoryObjectStore {
      override copy(...[from, to]: Copy) {
        return super.copy(from, to);
      }
    },
  },
  {
    fault: "refuses to copy an object onto itself, as S3 does",
    caughtBy: ["C05"],
    store: class extends MemoryObjectStore {
      override async copy(...[from, to, options]: Copy) {
        if (from === to) throw new Error("InvalidRequest");
        return super.copy(from, to, options);
      }
    },
  },
];

export const brokenKeys: readonly BrokenStore[] = [
  {
    fault: "folds case",
    caughtBy: ["K05"],
    store: class extends Renaming {
      protected override rename(key: string): string {
        return key.toLowerCase();
      }
    },
  },
  {
    fault: "normalises Unicode",
    caughtBy: ["K04", "K01-nfd"],
    store: class extends Renaming {
      protected override rename(key: string): string {
        return key.normalize("NFC");
      }
    },
  },
  {
    fault: "decodes percent signs",
    caughtBy: ["K05-encoded", "K01-percent-encoded"],
    store: class extends Renaming {
      protected override rename(key: string): string {
        return key.replaceAll("%2F", "/").replaceAll("%2e", ".").replaceAll("%48", "H");
      }
    },
  },
  {
    fault: "takes plus signs for spaces",
    caughtBy: ["K05-plus", "K01-plus"],
    store: class extends Renaming {
      protected override rename(key: string): string {
        return key.replaceAll("+", " ");
      }
    },
  },
];
