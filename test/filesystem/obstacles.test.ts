import { execFileSync } from "node:child_process";
import {
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ObjectKey } from "../../src/domain/object-key.js";
import { S3_LIMITS } from "../../src/domain/upload-plan.js";
import type { OpenStore, Store } from "../../src/ports/store.js";
import { bytes, key, listed, openIn, refusalOf, temporaryFolder, textOf } from "./fixtures.js";

const SOURCE = key("source");

/** Each way to write an object. */
const WRITES: readonly [string, (store: Store, key: ObjectKey) => Promise<unknown>][] = [
  ["a put", (store, name) => store.put(name, bytes("x"))],
  [
    "a put of a new object",
    (store, name) => store.put(name, bytes("x"), { when: { absent: true } }),
  ],
  ["a copy", (store, name) => store.copy(SOURCE, name)],
  ["an upload, before anything of it is sent", (store, name) => store.createUpload(name)],
];

async function opened(): Promise<{ directory: string; store: OpenStore }> {
  const directory = await temporaryFolder();
  const store = await openIn(directory, { limits: { ...S3_LIMITS, minPartBytes: 1 } });
  await store.put(SOURCE, bytes("source"));
  return { directory, store };
}

describe.each(WRITES)("%s through a symbolic link", (_, write) => {
  it("to a folder is refused, names the link, and leaves nothing", async () => {
    const { directory, store } = await opened();
    const outside = await temporaryFolder();
    await symlink(outside, join(directory, "way"));
    for (const name of ["way", "way/x", "way/deep/new/x"]) {
      const error = await refusalOf(write(store, key(name)));
      expect(error).toMatchObject({ code: "invalid-config", key: name, outcome: "not-applied" });
      expect(error.message).toContain(
        `${JSON.stringify(join(directory, "way"))} is a symbolic link`,
      );
      expect(error.remedy).toMatch(/^Remove it, or /);
    }
    expect(await readdir(outside)).toEqual([]);
    expect(await readlink(join(directory, "way"))).toBe(outside);
    expect(await listed(store)).toEqual([SOURCE]);
    for (const folder of ["drafts", "sidecars", "locks", "annex", "uploads"]) {
      const left = await readdir(join(directory, ".stowage", folder), { recursive: true });
      expect(
        left.filter((name) => name.length > 3),
        folder,
      ).toEqual([]);
    }
  });

  it("deeper down, or to a file or to nothing, is refused as well", async () => {
    const { directory, store } = await opened();
    const outside = join(await temporaryFolder(), "secret");
    await writeFile(outside, "secret");
    await mkdir(join(directory, "a/b"), { recursive: true });
    await symlink(outside, join(directory, "a/b/file"));
    await symlink(join(directory, "nowhere"), join(directory, "a/b/nothing"));
    for (const name of ["a/b/file", "a/b/file/x", "a/b/nothing", "a/b/nothing/x"]) {
      expect((await refusalOf(write(store, key(name)))).code, name).toBe("invalid-config");
    }
    expect(await readFile(outside, "utf8")).toBe("secret");
  });

  it("is no different with what else is neither a file nor a folder", async () => {
    const { directory, store } = await opened();
    execFileSync("mkfifo", [join(directory, "pipe")]);
    for (const name of ["pipe", "pipe/x"]) {
      const error = await refusalOf(write(store, key(name)));
      expect(error.code).toBe("invalid-config");
      expect(error.message).toContain("is neither a file nor a folder");
    }
  });
});

describe("a symbolic link within the directory", () => {
  it("is no object, and is not followed", async () => {
    const { directory, store } = await opened();
    const outside = await temporaryFolder();
    await writeFile(join(outside, "secret"), "secret");
    await symlink(join(outside, "secret"), join(directory, "link"));
    await symlink(outside, join(directory, "way"));
    for (const name of ["link", "way", "way/secret"]) {
      expect((await refusalOf(store.get(key(name)))).code).toBe("not-found");
      expect((await refusalOf(store.head(key(name)))).code).toBe("not-found");
      await store.delete(key(name));
    }
    expect(await listed(store)).toEqual([SOURCE]);
    expect(await listed(store, { prefix: "way/" })).toEqual([]);
    expect(await readFile(join(outside, "secret"), "utf8")).toBe("secret");
    expect((await readdir(directory)).sort()).toEqual([".stowage", "link", "source", "way"]);
  });

  it("that comes while an upload goes on refuses its end, and the upload goes on without it", async () => {
    const { directory, store } = await opened();
    const upload = await store.createUpload(key("way/x"));
    const part = await store.uploadPart(upload, 1, bytes("x"));
    await symlink(await temporaryFolder(), join(directory, "way"));
    const error = await refusalOf(store.completeUpload(upload, [part]));
    expect(error).toMatchObject({ code: "invalid-config", outcome: "not-applied" });
    await rm(join(directory, "way"));
    await store.completeUpload(upload, [part]);
    expect(await textOf(store, "way/x")).toBe("x");
  });

  it("does not touch an object that lies elsewhere already", async () => {
    const { directory, store } = await opened();
    await store.put(key("a"), bytes("file"));
    await store.put(key("a/b"), bytes("encoded"));
    await rename(join(directory, "a"), join(directory, "moved"));
    await symlink(join(directory, "moved"), join(directory, "a"));
    expect(await textOf(store, "a/b")).toBe("encoded");
    await store.put(key("a/b"), bytes("again"));
    await store.createUpload(key("a/b"));
    expect(await textOf(store, "a/b")).toBe("again");
    await store.delete(key("a/b"));
    expect((await refusalOf(store.put(key("a/b"), bytes("x")))).code).toBe("invalid-config");
  });

  it("in the store's own folder is told of, and not waited for", async () => {
    const { directory, store } = await opened();
    await symlink(await temporaryFolder(), join(directory, ".stowage/annex/_.stowage"));
    const error = await refusalOf(store.put(key(".stowage/x"), bytes("x")));
    expect(error.code).toBe("invalid-config");
    expect(error.message).toContain("is a symbolic link");
  });

  it("as the directory itself is followed once, when the store is opened", async () => {
    const real = await temporaryFolder();
    const link = join(await temporaryFolder(), "link");
    await symlink(real, link);
    const store = await openIn(link);
    await store.put(key("a"), bytes("x"));
    expect(await readFile(join(real, "a"), "utf8")).toBe("x");
  });
});
