import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { S3_LIMITS } from "../../src/domain/upload-plan.js";
import type { Upload } from "../../src/ports/multipart-store.js";
import type { Store } from "../../src/ports/store.js";
import { bytes, key, listed, openIn, refusalOf, temporaryFolder, textOf } from "./fixtures.js";
import { disk, systemError } from "./recorded-fs.js";

vi.mock("node:fs/promises", async (importOriginal) =>
  (await import("./recorded-fs.js")).recorded(await importOriginal()),
);

afterEach(() => disk.reset());

const LIMITS = { ...S3_LIMITS, minPartBytes: 1 };
const KEY = key("a/b");

async function opened() {
  const directory = await temporaryFolder();
  const store = await openIn(directory, { limits: LIMITS });
  const upload = await store.createUpload(KEY);
  const folder = join(directory, ".stowage/uploads", upload.uploadId);
  return { directory, store, upload, folder };
}

async function fileEnding(folder: string, suffix: string): Promise<string> {
  const name = (await readdir(folder)).find((file) => file.endsWith(suffix));
  return join(folder, name ?? "missing");
}

const part = (store: Store, upload: Upload, number: number, text: string) =>
  store.uploadPart(upload, number, bytes(text));

const parts = (store: Store, upload: Upload) => Array.fromAsync(store.listParts(upload));

/** Whether the object is the very file into which the parts were written. */
async function isUncopied(directory: string, file: Promise<{ ino: number }>): Promise<boolean> {
  const { ino } = await file;
  return (await stat(join(directory, KEY))).ino === ino;
}

describe("parts of one length", () => {
  it("are written once, in any order, and become the object without a copy", async () => {
    const { directory, store, upload, folder } = await opened();
    disk.reset();
    await Promise.all([
      part(store, upload, 3, "cc--"),
      part(store, upload, 1, "aa--"),
      part(store, upload, 2, "bb--"),
      part(store, upload, 4, "d"),
    ]);
    const file = await stat(await fileEnding(folder, ".data"));
    await store.completeUpload(upload, await parts(store, upload));
    const written = disk.steps.filter(({ name, path }) => name === "write" && /\.data$/.test(path));
    expect(written).toHaveLength(4);
    expect(disk.steps.filter(({ path }) => path.includes("/drafts/"))).not.toContainEqual(
      expect.objectContaining({ name: "write" }),
    );
    expect(await textOf(store, KEY)).toBe("aa--bb--cc--d");
    expect(await isUncopied(directory, Promise.resolve(file))).toBe(true);
    expect((await stat(join(directory, KEY))).nlink).toBe(1);
    expect(await readdir(join(directory, ".stowage/uploads"))).toEqual([]);
    expect(await readdir(join(directory, ".stowage/drafts"))).toEqual([]);
  });

  it("are durable as one, before the object has its name", async () => {
    const { store, upload } = await opened();
    await part(store, upload, 1, "aa");
    await part(store, upload, 2, "bb");
    disk.reset();
    await store.completeUpload(upload, await parts(store, upload));
    const names = disk.steps
      .filter(({ path, to }) => path.includes("/drafts/") || to?.endsWith(KEY))
      .map(({ name, to }) => (name === "link" && to?.endsWith(KEY) ? "name" : name));
    expect(names.slice(0, 4)).toEqual(["create", "utimes", "sync", "name"]);
  });

  it("may fail, be sent again, and still need no copy", async () => {
    const { directory, store, upload, folder } = await opened();
    await part(store, upload, 1, "aa");
    disk.reset(({ name }) => {
      if (name === "write") throw systemError("EIO");
    });
    expect((await refusalOf(part(store, upload, 2, "xx"))).code).toBe("unexpected");
    disk.reset();
    expect(await parts(store, upload)).toHaveLength(1);
    await part(store, upload, 2, "bb");
    const file = await stat(await fileEnding(folder, ".data"));
    await store.completeUpload(upload, await parts(store, upload));
    expect(await textOf(store, KEY)).toBe("aabb");
    expect(await isUncopied(directory, Promise.resolve(file))).toBe(true);
  });
});

describe("a part whose record could not be written", () => {
  it("does not give its place again, as the record may be there all the same", async () => {
    const { store, upload } = await opened();
    await part(store, upload, 1, "aa");
    disk.reset(({ name, path }) => {
      if (name === "write" && path.endsWith(".parts")) throw systemError("EIO");
    });
    expect((await refusalOf(part(store, upload, 2, "xx"))).code).toBe("unexpected");
    disk.reset();
    await part(store, upload, 2, "bb");
    expect(disk.steps.filter(({ path }) => path.endsWith(".data"))).toEqual([]);
    await store.completeUpload(upload, await parts(store, upload));
    expect(await textOf(store, KEY)).toBe("aabb");
  });
});

