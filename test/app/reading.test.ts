import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MemoryObjectStore } from "../../src/adapters/memory/index.js";
import type { Stowage } from "../../src/app/stowage.js";
import { StowageError } from "../../src/domain/errors.js";
import { objectKey } from "../../src/domain/object-key.js";
import type { ObjectInfo, OpenObject } from "../../src/ports/object-store.js";
import type { Store } from "../../src/ports/store.js";
import { unavailable } from "./scripted-store.js";
import { stowageOn } from "./stowage-on.js";

const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
let folder: string;
let memory: MemoryObjectStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "stowage-reading-"));
  memory = new MemoryObjectStore();
});

afterEach(() => rm(folder, { recursive: true, force: true }));

function open(store: Store = memory): Stowage {
  return stowageOn(store);
}

function stored(): Promise<{ key: string; uri: string }> {
  return open().uploadDataset({ userId: 7, source: bytes, name: "x.bin" });
}

/** A store whose bodies are changed on their way. */
function withBodies(
  change: (body: AsyncIterable<Uint8Array>, opened: number) => AsyncIterable<Uint8Array>,
  told: (info: ObjectInfo) => ObjectInfo = (info) => info,
): Store {
  let opened = 0;
  return new Proxy(memory, {
    get(target, name: Exclude<keyof Store, "signer">) {
      const member = target[name];
      if (name !== "get") return typeof member === "function" ? member.bind(target) : member;
      return async (...args: Parameters<Store["get"]>): Promise<OpenObject> => {
        const object = await target.get(...args);
        const body = change(object.body, ++opened);
        return { info: told(object.info), body, [Symbol.asyncDispose]: async () => undefined };
      };
    },
  });
}

async function* firstBytes(
  body: AsyncIterable<Uint8Array>,
  count: number,
): AsyncGenerator<Uint8Array> {
  let left = count;
  for await (const piece of body) {
    yield piece.subarray(0, left);
    left -= piece.length;
    if (left <= 0) return;
  }
}

