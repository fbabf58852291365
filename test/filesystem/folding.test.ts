import type * as fs from "node:fs/promises";
import { readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { bytes, key, listed, openIn, temporaryFolder, textOf } from "./fixtures.js";

type Fs = typeof fs;

/**
 * A disk that takes `A` for `a`, and `é` for `e` with an accent, as those of macOS do: each path that
 * is given is first led to the names that are there.
 */
vi.mock("node:fs/promises", async (importOriginal) => {
  const original = await importOriginal<Fs>();
  const fold = (name: string) => name.normalize("NFC").toLowerCase();
  const led = async (path: string): Promise<string> => {
    if (dirname(path) === path) return path;
    const folder = await led(dirname(path));
    const names = await original.readdir(folder).catch((): string[] => []);
    const name = basename(path);
    const there = names.includes(name) ? name : names.find((other) => fold(other) === fold(name));
    return join(folder, there ?? name);
  };
  const one = <T extends keyof Fs>(name: T) => ({
    [name]: async (path: string, ...rest: unknown[]) =>
      Reflect.apply(original[name] as () => unknown, original, [await led(path), ...rest]),
  });
  const two = <T extends keyof Fs>(name: T) => ({
    [name]: async (from: string, to: string, ...rest: unknown[]) =>
      Reflect.apply(original[name] as () => unknown, original, [
        await led(from),
        await led(to),
        ...rest,
      ]),
  });
  return {
    ...original,
    ...one("open"),
    ...one("lstat"),
    ...one("stat"),
    ...one("mkdir"),
    ...one("rmdir"),
    ...one("unlink"),
    ...one("readdir"),
    ...one("readFile"),
    ...one("writeFile"),
    ...two("link"),
    ...two("rename"),
    ...two("copyFile"),
    // Linux says of a folded path what was asked for. The tests make no links.
    realpath: async (path: string) => {
      await original.realpath(await led(path));
      return path;
    },
  };
});

describe("on a disk that folds names", () => {
  it("keys that it would fold are objects of their own", async () => {
    const store = await openIn(await temporaryFolder());
    const names = ["A", "A/B", "a", "a/B", "a/b", "ab", "e\u0301", "É", "é"];
    for (const name of names) await store.put(key(name), bytes(name), { metadata: { of: name } });
    for (const name of names) {
      expect(await textOf(store, name)).toBe(name);
      expect((await store.head(key(name))).metadata).toEqual({ of: name });
    }
    const sorted = names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(await listed(store)).toEqual(sorted);
    expect(await listed(store, { prefix: "A/" })).toEqual(["A/B"]);
    await store.delete(key("a"));
    expect(await listed(store)).toEqual(sorted.filter((name) => name !== "a"));
  });

  it("keys of small ASCII letters have their plain path", async () => {
    const directory = await temporaryFolder();
    const store = await openIn(directory);
    await store.put(key("user_1/data.csv"), bytes("x"));
    expect(await readFile(join(directory, "user_1/data.csv"), "utf8")).toBe("x");
  });

  it("a file by hand is the object of its own spelling alone", async () => {
    const directory = await temporaryFolder();
    const store = await openIn(directory);
    await writeFile(join(directory, "Data.csv"), "by hand");
    expect(await textOf(store, "Data.csv")).toBe("by hand");
    await expect(store.head(key("data.csv"))).rejects.toMatchObject({ code: "not-found" });
    await store.put(key("data.csv"), bytes("small"), { when: { absent: true } });
    expect(await textOf(store, "data.csv")).toBe("small");
    expect(await textOf(store, "Data.csv")).toBe("by hand");
    expect(await listed(store)).toEqual(["Data.csv", "data.csv"]);
    await store.put(key("Data.csv"), bytes("new"));
    expect(await readFile(join(directory, "Data.csv"), "utf8")).toBe("new");
    await store.delete(key("data.csv"));
    expect(await listed(store)).toEqual(["Data.csv"]);
  });

  it("the store's own folder is reached by no spelling of its name", async () => {
    const directory = await temporaryFolder();
    const store = await openIn(directory);
    await store.put(key("a"), bytes("x"));
    const names = [".STOWAGE/owners/x", ".stowage/owners/x"];
    for (const name of names) await store.put(key(name), bytes(name));
    for (const name of names) expect(await textOf(store, name)).toBe(name);
    expect(await listed(store)).toEqual([...names, "a"]);
    expect(await listed(store, { prefix: ".STOWAGE/owners/" })).toEqual([names[0]]);
  });
});