describe("parts that do not fit in place", () => {
  it.each<[string, readonly (readonly [number, string])[], string]>([
    [
      "sent again",
      [
        [1, "aa"],
        [2, "bb"],
        [1, "AA"],
      ],
      "AAbb",
    ],
    [
      "sent again as longer ones",
      [
        [1, "aa"],
        [2, "bb"],
        [1, "AAAA"],
      ],
      "AAAAbb",
    ],
    [
      "sent again twice",
      [
        [1, "aa"],
        [1, "AA"],
        [1, "xx"],
        [2, "bb"],
      ],
      "xxbb",
    ],
    [
      "with gaps between their numbers",
      [
        [2, "aa"],
        [5, "bb"],
        [9, "c"],
      ],
      "aabbc",
    ],
    [
      "that grow",
      [
        [1, "a"],
        [2, "bb"],
        [3, "cccc"],
      ],
      "abbcccc",
    ],
    [
      "the shortest of which is in the middle",
      [
        [1, "aaaa"],
        [2, "b"],
        [3, "cccc"],
      ],
      "aaaabcccc",
    ],
    [
      "the last of which comes first",
      [
        [3, "c"],
        [2, "bb"],
        [1, "aa"],
      ],
      "aabbc",
    ],
    [
      "one of which is empty",
      [
        [1, "aa"],
        [2, ""],
        [3, "c"],
      ],
      "aac",
    ],
  ])("%s are joined as the port says", async (_, sent, text) => {
    const { store, upload } = await opened();
    for (const [number, content] of sent) await part(store, upload, number, content);
    const limited = await parts(store, upload);
    expect(limited.map(({ partNumber }) => partNumber)).toEqual(
      [...new Set(sent.map(([number]) => number))].sort((a, b) => a - b),
    );
    await store.completeUpload(
      upload,
      limited.filter(({ size }) => size > 0),
    );
    expect(await textOf(store, KEY)).toBe(text);
  });

  it("as their place is beyond the largest file of the disk are kept apart", async () => {
    const { store, upload } = await opened();
    await part(store, upload, 1, "aa");
    disk.reset(({ name, path }) => {
      if (name === "write" && path.endsWith(".data")) throw systemError("EFBIG");
    });
    await part(store, upload, 10_000, "z");
    disk.reset();
    await store.completeUpload(upload, await parts(store, upload));
    expect(await textOf(store, KEY)).toBe("aaz");
  });

  it("as another opening has sent some of them are copied, each as it was sent last", async () => {
    const { directory, store, upload } = await opened();
    await part(store, upload, 1, "aa");
    await part(store, upload, 2, "bb");
    const other = await openIn(directory, { limits: LIMITS });
    await part(other, upload, 2, "BB");
    await part(other, upload, 3, "cc");
    const all = await parts(store, upload);
    expect(await parts(other, upload)).toEqual(all);
    await store.completeUpload(upload, all);
    expect(await textOf(other, KEY)).toBe("aaBBcc");
  });
});

describe("an object that was published without a copy", () => {
  it("is not written into by a part that was under way", async () => {
    const { store, upload } = await opened();
    await part(store, upload, 1, "aa");
    await part(store, upload, 2, "bb");
    let goOn = (): void => undefined;
    const waiting = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const begun = Promise.withResolvers<void>();
    disk.reset(async ({ name, path }) => {
      if (name !== "write" || !path.endsWith(".data")) return;
      begun.resolve();
      await waiting;
    });
    const late = part(store, upload, 3, "XX").catch((error: unknown) => error);
    await begun.promise;
    await store.completeUpload(upload, await parts(store, upload));
    const before = await store.head(KEY);
    goOn();
    expect(await late).toMatchObject({ code: "upload-not-found" });
    expect(await store.head(KEY)).toEqual(before);
    expect(await textOf(store, KEY)).toBe("aabb");
  });

  it("is not written into by what comes after a complete that told nothing", async () => {
    const { directory, store, upload } = await opened();
    await part(store, upload, 1, "aa");
    await part(store, upload, 2, "bb");
    const first = await parts(store, upload);
    disk.reset(({ name, path }) => {
      // The object has its name by then, and the upload stays.
      if (name === "sync" && path === join(directory, "a")) throw systemError("EIO");
    });
    const error = await refusalOf(store.completeUpload(upload, first));
    expect(error.outcome).toBe("unknown");
    disk.reset();
    const { etag } = await store.head(KEY);
    await part(store, upload, 2, "BB");
    await part(store, upload, 3, "cc");
    expect(await textOf(store, KEY)).toBe("aabb");
    expect((await store.head(KEY)).etag).toBe(etag);
    const refused = store.completeUpload(upload, await parts(store, upload), {
      when: { absent: true },
    });
    expect((await refusalOf(refused)).code).toBe("already-exists");
    expect((await store.head(KEY)).etag).toBe(etag);
    await store.completeUpload(upload, await parts(store, upload));
    expect(await textOf(store, KEY)).toBe("aaBBcc");
  });

  it("is not dated anew by a second complete, under whoever reads it", async () => {
    const { directory, store, upload } = await opened();
    await part(store, upload, 1, "aa");
    const first = await parts(store, upload);
    disk.reset(({ name, path }) => {
      if (name === "sync" && path === join(directory, "a")) throw systemError("EIO");
    });
    expect((await refusalOf(store.completeUpload(upload, first))).outcome).toBe("unknown");
    disk.reset();
    await using reading = await store.get(KEY);
    await store.completeUpload(upload, first);
    const chunks = await Array.fromAsync(reading.body);
    expect(Buffer.concat(chunks).toString()).toBe("aa");
    expect((await store.head(KEY)).etag).not.toBe(reading.info.etag);
  });
});

