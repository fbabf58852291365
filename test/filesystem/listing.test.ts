import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { MemoryObjectStore } from "../../src/adapters/memory/index.js";
import { isObjectKey } from "../../src/domain/object-key.js";
import { bytes, key, listed, openIn, temporaryFolder } from "./fixtures.js";
import { disk } from "./recorded-fs.js";

vi.mock("node:fs/promises", async (importOriginal) =>
  (await import("./recorded-fs.js")).recorded(await importOriginal()),
);

afterEach(() => disk.reset());

describe("a list", () => {
  it("is that of the reference store, whatever the keys and the options", async () => {
    const segment = fc.constantFrom(
      "a",
      "a-",
      "a0",
      "b",
      "A",
      "\u{1F600}",
      "\uFF5E",
      ".stowage",
      "é",
    );
    const path = fc.array(segment, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/"));
    const options = fc.record({
      prefix: fc.oneof(
        fc.constant(""),
        path,
        path.map((text) => `${text}/`),
        fc.constant("a/../"),
      ),
      delimiter: fc.constantFrom(undefined, "/" as const),
      startAfter: fc.oneof(
        fc.constant(undefined),
        path,
        path.map((text) => `${text}/`),
      ),
      pageSize: fc.constantFrom(1, 2, 1000),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(path, { maxLength: 12 }),
        fc.array(options, { minLength: 1, maxLength: 8 }),
        async (names, requests) => {
          const directory = await temporaryFolder();
          const store = await openIn(directory);
          const reference = new MemoryObjectStore();
          for (const name of names) {
            await store.put(key(name), bytes(name));
            await reference.put(key(name), bytes(name));
          }
          for (const request of requests) {
            expect(await listed(store, request)).toEqual(await listed(reference, request));
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it("reads no folder that neither prefix nor start asks for", async () => {
    const directory = await temporaryFolder();
    const store = await openIn(directory);
    for (const user of [1, 2, 3, 10]) {
      for (const kind of ["old", "new"]) {
        await store.put(key(`datasets/user_${user}/${kind}/x`), bytes(""));
      }
    }
    const read = async (options: Parameters<typeof listed>[1]) => {
      disk.reset();
      const names = await listed(store, options);
      const folders = disk.folders.filter((path) => !path.includes(".stowage"));
      return { names, folders: folders.map((path) => path.slice(directory.length + 1)) };
    };
    expect(await read({ prefix: "datasets/user_1/n" })).toEqual({
      names: ["datasets/user_1/new/x"],
      folders: ["datasets/user_1", "datasets/user_1/new"],
    });
    expect(await read({ prefix: "datasets/", startAfter: "datasets/user_2/old/x" })).toEqual({
      names: ["datasets/user_3/new/x", "datasets/user_3/old/x"],
      folders: ["datasets", "datasets/user_2", "datasets/user_2/old"].concat([
        "datasets/user_3",
        "datasets/user_3/new",
        "datasets/user_3/old",
      ]),
    });
    expect((await read({ prefix: "datasets/user_1", delimiter: "/" })).names).toEqual([
      "datasets/user_1/",
      "datasets/user_10/",
    ]);
  });

  it("reads no folder before its keys are due", async () => {
    const directory = await temporaryFolder();
    const store = await openIn(directory);
    for (const name of ["a/1", "b/1", "c/1"]) await store.put(key(name), bytes(""));
    disk.reset();
    for await (const entry of store.list({ pageSize: 1 })) {
      expect(entry).toMatchObject({ key: "a/1" });
      break;
    }
    expect(disk.folders).not.toContain(join(directory, "b"));
  });

  it("tells a folder that holds no object from one that does", async () => {
    const directory = await temporaryFolder();
    const store = await openIn(directory);
    await store.put(key("a/b/c"), bytes(""));
    await writeFile(join(directory, "a/b/back\\slash"), "");
    await store.put(key("a/d"), bytes(""));
    await store.delete(key("a/b/c"));
    expect(await listed(store, { prefix: "a/", delimiter: "/" })).toEqual(["a/d"]);
  });

  it("goes on while objects come and go, and gives each that stays once", async () => {
    const store = await openIn(await temporaryFolder());
    const staying = Array.from({ length: 30 }, (_, at) => `s/${at}/${at % 7}`).filter(isObjectKey);
    for (const name of staying) await store.put(key(name), bytes(""));
    let done = false;
    const churning = (async () => {
      for (let round = 0; round < 60; round++) {
        await store.put(key(`s/${round % 30}`), bytes(""));
        await store.put(key(`s/x${round}/y`), bytes(""));
        await store.deleteMany([key(`s/x${round}/y`), key(`s/${round % 30}`)]);
      }
    })().finally(() => {
      done = true;
    });
    while (!done) {
      const names = (await listed(store)).filter((name) => staying.includes(key(name)));
      expect(names.sort()).toEqual([...staying].sort());
    }
    await churning;
  });

  it("ends with the signal's reason", async () => {
    const store = await openIn(await temporaryFolder());
    for (const name of ["a", "b", "c"]) await store.put(key(name), bytes(""));
    const controller = new AbortController();
    const reason = new Error("enough");
    const reading = async () => {
      for await (const _ of store.list({ signal: controller.signal })) controller.abort(reason);
    };
    await expect(reading()).rejects.toBe(reason);
  });
});
