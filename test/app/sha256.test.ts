import { hash } from "node:crypto";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openLocalSource } from "../../src/adapters/local/index.js";
import type { Stowage } from "../../src/app/stowage.js";
import { objectKey } from "../../src/domain/object-key.js";
import type { OpenSource, Source, UploadSource } from "../../src/ports/source.js";
import type { Store } from "../../src/ports/store.js";
import { bytes, failure, freshStores, open, store, streamOf, upload } from "./engine-rig.js";
import { keysOf, scripted, uploadsOf } from "./scripted-store.js";
import { stowageOn } from "./stowage-on.js";

freshStores();

const sha256 = true;
let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "stowage-sha256-"));
  path = join(folder, "x.csv");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function hashOf(data: Uint8Array): string {
  return hash("sha256", data, "hex");
}

/** Over the store, with sources that are opened in another way. */
function openWith(openSource: OpenSource): { stowage: Stowage; calls: string[] } {
  const wishes = { thresholdBytes: 10, partBytes: 10, streamPartCapBytes: 10 };
  const faulty = scripted(store, []);
  const stowage = stowageOn(faulty, { wishes }, { openSource });
  return { stowage, calls: faulty.calls };
}

/** A store that keeps no checksum, as Ceph RGW does, and changes a byte where it is told to. */
function forgetful(flipAt?: number): Store {
  return new Proxy(store, {
    get(target, name: Exclude<keyof Store, "signer">) {
      const member = target[name];
      if (name !== "get") return typeof member === "function" ? member.bind(target) : member;
      const get: Store["get"] = async (key, options) => {
        const { info, body, ...rest } = await target.get(key, options);
        const all = Buffer.concat(await Array.fromAsync(body));
        if (flipAt !== undefined) all[flipAt] = (all[flipAt] ?? 0) ^ 1;
        const whole = (async function* () {
          yield all;
        })();
        return { ...rest, info: { ...info, checksum: undefined }, body: whole };
      };
      return get;
    },
  });
}

const SOURCES: Record<string, (data: Buffer) => UploadSource> = {
  "a path": () => path,
  "a file: URL": () => pathToFileURL(path),
  "bytes at hand": (data) => data,
  "a Blob": (data) => new Blob([new Uint8Array(data)]),
  "a File": (data) => new File([new Uint8Array(data)], "y.csv"),
};

describe.each(Object.keys(SOURCES))("the SHA-256 of %s", (kind) => {
  it.each([0, 5, 95])("of %d bytes is recorded, told, and verified on download", async (size) => {
    const data = bytes(size);
    await writeFile(path, data);
    const { stowage } = open([], forgetful());
    const source = SOURCES[kind]?.(data) ?? "";
    const stored = await upload(stowage, 0, { source, sha256 });
    expect(stored.sha256).toBe(hashOf(data));
    expect(stored.metadata["sha256"]).toBe(stored.sha256);
    const request = { userId: 7, object: stored.key };
    expect(await stowage.info(request)).toMatchObject({ sha256: stored.sha256 });
    const told = await stowage.download({ ...request, to: join(folder, "got") });
    expect(told).toMatchObject({ size, sha256: stored.sha256, verified: true });
  });
});

it("a SHA-256 is recorded only where it is asked for", async () => {
  const { stowage } = open([], forgetful());
  const stored = await upload(stowage, 95);
  expect(stored.sha256).toBeUndefined();
  expect(stored.metadata).not.toHaveProperty("sha256");
  const request = { userId: 7, object: stored.key };
  expect((await stowage.info(request)).sha256).toBeUndefined();
  const told = await stowage.download({ ...request, to: join(folder, "got") });
  expect(told).toMatchObject({ sha256: undefined, verified: false });
});

it.each([5, 95])(
  "of %d bytes, of which one comes back changed, none becomes a file",
  async (size) => {
    const { stowage } = open([], forgetful(3));
    const { key } = await upload(stowage, size, { sha256 });
    const request = { userId: 7, object: key };
    const error = await failure(stowage.download({ ...request, to: join(folder, "got") }));
    expect(error.code).toBe("checksum-mismatch");
    expect(error.message).toContain(hashOf(bytes(size)));
    expect(await readdir(folder)).toEqual([]);
    await using object = await stowage.open(request);
    expect((await failure(Array.fromAsync(object.body))).code).toBe("checksum-mismatch");
  },
);

it("what others call sha256 is not held against the bytes", async () => {
  const key = objectKey("datasets/user_7/20251023_143045_x.csv");
  const metadata = { sha256: "0".repeat(64) };
  await store.put(key, bytes(5), { metadata });
  const { stowage } = open();
  const told = await stowage.download({ userId: 7, object: key, to: join(folder, "got") });
  expect(told).toMatchObject({ sha256: undefined, verified: false });
});