describe("a complete that is refused", () => {
  it("leaves all parts, those that it did not name as well", async () => {
    const { store, upload } = await opened();
    for (const [at, text] of ["aa", "bb", "cc"].entries()) await part(store, upload, at + 1, text);
    const all = await parts(store, upload);
    await store.put(KEY, bytes("there"));
    for (const named of [all.slice(0, 2), all]) {
      const refused = store.completeUpload(upload, named, { when: { etag: "another" } });
      expect((await refusalOf(refused)).code).toBe("precondition-failed");
      const wrong = { algorithm: "CRC32", value: "AAAAAA==" } as const;
      const mismatch = store.completeUpload(upload, named, { checksum: wrong });
      expect((await refusalOf(mismatch)).code).toBe("checksum-mismatch");
      expect(await parts(store, upload)).toEqual(all);
    }
    expect(await textOf(store, KEY)).toBe("there");
    await store.completeUpload(upload, all);
    expect(await textOf(store, KEY)).toBe("aabbcc");
  });
});

describe("after a power cut", () => {
  /** Makes the records those of another start of the machine. */
  async function restart(folder: string, edit: (text: string) => string = (text) => text) {
    const path = await fileEnding(folder, ".parts");
    const text = await readFile(path, "utf8");
    await writeFile(path, edit(text.replace(/"boot":"[^"]*"/g, '"boot":"before"')));
  }

  it("a part is listed only if its bytes are there", async () => {
    const { directory, store, upload, folder } = await opened();
    for (const [at, text] of ["a", "b", "c"].entries()) await part(store, upload, at + 1, text);
    const all = await parts(store, upload);
    await restart(folder);
    await writeFile(await fileEnding(folder, ".data"), "a\0c");
    const later = await openIn(directory, { limits: LIMITS });
    expect(await parts(later, upload)).toEqual([all[0], all[2]]);
    await part(later, upload, 2, "B");
    await later.completeUpload(upload, await parts(later, upload));
    expect(await textOf(later, KEY)).toBe("aBc");
  });

  it("what a sync has covered is not read again until it is joined", async () => {
    const { directory, store, upload, folder } = await opened();
    for (const [at, text] of ["aaa", "bbb", "c"].entries()) {
      await part(store, upload, at + 1, text);
    }
    await restart(folder);
    const later = await openIn(directory, { limits: LIMITS });
    disk.reset();
    const read: string[] = [];
    disk.beforeCall = ({ name, path }) => {
      if (name === "read" && path.endsWith(".data")) read.push(path);
    };
    const all = await parts(later, upload);
    expect(all).toHaveLength(3);
    // The sync came with the second part, at six bytes, and so the third is proved.
    expect(read).toHaveLength(1);
  });

  it.each(['\n{"partNumber":2,"at"', "\0\0\0\0", "\n[]", "\n{}", "\nnull"])(
    "records that end in %j are those before it, and those that follow",
    async (torn) => {
      const { store, upload, folder } = await opened();
      await part(store, upload, 1, "aa");
      await restart(folder, (text) => text + torn);
      await part(store, upload, 2, "bb");
      expect(await parts(store, upload)).toHaveLength(2);
      await store.completeUpload(upload, await parts(store, upload));
      expect(await textOf(store, KEY)).toBe("aabb");
      expect(await listed(store)).toEqual([KEY]);
    },
  );
});
