import { beforeEach, describe, expect, test } from "vitest";
import { MemoryObjectStore, openMemoryStore } from "../../src/adapters/memory/index.js";
import { type ObjectKey, objectKey } from "../../src/domain/object-key.js";
import {
  type ContractCase,
  type ContractSubject,
  runCase,
  runContract,
} from "../../src/ports/contract/index.js";
import type { Upload, UploadFilter } from "../../src/ports/multipart-store.js";
import type { ListEntry, ListOptions, OpenObject } from "../../src/ports/object-store.js";
import type { OpenStore } from "../../src/ports/store.js";
import { bodyOf, type Get, type Put } from "./broken/broken-store.js";
import { limitedSubject } from "./limited-store.js";

const PREFIX = "datasets/try-out/";
/** Around the prefix and within it, where a run of yesterday or a user may have left something. */
const STRANGERS = [
  "datasets/a.csv",
  "datasets/try-out",
  "datasets/try-out.csv",
  "datasets/try-out/P01/object",
  "datasets/try-out/user_1/a.csv",
  "datasets/try-out0/a.csv",
  "zebra",
].map((name) => objectKey(name));

/** Puts an object and begins an upload under each of the strangers' keys, in a memory store. */
async function moveIn(store: OpenStore): Promise<unknown> {
  // What a store overrides is its trouble, which comes later.
  const { put, createUpload, uploadPart } = MemoryObjectStore.prototype;
  for (const key of STRANGERS) {
    const bytes = new TextEncoder().encode(key);
    await put.call(store, key, bytes, { metadata: { of: "a stranger" } });
    const upload = await createUpload.call(store, key);
    await uploadPart.call(store, upload, 1, bytes);
  }
  return everything(store);
}

/** All there is in a memory store: objects with their bytes, uploads with their parts. */
async function everything(store: OpenStore): Promise<unknown> {
  const reads = MemoryObjectStore.prototype;
  const objects = [];
  for await (const entry of reads.list.call(store)) {
    if (entry.kind === "prefix") continue;
    const { info, body } = await reads.get.call(store, entry.key);
    objects.push({ info, bytes: Buffer.concat(await Array.fromAsync(body)).toString("hex") });
  }
  const uploads = [];
  for await (const upload of reads.listUploads.call(store, { prefix: "" })) {
    uploads.push({ upload, parts: await Array.fromAsync(reads.listParts.call(store, upload)) });
  }
  return { objects, uploads };
}

/** Notes each key and each prefix that a call names. */
function spied<T extends object>(store: T, names: string[]): T {
  return new Proxy(store, {
    get: (_, operation) => {
      const method: unknown = Reflect.get(store, operation);
      if (typeof method !== "function" || typeof operation === "symbol") return method;
      return (...args: unknown[]): unknown => {
        names.push(...namesIn(operation, args));
        return Reflect.apply(method, store, args);
      };
    },
  });
}

/** What a call names, key by key. A list without a prefix names everything. */
function namesIn(operation: string, args: readonly unknown[]): string[] {
  const [first, second] = args as readonly [unknown, unknown];
  switch (operation) {
    case "list":
      return [(first as ListOptions | undefined)?.prefix ?? ""];
    case "listUploads":
      return [(first as UploadFilter).key ?? (first as UploadFilter).prefix ?? ""];
    case "deleteMany":
      return [...(first as readonly string[])];
    case "copy":
      return [first as string, second as string];
    case "keyOf":
      return [];
    case "createUpload":
    case "uri":
    case "put":
    case "get":
    case "head":
    case "delete":
      return [first as string];
    default:
      return [(first as Upload).key];
  }
}

function trial(run: ContractCase["run"]): ContractCase {
  return { id: "T01", promise: "A promise.", run };
}