describe("before anything is sent,", () => {
  it.each<[string, () => UploadSource]>([
    ["a generator", () => streamOf(95)],
    ["a Node stream", () => Readable.from([bytes(5)])],
    ["a web stream", () => new Blob(["x"]).stream()],
  ])("%s is refused, with what to do", async (_, source) => {
    const { stowage, calls } = open();
    const error = await failure(upload(stowage, 0, { source: source(), sha256 }));
    expect(error.code).toBe("invalid-argument");
    expect(error.message).toMatch(/SHA-256 of a stream.*from a file or from bytes/);
    expect(calls).toEqual([]);
  });

  it("a hash that is given in the place of true is refused", async () => {
    const { stowage, calls } = open();
    const given = { sha256: hashOf(bytes(5)) } as object;
    expect((await failure(upload(stowage, 5, given))).code).toBe("invalid-argument");
    expect(calls).toEqual([]);
  });

  it("metadata that leave no room for it are refused, and nothing is read", async () => {
    let opened = 0;
    const { stowage, calls } = openWith((source, options) => {
      opened += 1;
      return openLocalSource(source, options);
    });
    const metadata = { note: "x".repeat(1_850) };
    await upload(stowage, 5, { metadata });
    expect([opened, calls.splice(0)]).toEqual([1, ["put"]]);
    const error = await failure(upload(stowage, 5, { metadata, sha256 }));
    expect(error.code).toBe("invalid-metadata");
    expect([opened, calls]).toEqual([2, []]);
  });

  it("an abort ends the reading", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    let opened = 0;
    const { stowage, calls } = openWith(async (source, options): Promise<Source> => {
      const real = await openLocalSource(source, options);
      if (++opened === 1) return real;
      const pieces = async function* (): AsyncGenerator<Uint8Array> {
        controller.abort(reason);
        await new Promise(() => undefined);
        yield bytes(1);
      };
      return Object.assign(Object.create(real), { pieces });
    });
    const { signal } = controller;
    await expect(upload(stowage, 95, { sha256, signal })).rejects.toBe(reason);
    expect(calls).toEqual([]);
  });
});

it("a file is read a mebibyte at a time, into one and the same room", async () => {
  await writeFile(path, Buffer.alloc(3_500_000, 7));
  const rooms = new Set<Uint8Array>();
  let largest = 0;
  let opened = 0;
  const { stowage } = openWith(async (source, options): Promise<Source> => {
    const real = await openLocalSource(source, options);
    if (++opened === 1) return real;
    const pieces: Source["pieces"] = async function* (sizes, make) {
      const seen = async (size: number) => {
        const room = (await make?.(size)) ?? new Uint8Array();
        rooms.add(room);
        largest = Math.max(largest, room.length);
        return room;
      };
      yield* real.pieces(sizes, seen);
    };
    return {
      ...real,
      size: real.size,
      pieces,
      verify: () => real.verify(),
      [Symbol.asyncDispose]: () => real[Symbol.asyncDispose](),
    };
  });
  await failure(upload(stowage, 0, { source: path, sha256 }));
  expect([rooms.size, largest]).toEqual([1, 1_048_576]);
});

describe("a source that changes between the hashing and the sending", () => {
  it("is never stored, where its bytes alone tell", async () => {
    for (const size of [5, 95]) {
      let opened = 0;
      const { stowage, calls } = openWith((source, options) => {
        opened += 1;
        const other = Buffer.from(bytes(size));
        other[3] = 200;
        return openLocalSource(opened === 2 ? other : source, options);
      });
      const error = await failure(upload(stowage, size, { sha256 }));
      expect(error).toMatchObject({ code: "source-changed" });
      expect(calls).not.toContain(size < 10 ? "put" : "completeUpload");
      expect(await keysOf(store)).toEqual([]);
      expect(await uploadsOf(store)).toEqual([]);
    }
  });

  it("is never stored, where its file tells by its times", async () => {
    await writeFile(path, bytes(95));
    // Before the first part, once a free key was looked for: the file has been hashed by then.
    const run = () => writeFile(path, bytes(96).subarray(1));
    const { stowage } = open([{ operation: "head", nth: 1, run }]);
    const error = await failure(upload(stowage, 0, { source: path, sha256 }));
    expect(error).toMatchObject({ code: "source-changed", outcome: "not-applied" });
    expect(await keysOf(store)).toEqual([]);
    expect(await uploadsOf(store)).toEqual([]);
  });

  it("is never stored, where it is read again for another key", async () => {
    await writeFile(path, bytes(95));
    const { stowage } = open([
      {
        operation: "completeUpload",
        nth: 1,
        run: async () => {
          await store.put(objectKey("datasets/user_7/20251023_143045_x.csv"), bytes(1));
          await writeFile(path, bytes(96).subarray(1));
        },
      },
    ]);
    const error = await failure(upload(stowage, 0, { source: path, sha256 }));
    expect(error).toMatchObject({ code: "source-changed", outcome: "not-applied" });
    expect(await keysOf(store)).toHaveLength(1);
    expect(await uploadsOf(store)).toEqual([]);
  });
});
