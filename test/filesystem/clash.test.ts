import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { OpenStore } from "../../src/ports/store.js";
import { bytes, key, listed, openIn, temporaryFolder, textOf } from "./fixtures.js";

const FILE = key("x/a");
const WITHIN = key("x/a/b");

describe.each([
  { order: "a key, then one that begins with it", first: FILE, second: WITHIN },
  { order: "a key, then one that it begins with", first: WITHIN, second: FILE },
])("$order", ({ first, second }) => {
  it("are two objects, of which the first keeps its plain path", async () => {
    const directory = await temporaryFolder();
    const store = await openIn(directory);
    await store.put(first, bytes("first"), { metadata: { of: "first" } });
    await store.put(second, bytes("second"), { metadata: { of: "second" } });
    expect(await readFile(join(directory, first), "utf8")).toBe("first");
    expect(await readFile(fileURLToPath(store.uri(second)), "utf8")).toBe("second");
    expect(await textOf(store, second)).toBe("second");
    expect((await store.head(second)).metadata).toEqual({ of: "second" });
    expect(await listed(store)).toEqual([FILE, WITHIN]);
    expect(await listed(store, { prefix: "x/", delimiter: "/" })).toEqual([FILE, `${FILE}/`]);
  });

  it("are replaced and deleted each alone", async () => {
    const store = await openIn(await temporaryFolder());
    await store.put(first, bytes("1"));
    const { etag } = await store.put(second, bytes("2"));
    await store.put(second, bytes("3"), { when: { etag } });
    expect(await textOf(store, second)).toBe("3");
    await store.delete(first);
    expect(await listed(store)).toEqual([second]);
    await store.put(first, bytes("4"));
    expect(await textOf(store, second)).toBe("3");
    await store.delete(second);
    expect(await textOf(store, first)).toBe("4");
    expect(await listed(store)).toEqual([first]);
  });

  it("are read without fail while the other is written and deleted", async () => {
    const store = await openIn(await temporaryFolder());
    await store.put(first, bytes("stays"));
    let done = false;
    const writing = writeAndDelete(store).finally(() => {
      done = true;
    });
    while (!done) {
      expect(await textOf(store, first)).toBe("stays");
      expect(await listed(store)).toContain(first);
    }
    await writing;

    async function writeAndDelete(other: OpenStore): Promise<void> {
      for (let round = 0; round < 20; round++) {
        await other.put(second, bytes("comes and goes"));
        await other.delete(second);
      }
    }
  });
});

describe("keys that clash on a disk", () => {
  it("are all written when they come at once", async () => {
    const store = await openIn(await temporaryFolder());
    const names = ["a", "a/b", "a/b/c", "a/b/c/d", "a-b", "a/b-c", "a0"];
    await Promise.all(names.map((name) => store.put(key(name), bytes(name))));
    for (const name of names) expect(await textOf(store, name)).toBe(name);
    expect(await listed(store)).toEqual(["a", "a-b", "a/b", "a/b-c", "a/b/c", "a/b/c/d", "a0"]);
    await store.deleteMany(names.map((name) => key(name)));
    expect(await listed(store)).toEqual([]);
  });

  it("come and go under each other's folders", async () => {
    const store = await openIn(await temporaryFolder());
    const churn = async (name: string) => {
      for (let round = 0; round < 25; round++) {
        await store.put(key(name), bytes(`${name} ${round}`));
        expect(await textOf(store, name)).toBe(`${name} ${round}`);
        await store.delete(key(name));
      }
    };
    await Promise.all(["p", "p/q", "p/q/r", "p/q/s"].map(churn));
    expect(await listed(store)).toEqual([]);
  });

  it("may have the name of the store's own folder", async () => {
    const directory = await temporaryFolder();
    const store = await openIn(directory);
    const names = [".stowage", ".stowage/drafts/x", ".stowage/upload.json"];
    for (const name of names) await store.put(key(name), bytes(name));
    for (const name of names) expect(await textOf(store, name)).toBe(name);
    expect(await listed(store)).toEqual(names);
    expect(await listed(store, { prefix: ".stowage/", delimiter: "/" })).toEqual([
      ".stowage/drafts/",
      ".stowage/upload.json",
    ]);
  });

  it("have their plain path where only an empty folder is in the way", async () => {
    const directory = await temporaryFolder();
    const store = await openIn(directory);
    await mkdir(join(directory, "a"));
    await store.put(key("a"), bytes("x"));
    expect(await readFile(join(directory, "a"), "utf8")).toBe("x");
  });

  it("with a file by hand at the plain path give way to it, until they are deleted", async () => {
    const directory = await temporaryFolder();
    const store = await openIn(directory);
    await store.put(WITHIN, bytes("within"));
    await store.put(FILE, bytes("encoded"));
    await store.delete(WITHIN);
    await writeFile(join(directory, "x-a"), "");
    await mkdir(join(directory, "x"), { recursive: true });
    await writeFile(join(directory, FILE), "by hand");
    expect(await textOf(store, FILE)).toBe("by hand");
    expect(await listed(store)).toEqual(["x-a", FILE]);
    await store.delete(FILE);
    expect(await listed(store)).toEqual(["x-a"]);
  });

  it("may have segments of 255 bytes", async () => {
    const store = await openIn(await temporaryFolder());
    const long = "é".repeat(127);
    const names = [long, `${long}/${long}`, `${long}/${long}x`];
    for (const name of names) await store.put(key(name), bytes(name));
    for (const name of names) expect(await textOf(store, name)).toBe(name);
    expect(await listed(store)).toEqual(names);
    expect(await listed(store, { prefix: `${long}/` })).toEqual(names.slice(1));
  });
});
