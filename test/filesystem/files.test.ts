import { execFileSync } from "node:child_process";
import {
  appendFile,
  copyFile,
  mkdir,
  readdir,
  readFile,
  rename,
  stat,
  utimes,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { crc32Checksum } from "../../src/domain/checksum.js";
import { bytes, key, listed, openIn, refusalOf, temporaryFolder, textOf } from "./fixtures.js";

const CSV = key("datasets/user_7/20251023_143045_housing data.csv");
const METADATA = { original_filename: "housing data.csv" };

describe("an object", () => {
  it("is a plain file at a readable path, for the account of the process alone", async () => {
    const directory = await temporaryFolder();
    const store = await openIn(directory);
    await store.put(CSV, bytes("a,b\n1,2\n"), { metadata: METADATA });
    const path = join(directory, CSV);
    expect(await readFile(path, "utf8")).toBe("a,b\n1,2\n");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(directory, "datasets"))).mode & 0o777).toBe(0o700);
    expect(fileURLToPath(store.uri(CSV))).toBe(path);
    expect(store.uri(CSV)).toBe(`${store.facts.location}${encodeURI(CSV)}`);
  });

  it("leaves nothing but its file and its attributes, and nothing at all when it is deleted", async () => {
    const directory = await temporaryFolder();
    const store = await openIn(directory);
    for (const version of ["1", "2", "3"]) {
      await store.put(CSV, bytes(version), { metadata: METADATA });
    }
    const files = async () => (await filesIn(directory)).filter((name) => !name.includes("owners"));
    expect(await files()).toHaveLength(2);
    await store.delete(CSV);
    expect(await files()).toEqual([]);
    expect(await readdir(directory)).toEqual([".stowage"]);
  });

  it("has one ETag in put, head, get and list, which every write changes", async () => {
    const store = await openIn(await temporaryFolder());
    const etags = new Set<string>();
    for (let version = 0; version < 50; version++) {
      const { etag } = await store.put(CSV, bytes("same"));
      etags.add(etag);
      expect((await store.head(CSV)).etag).toBe(etag);
      for await (const entry of store.list()) expect(entry).toMatchObject({ etag });
      // Frees the inode, which the next version may be given again at once.
      if (version % 2 === 0) await store.delete(CSV);
    }
    expect(etags.size).toBe(50);
  });

  it("keeps its attributes when the directory is copied with its times", async () => {
    const directory = await temporaryFolder();
    const store = await openIn(directory);
    const checksum = crc32Checksum(crc32("x"));
    await store.put(CSV, bytes("x"), { metadata: METADATA, contentType: "text/csv", checksum });
    const copy = join(await temporaryFolder(), "copy");
    execFileSync("cp", ["-a", directory, copy]);
    const restored = await openIn(copy);
    const kept = { metadata: METADATA, contentType: "text/csv", checksum };
    expect(await restored.head(CSV)).toMatchObject(kept);
    await restored.copy(CSV, CSV);
    expect(await restored.head(CSV)).toMatchObject(kept);
  });

  it("that another program writes into has lost its attributes, which told of other bytes", async () => {
    const directory = await temporaryFolder();
    const store = await openIn(directory);
    const { etag } = await store.put(CSV, bytes("x"), { metadata: METADATA });
    await appendFile(join(directory, CSV), "y");
    const info = await store.head(CSV);
    expect(info).toMatchObject({ size: 2, metadata: {}, contentType: "application/octet-stream" });
    expect(info.etag).not.toBe(etag);
    const refused = store.put(CSV, bytes("z"), { when: { etag } });
    expect((await refusalOf(refused)).code).toBe("precondition-failed");
  });

  it("that another program writes into while it is read fails the read", async () => {
    const directory = await temporaryFolder();
    const store = await openIn(directory);
    await store.put(CSV, Buffer.alloc(3_000_000));
    await using object = await store.get(CSV);
    const read = async () => {
      for await (const chunk of object.body) {
        if (chunk.length > 0) await writeFile(join(directory, CSV), "cut short");
      }
    };
    expect((await refusalOf(read())).code).toBe("bad-answer");
  });

  it("that is replaced while it is read gives its old bytes to the end", async () => {
    const store = await openIn(await temporaryFolder());
    await store.put(CSV, Buffer.alloc(3_000_000, "o"));
    await using object = await store.get(CSV);
    let size = 0;
    for await (const chunk of object.body) {
      await store.put(CSV, bytes("new"));
      expect(chunk.every((byte) => byte === "o".charCodeAt(0))).toBe(true);
      size += chunk.length;
    }
    expect(size).toBe(3_000_000);
    expect(await textOf(store, CSV)).toBe("new");
  });

  it("lets go of its file when its body is left early, or never begun", async () => {
    const store = await openIn(await temporaryFolder());
    await store.put(CSV, Buffer.alloc(3_000_000));
    const before = await openFiles();
    const left = await store.get(CSV);
    for await (const chunk of left.body) if (chunk.length > 0) break;
    const unread = await store.get(CSV);
    await unread[Symbol.asyncDispose]();
    await unread[Symbol.asyncDispose]();
    expect(await openFiles()).toBe(before);
  });
});

describe("a file put there by hand", () => {
  it("is an object with its size, its time and an ETag", async () => {
    const directory = await temporaryFolder();
    const store = await openIn(directory);
    await mkdir(join(directory, "by/hand"), { recursive: true });
    await writeFile(join(directory, "by/hand/Ünïcode.csv"), "1,2");
    await utimes(join(directory, "by/hand/Ünïcode.csv"), 1_700_000_000, 1_700_000_000);
    const info = await store.head(key("by/hand/Ünïcode.csv"));
    expect(info).toMatchObject({
      size: 3,
      contentType: "application/octet-stream",
      metadata: {},
      lastModified: new Date(1_700_000_000_000),
    });
    expect(await listed(store)).toEqual(["by/hand/Ünïcode.csv"]);
    await store.put(key("by/hand/Ünïcode.csv"), bytes("new"), { when: { etag: info.etag } });
    expect(await textOf(store, "by/hand/Ünïcode.csv")).toBe("new");
  });

  it("takes a key from those who create only", async () => {
    const directory = await temporaryFolder();
    const store = await openIn(directory);
    await writeFile(join(directory, "a"), "by hand");
    const refused = store.put(key("a"), bytes("x"), { when: { absent: true } });
    expect((await refusalOf(refused)).code).toBe("already-exists");
    expect(await readFile(join(directory, "a"), "utf8")).toBe("by hand");
  });

  it("never has the attributes of the object whose place it took", async () => {
    const directory = await temporaryFolder();
    const store = await openIn(directory);
    await store.put(key("a"), bytes("x"), { metadata: METADATA });
    await store.put(key("b"), bytes("y"), { metadata: { of: "b" } });
    await copyFile(join(directory, "a"), join(directory, "c"));
    await rename(join(directory, "b"), join(directory, "a"));
    expect((await store.head(key("a"))).metadata).toEqual({});
    expect((await store.head(key("c"))).metadata).toEqual({});
  });

  it("is left out when no key can name it", async () => {
    const directory = await temporaryFolder();
    const store = await openIn(directory);
    await writeFile(join(directory, "back\\slash"), "");
    await writeFile(join(directory, "line\nbreak"), "");
    await writeFile(Buffer.from(`${directory}/latin-\xe9`, "latin1"), "");
    await writeFile(join(directory, "fine"), "");
    expect(await listed(store)).toEqual(["fine"]);
  });
});

async function filesIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
}

async function openFiles(): Promise<number> {
  return (await readdir("/proc/self/fd")).length;
}