describe("download", () => {
  it("brings a file, by key and by URI, and verifies it", async () => {
    const { key, uri } = await stored();
    for (const object of [key, uri]) {
      for (const to of [join(folder, "a.bin"), pathToFileURL(join(folder, "b.bin"))]) {
        const request = { userId: "7", object, to, overwrite: true };
        const result = await open().download(request);
        expect(result).toMatchObject({ key, size: bytes.length, verified: true });
        expect(await readFile(to)).toEqual(bytes);
      }
    }
    expect(await readdir(folder)).toEqual(["a.bin", "b.bin"]);
  });

  it("brings a Node stream and a web stream", async () => {
    const { key } = await stored();
    const node = new PassThrough();
    const came = Array.fromAsync(node);
    await open().download({ userId: 7, object: key, to: node });
    expect(Buffer.concat(await came)).toEqual(bytes);
    const pieces: Uint8Array[] = [];
    const web = new WritableStream<Uint8Array>({ write: (piece) => void pieces.push(piece) });
    await open().download({ userId: 7, object: key, to: web });
    expect(Buffer.concat(pieces)).toEqual(bytes);
  });

  it.each([
    ["rosUhgp5mIg=", true],
    ["rosUhgp5mIk=", false],
  ])("holds what others have stored against its CRC-64/NVME, %s", async (value, isRight) => {
    const key = objectKey("datasets/user_7/20251023_143045_x.bin");
    await memory.put(key, Buffer.from("123456789"));
    const checksum = { algorithm: "CRC64NVME", value } as const;
    const store = withBodies(
      (body) => body,
      (info) => ({ ...info, checksum }),
    );
    const request = { userId: 7, object: key };
    const to = join(folder, "x.bin");
    const download = open(store).download({ ...request, to });
    await using object = await open(store).open(request);
    const body = Array.fromAsync(object.body);
    if (isRight) {
      // Of the bytes that came, as of every download.
      const crc32 = { algorithm: "CRC32", value: "y/Q5Jg==" };
      expect(await download).toMatchObject({ checksum: crc32, verified: true });
      expect(Buffer.concat(await body).toString()).toBe("123456789");
      return;
    }
    const wrong = {
      code: "checksum-mismatch",
      message: `Cannot trust "${key}": 9 bytes with CRC64NVME rosUhgp5mIg= came, and 9 with ${value} are stored`,
    };
    await expect(body).rejects.toMatchObject(wrong);
    await expect(download).rejects.toMatchObject(wrong);
    expect(await readdir(folder)).toEqual([]);
  });

  it("takes up what broke off, where it broke off", async () => {
    const { key } = await stored();
    let opened = 0;
    const store = withBodies(async function* (body, count) {
      opened = count;
      yield* firstBytes(body, 70_000);
      if (count <= 4) unavailable();
    });
    const to = join(folder, "x.bin");
    await open(store).download({ userId: 7, object: key, to });
    expect(await readFile(to)).toEqual(bytes);
    expect(opened).toBe(5);
  });

  it("never mixes two versions", async () => {
    const { key } = await stored();
    const store = withBodies(async function* (body) {
      yield* firstBytes(body, 70_000);
      await memory.put(key as never, Buffer.alloc(bytes.length));
      unavailable();
    });
    const to = join(folder, "x.bin");
    await expect(open(store).download({ userId: 7, object: key, to })).rejects.toMatchObject({
      code: "precondition-failed",
    });
    expect(await readdir(folder)).toEqual([]);
  });

  it("lets no wrong byte reach a finished file, and no short body pass", async () => {
    const { key } = await stored();
    const flipped = withBodies(async function* (body) {
      for await (const piece of body) yield piece.map((byte, i) => (i === 9 ? byte ^ 1 : byte));
    });
    const short = withBodies((body) => firstBytes(body, 100));
    for (const [store, code] of [
      [flipped, "checksum-mismatch"],
      [short, "unavailable"],
    ] as const) {
      const to = join(folder, "x.bin");
      const one = { info: await memory.head(key as never) };
      expect(one.info.checksum).toBeDefined();
      const limited = new Proxy(store, {
        get: (target, name: keyof Store) =>
          name === "get" && store === short
            ? (k: never, o?: { range?: { start: number } }) =>
                (o?.range?.start ?? 0) > 0 ? unavailable() : target.get(k, o)
            : target[name],
      });
      await expect(open(limited).download({ userId: 7, object: key, to })).rejects.toMatchObject({
        code,
      });
      expect(await readdir(folder)).toEqual([]);
    }
  });

  it("replaces no file unless told to", async () => {
    const { key } = await stored();
    const to = join(folder, "x.bin");
    await writeFile(to, "mine");
    const request = { userId: 7, object: key, to };
    await expect(open().download(request)).rejects.toMatchObject({ code: "already-exists" });
    expect(await readFile(to, "utf8")).toBe("mine");
    await open().download({ ...request, overwrite: true });
    expect(await readFile(to)).toEqual(bytes);
  });

  it("that is aborted rejects with the reason, and leaves no file", async () => {
    const { key } = await stored();
    const reason = new Error("enough");
    const controller = new AbortController();
    const to = join(folder, "x.bin");
    const onProgress = (): void => controller.abort(reason);
    const request = { userId: 7, object: key, to, signal: controller.signal, onProgress };
    await expect(open().download(request)).rejects.toBe(reason);
    expect(await readdir(folder)).toEqual([]);
  });
});

describe("one user", () => {
  it("sees and reaches only what is theirs", async () => {
    const stowage = open();
    const mine = await stowage.uploadDataset({ userId: 1, source: bytes, name: "x" });
    const other = await stowage.uploadDataset({ userId: 10, source: bytes, name: "x" });
    const model = await stowage.uploadModel({ userId: 1, source: bytes, name: "m" });
    const listed = await Array.fromAsync(stowage.list({ userId: 1 }));
    expect(listed.map(({ key }) => key)).toEqual([mine.key]);
    expect(listed[0]).toMatchObject({ filename: "x", uri: mine.uri, size: bytes.length });
    const models = await Array.fromAsync(stowage.list({ userId: 1, kind: "model" }));
    expect(models.map(({ key }) => key)).toEqual([model.key]);
    expect(model.key).toMatch(/^models\/user_1\//);

    for (const object of [other.key, other.uri, "datasets/user_1", "elsewhere/user_1/x"]) {
      const request = { userId: 1, object, to: join(folder, "x") };
      for (const call of ["download", "open", "info", "remove"] as const) {
        const error = await (stowage[call](request) as Promise<unknown>).catch((e: unknown) => e);
        expect(error).toBeInstanceOf(StowageError);
        expect(error).toMatchObject({ code: "access-denied" });
      }
    }
    await stowage.remove({ userId: 1, object: mine.uri });
    await stowage.remove({ userId: 1, object: mine.uri });
    const info = stowage.info({ userId: 1, object: mine.key });
    await expect(info).rejects.toMatchObject({ code: "not-found" });
    expect(await stowage.info({ userId: 10, object: other.key })).toMatchObject({ filename: "x" });
  });

  it("gets another store's URI refused", async () => {
    const request = { userId: 1, object: "s3://other/datasets/user_1/20251023_143045_x" };
    await expect(open().info(request)).rejects.toMatchObject({ code: "invalid-argument" });
  });
});