describe("the whole kit", () => {
  test("names no key and no prefix outside of its own, and leaves all others as they were", async () => {
    const store = openMemoryStore();
    const before = await moveIn(store);
    const names: string[] = [];
    const report = await runContract({ store: spied(store, names), prefix: PREFIX });
    expect(report.ok).toBe(true);
    expect(names.length).toBeGreaterThan(10_000);
    const [folder = ""] = /^datasets\/try-out\/[0-9a-f-]{36}\//.exec(names[0] ?? "") ?? [];
    expect(folder).not.toBe("");
    expect(names.filter((name) => !name.startsWith(folder))).toEqual([]);
    expect(await everything(store)).toEqual(before);
  }, 60_000);

  test("stays within its prefix on a store without its bucket as well", async () => {
    const names: string[] = [];
    const subject: ContractSubject = {
      store: spied(limitedSubject.store, names),
      openWithoutBucket: async () => {
        const opened = await limitedSubject.openWithoutBucket?.();
        if (opened === undefined) throw new Error("There is none");
        return spied(opened, names);
      },
    };
    expect((await runContract(subject)).ok).toBe(true);
    expect(names.filter((name) => !/^stowage-contract\/[0-9a-f-]{36}\//.test(name))).toEqual([]);
  }, 60_000);
});

/** Stores on which cases fail, and which make it hard to clean up. */
const TROUBLE: Readonly<Record<string, new () => OpenStore>> = {
  "gives wrong bytes": class extends MemoryObjectStore {
    override async get(...[key, options]: Get): Promise<OpenObject> {
      return { ...(await super.get(key, options)), body: bodyOf([new Uint8Array(3)]) };
    }
  },
  "lists everything, whatever the prefix": class extends MemoryObjectStore {
    override list(options: ListOptions): AsyncIterable<ListEntry> {
      return super.list({ ...options, prefix: undefined });
    }
    override listUploads() {
      return super.listUploads({ prefix: "" });
    }
  },
  "lists nothing": class extends MemoryObjectStore {
    override list(options: ListOptions): AsyncIterable<ListEntry> {
      return super.list({ ...options, startAfter: "\u{10ffff}" });
    }
    override listUploads() {
      return super.listUploads({ prefix: "nothing" });
    }
  },
  "deletes one by one alone": class extends MemoryObjectStore {
    override async deleteMany(keys: readonly ObjectKey[]) {
      return keys.map((key) => ({ key }));
    }
  },
  "has no deleteMany": class extends MemoryObjectStore {
    override deleteMany(): never {
      throw new TypeError("not a function");
    }
  },
  "stores, and says that it did not": class extends MemoryObjectStore {
    override async put(...[key, bytes, options]: Put): Promise<never> {
      await super.put(key, bytes, options);
      throw new Error("lost");
    }
  },
  "begins uploads, and says that it did not": class extends MemoryObjectStore {
    override async createUpload(
      ...[key, options]: Parameters<OpenStore["createUpload"]>
    ): Promise<never> {
      await super.createUpload(key, options);
      throw new Error("lost");
    }
  },
};

/** Cases but those that move megabytes, or wait. */
function isLight({ id }: ContractCase): boolean {
  return !/^(E08|G1\d|H01-later|P05|P16-body|P16-part|U01$|U02-mixed|U04|U08|U21$)/.test(id);
}

describe("a kit whose cases fail", () => {
  test.for(Object.entries(TROUBLE))("leaves nothing in a store that %s", async ([, Store]) => {
    const store = new Store();
    const before = await moveIn(store);
    const options = { timeoutMs: 1_000, filter: isLight };
    const report = await runContract({ store, prefix: PREFIX }, options);
    expect(report.counts.failed).toBeGreaterThan(0);
    expect(report.rows.length).toBeGreaterThan(180);
    expect(await everything(store)).toEqual(before);
  });
});

describe("a case", () => {
  let store: OpenStore;
  let before: unknown;
  beforeEach(async () => {
    store = openMemoryStore();
    before = await moveIn(store);
  });

  const endings: Readonly<Record<string, () => Promise<void>>> = {
    passes: async () => undefined,
    fails: async () => Promise.reject(new Error("its own")),
    "never ends": async () => new Promise(() => {}),
  };
  test.for(Object.entries(endings))("that %s leaves nothing", async ([, end]) => {
    await runCase(
      trial(async (context) => {
        await context.store.put(context.key("object"), new Uint8Array(1));
        await context.store.createUpload(context.key("upload"));
        await end();
      }),
      { store, prefix: PREFIX },
      { timeoutMs: 50 },
    );
    expect(await everything(store)).toEqual(before);
  });

  test("cannot reach outside of its prefix", async () => {
    const [stranger] = STRANGERS;
    const foreign: Upload = { key: objectKey("zebra"), uploadId: "any" };
    const part = { partNumber: 1, size: 1, etag: "e" };
    const key = stranger ?? objectKey("a");
    const acts: readonly ContractCase["run"][] = [
      async (context) => void (await context.store.put(key, new Uint8Array(1))),
      async (context) => void (await context.store.get(key)),
      async (context) => void (await context.store.head(key)),
      async (context) => context.store.delete(key),
      async (context) => void (await context.store.deleteMany([context.key("a"), key])),
      async (context) => void (await context.store.copy(key, context.key("a"))),
      async (context) => void (await context.store.copy(context.key("a"), key)),
      async (context) => void (await Array.fromAsync(context.store.list())),
      async (context) => void (await Array.fromAsync(context.store.list({ prefix: PREFIX }))),
      async (context) => void context.store.uri(key),
      async (context) => void (await context.store.createUpload(key)),
      async (context) => void (await context.store.uploadPart(foreign, 1, new Uint8Array(1))),
      async (context) => void (await context.store.completeUpload(foreign, [part])),
      async (context) => context.store.abortUpload(foreign),
      async (context) => void (await Array.fromAsync(context.store.listParts(foreign))),
      async (context) => void (await Array.fromAsync(context.store.listUploads({ prefix: "" }))),
      async (context) => void (await Array.fromAsync(context.store.listUploads({ key }))),
    ];
    for (const act of acts) {
      expect(await runCase(trial(act), { store, prefix: PREFIX })).toMatchObject({
        outcome: "failed",
        error: { message: /Cannot touch ".*" in a case: it is outside of/ },
      });
    }
    expect(await everything(store)).toEqual(before);
  });

  test("that goes on after its time can do nothing any more", async () => {
    let late: Promise<unknown> = Promise.resolve();
    const result = await runCase(
      trial(async (context) => {
        late = new Promise((resolve) => setTimeout(resolve, 100)).then(() =>
          context.store.put(context.key("late"), new Uint8Array(1)),
        );
        late.catch(() => undefined);
        await late;
      }),
      { store },
      { timeoutMs: 20 },
    );
    expect(result).toMatchObject({ outcome: "failed", error: { message: /has not ended/ } });
    await expect(late).rejects.toThrow(/case that is over/);
    expect(await everything(store)).toEqual(before);
  });

  test("whose aborted write lands all the same leaves nothing", async () => {
    const slow = new MemoryObjectStore();
    const landing = new (class extends MemoryObjectStore {
      override async put(...[key, bytes, options]: Put) {
        setTimeout(() => void slow.put(key, bytes), 100);
        options?.signal?.throwIfAborted();
        return slow.put(key, bytes);
      }
      override list(options: ListOptions) {
        return slow.list(options);
      }
      override deleteMany(keys: readonly ObjectKey[]) {
        return slow.deleteMany(keys);
      }
    })();
    await runCase(
      trial(async (context) => {
        const signal = AbortSignal.abort();
        await context.store
          .put(context.key("late"), new Uint8Array(1), { signal })
          .catch(() => undefined);
      }),
      { store: landing },
    );
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await everything(slow)).toEqual({ objects: [], uploads: [] });
  });
});
