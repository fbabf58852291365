import { execFileSync } from "node:child_process";
import { chmod, mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { openFilesystemStore } from "../../src/adapters/filesystem/index.js";
import { bytes, key, listed, openIn, refusalOf, temporaryFolder, textOf } from "./fixtures.js";
import { asNobody, mountSmallDisk } from "./system.js";

describe("a disk that is full", () => {
  it("refuses with no-space, keeps what was there, and leaves nothing of the write", async ({
    skip,
  }) => {
    const directory = await mountSmallDisk(skip, "size=2m");
    const store = await openIn(directory);
    await store.put(key("a"), bytes("old"), { metadata: { of: "old" } });
    const error = await refusalOf(store.put(key("a"), Buffer.alloc(4_000_000)));
    expect(error).toMatchObject({
      code: "no-space",
      providerCode: "ENOSPC",
      outcome: "not-applied",
      operation: "put",
      key: "a",
    });
    expect(await textOf(store, "a")).toBe("old");
    expect((await store.head(key("a"))).metadata).toEqual({ of: "old" });
    expect(await readdir(join(directory, ".stowage/drafts"))).toEqual([]);
    await store.put(key("b"), Buffer.alloc(1_000_000));
    expect(await listed(store)).toEqual(["a", "b"]);
  });

  it("refuses parts and completes, and the upload can still be aborted", async ({ skip }) => {
    const directory = await mountSmallDisk(skip, "size=2m");
    const store = await openIn(directory);
    const upload = await store.createUpload(key("a"));
    const part = await store.uploadPart(upload, 1, Buffer.alloc(1_100_000));
    const tooMuch = store.uploadPart(upload, 2, Buffer.alloc(1_100_000));
    expect((await refusalOf(tooMuch)).code).toBe("no-space");
    expect(await refusalOf(store.completeUpload(upload, [part]))).toMatchObject({
      code: "no-space",
      outcome: "not-applied",
    });
    expect(await listed(store)).toEqual([]);
    await store.abortUpload(upload);
    await store.put(key("a"), Buffer.alloc(1_500_000));
  });

  it("refuses also where it has no more files to give", async ({ skip }) => {
    const directory = await mountSmallDisk(skip, "nr_inodes=20");
    const store = await openIn(directory);
    const put = async () => {
      for (let at = 0; ; at++) await store.put(key(`a${at}`), bytes("x"));
    };
    expect((await refusalOf(put())).code).toBe("no-space");
    const names = await listed(store);
    for (const name of names) expect(await textOf(store, name)).toBe("x");
    await store.delete(key(names[0] ?? ""));
  });
});

describe("a disk that cannot be written to", () => {
  it("is refused when it is opened, with the path and a remedy", async ({ skip }) => {
    const directory = await mountSmallDisk(skip, "size=2m");
    execFileSync("mount", ["-o", "remount,ro", directory]);
    const error = await refusalOf(openFilesystemStore({ directory }));
    expect(error).toMatchObject({
      code: "access-denied",
      providerCode: "EROFS",
      operation: "open",
    });
    expect(error.message).toContain(directory);
    expect(error.remedy).toMatch(/^Put the store in a directory/);
    const within = await refusalOf(openFilesystemStore({ directory: join(directory, "a/b") }));
    expect(within.code).toBe("access-denied");
  });

  it("refuses writes from when it became so, and is read on", async ({ skip }) => {
    const directory = await mountSmallDisk(skip, "size=2m");
    const store = await openIn(directory);
    await store.put(key("a"), bytes("x"));
    execFileSync("mount", ["-o", "remount,ro", directory]);
    for (const write of [
      () => store.put(key("a"), bytes("y")),
      () => store.delete(key("a")),
      () => store.copy(key("a"), key("b")),
      () => store.createUpload(key("a")),
    ]) {
      expect(await refusalOf(write())).toMatchObject({
        code: "access-denied",
        outcome: "not-applied",
      });
    }
    expect(await textOf(store, "a")).toBe("x");
    execFileSync("mount", ["-o", "remount,rw", directory]);
    await store.put(key("a"), bytes("y"));
  });

  it("is refused where the account lacks the right", async () => {
    const directory = await temporaryFolder();
    await chmod(directory, 0o500);
    asNobody();
    const error = await refusalOf(openFilesystemStore({ directory: join(directory, "data") }));
    expect(error).toMatchObject({ code: "access-denied", providerCode: "EACCES" });
    expect(error.message).toContain(join(directory, "data"));
  });
});

describe("a folder within the directory on another disk", () => {
  it("is refused by name", async ({ skip }) => {
    const directory = await temporaryFolder();
    const store = await openIn(directory);
    const mounted = join(directory, "mounted");
    await mkdir(mounted);
    await writeFile(join(directory, "keep"), "");
    const other = await mountSmallDisk(skip, "size=1m");
    execFileSync("mount", ["--bind", other, mounted]);
    onTestFinished(() => {
      execFileSync("umount", [mounted]);
    });
    const error = await refusalOf(store.put(key("mounted/a"), bytes("x")));
    expect(error).toMatchObject({ code: "invalid-config", providerCode: "EXDEV" });
    expect(await readdir(other)).toEqual([]);
  });
});

describe("the directory", () => {
  it("is made with all above it, for the account of the process alone", async () => {
    const directory = join(await temporaryFolder(), "a", "b");
    const store = await openIn(directory);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    expect(store.facts.location).toBe(`${pathToFileURL(directory).href}/`);
  });

  it("may be given as a URL, and may have any name", async () => {
    const directory = join(await temporaryFolder(), "50% #größer?");
    const store = await openFilesystemStore({ directory: pathToFileURL(directory) });
    await store.put(key("a b"), bytes("x"));
    expect(store.uri(key("a b"))).toBe(`${pathToFileURL(directory).href}/a%20b`);
    await store[Symbol.asyncDispose]();
  });

  it.each([
    ["that is a file", "file"],
    ["that leads through a file", "file/below"],
  ])("%s is refused", async (_, name) => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "file"), "");
    const error = await refusalOf(openFilesystemStore({ directory: join(folder, name) }));
    expect(error).toMatchObject({ code: "invalid-config", operation: "open" });
    expect(error.message).toContain("is a file");
  });

  it("is refused without a name, as a URL of elsewhere, and with a file in place of its own folder", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, ".stowage"), "");
    const remote = new URL("https://example.org/data");
    for (const directory of ["", remote, folder]) {
      expect((await refusalOf(openFilesystemStore({ directory }))).code).toBe("invalid-config");
    }
  });

  it("that is gone is the bucket that is missing, and never made again", async () => {
    const parent = await temporaryFolder();
    const directory = join(parent, "data");
    const store = await openIn(directory);
    const upload = await store.createUpload(key("u"));
    await rename(directory, join(parent, "elsewhere"));
    const calls: (() => Promise<unknown>)[] = [
      () => store.put(key("a/b"), bytes("x")),
      () => store.put(key("a"), bytes("x"), { when: { etag: "e" } }),
      () => store.get(key("a")),
      () => store.head(key("a")),
      () => store.delete(key("a")),
      () => store.copy(key("a"), key("b")),
      () => listed(store),
      () => store.createUpload(key("a")),
      () => store.uploadPart(upload, 1, bytes("x")),
      () => store.completeUpload(upload, [{ partNumber: 1, size: 1, etag: "e" }]),
      () => store.abortUpload(upload),
      () => Array.fromAsync(store.listParts(upload)),
      () => Array.fromAsync(store.listUploads({ prefix: "" })),
    ];
    for (const call of calls) expect((await refusalOf(call())).code).toBe("bucket-not-found");
    const [result] = await store.deleteMany([key("a")]);
    expect(result?.error).toMatchObject({ code: "bucket-not-found" });
    expect(await readdir(parent)).toEqual(["elsewhere"]);
    await rename(join(parent, "elsewhere"), directory);
    await store.put(key("a/b"), bytes("x"));
  });

  it("serves on after its own folder was removed", async () => {
    const directory = await temporaryFolder();
    const store = await openIn(directory);
    await store.put(key("a"), bytes("x"), { metadata: { of: "a" } });
    await rm(join(directory, ".stowage"), { recursive: true });
    expect((await store.head(key("a"))).metadata).toEqual({});
    await store.put(key("a"), bytes("y"), { metadata: { of: "a" } });
    await store.put(key("a/b"), bytes("z"));
    const upload = await store.createUpload(key("c"));
    await store.uploadPart(upload, 1, bytes("w"));
    expect((await store.head(key("a"))).metadata).toEqual({ of: "a" });
    expect(await listed(store)).toEqual(["a", "a/b"]);
  });
});
