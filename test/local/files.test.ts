import { openAsBlob } from "node:fs";
import {
  appendFile,
  chmod,
  link,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { hasBytesBeyondSize } from "../../src/adapters/local/devices.js";
import { openLocalSource } from "../../src/adapters/local/index.js";
import type { Source } from "../../src/ports/source.js";
import { asNobody } from "../filesystem/system.js";
import { every, pause, read, refusalOf, someBytes, temporaryFolder } from "./fixtures.js";

async function fileOf(bytes: Uint8Array, name = "data.bin"): Promise<string> {
  const path = join(await temporaryFolder(), name);
  await writeFile(path, bytes);
  return path;
}

async function opened(path: string | URL | Blob): Promise<Source> {
  const source = await openLocalSource(path);
  onTestFinished(() => source[Symbol.asyncDispose]());
  return source;
}

describe("a file", () => {
  it.each([0, 1, 999, 1_000, 1_001, 2_500, 3_000])(
    "of %d bytes is read in pieces",
    async (size) => {
      const bytes = someBytes(size);
      const source = await opened(await fileOf(bytes));
      expect(source.size).toBe(size);
      const result = await read(source, every(1_000));
      expect(result.bytes.equals(bytes)).toBe(true);
      const full = Math.floor(size / 1_000);
      const rest = size % 1_000;
      expect(result.lengths).toEqual([...Array(full).fill(1_000), ...(rest > 0 ? [rest] : [])]);
      await source.verify();
    },
  );

  it("is read in pieces of the very sizes asked for, and no further than these go", async () => {
    const bytes = someBytes(1_000);
    const source = await opened(await fileOf(bytes));
    const result = await read(source, [1, 10, 100]);
    expect(result.lengths).toEqual([1, 10, 100]);
    expect(result.bytes.equals(bytes.subarray(0, 111))).toBe(true);
  });

  it("gives pieces that share no memory", async () => {
    const source = await opened(await fileOf(someBytes(300)));
    const pieces = await Array.fromAsync(source.pieces(every(100)));
    expect(new Set(pieces.map((piece) => piece.buffer)).size).toBe(3);
    expect(pieces.every((piece) => piece.buffer.byteLength === piece.length)).toBe(true);
  });

  it("has the name of its path or URL", async () => {
    const path = await fileOf(someBytes(1), "größe 50% #1.csv");
    expect((await opened(path)).filename).toBe("größe 50% #1.csv");
    expect((await opened(pathToFileURL(path))).filename).toBe("größe 50% #1.csv");
  });

  it("behind a symbolic link is read, under the link's name", async () => {
    const path = await fileOf(someBytes(10));
    const other = join(await temporaryFolder(), "link.csv");
    await symlink(path, other);
    const source = await opened(other);
    expect(source).toMatchObject({ size: 10, filename: "link.csv" });
    await read(source, every(4));
    await source.verify();
  });

  it("is read once only, and in pieces of at least a byte", async () => {
    const source = await opened(await fileOf(someBytes(10)));
    await read(source, every(10));
    expect((await refusalOf(read(source, every(10)))).code).toBe("invalid-argument");
    const other = await opened(await fileOf(someBytes(10)));
    expect((await refusalOf(read(other, [0]))).code).toBe("invalid-argument");
  });

  it("is let go of, also without being read and when a piece is left", async () => {
    const path = await fileOf(someBytes(10));
    const before = (await readdir("/proc/self/fd")).length;
    {
      await using unread = await openLocalSource(path);
      await using left = await openLocalSource(path);
      for await (const piece of left.pieces(every(1))) if (piece.length > 0) break;
      expect(unread.size).toBe(10);
    }
    expect((await readdir("/proc/self/fd")).length).toBe(before);
  });
});

const CHANGES: readonly [string, (path: string) => Promise<unknown>][] = [
  ["grows", (path) => appendFile(path, "more")],
  ["is cut short", (path) => truncate(path, 100)],
  ["is written to in place", (path) => writeFile(path, someBytes(1_000).reverse(), { flag: "r+" })],
  [
    "is written to, and its time set back",
    async (path) => {
      await utimes(path, 1, 1);
      await writeFile(path, someBytes(1_000).reverse(), { flag: "r+" });
      await utimes(path, 1, 1);
    },
  ],
  [
    "is replaced by another of the same bytes",
    async (path) => {
      await writeFile(`${path}.new`, someBytes(1_000));
      await rename(`${path}.new`, path);
    },
  ],
  ["is removed", (path) => rm(path)],
  [
    "is replaced by a folder",
    async (path) => {
      await rm(path);
      await mkdir(path);
    },
  ],
];

describe.each(CHANGES)("a file that %s while it is read", (_, change) => {
  it.each([0, 1, 2, 10])(
    "after %d pieces is told of, and never read past its size",
    async (after) => {
      const path = await fileOf(someBytes(1_000));
      const source = await opened(path);
      // Older kernels tell times apart by some milliseconds only.
      await pause(15);
      let size = 0;
      const reading = async () => {
        if (after === 0) await change(path);
        let count = 0;
        for await (const piece of source.pieces(every(100))) {
          size += piece.length;
          count++;
          if (count === after) await change(path);
        }
        await source.verify();
      };
      const error = await refusalOf(reading());
      expect(error.code).toBe("source-changed");
      expect(error.message).toContain(JSON.stringify(path));
      expect(size).toBeLessThanOrEqual(1_000);
    },
  );
});

it("that ends early gives no piece that was not read", async () => {
  const path = await fileOf(someBytes(1_000));
  const source = await opened(path);
  await truncate(path, 450);
  const lengths: number[] = [];
  const reading = async () => {
    for await (const piece of source.pieces(every(100))) lengths.push(piece.length);
  };
  expect((await refusalOf(reading())).message).toContain("ends at byte 450 of the 1000");
  expect(lengths).toEqual([100, 100, 100, 100]);
});

describe("what cannot be read", () => {
  it("says whether it is missing, a folder, forbidden or no file", async () => {
    const folder = await temporaryFolder();
    const path = await fileOf(someBytes(1));
    await symlink(join(folder, "nothing"), join(folder, "dangling"));
    await symlink(join(folder, "circle"), join(folder, "circle"));
    await link(path, join(folder, "file"));
    const cases: [string, string][] = [
      [join(folder, "missing.csv"), "source-not-found"],
      [join(folder, "file/below"), "source-not-found"],
      [join(folder, "dangling"), "source-not-found"],
      [join(folder, "circle"), "source-not-found"],
      [join(folder, "x".repeat(300)), "source-not-found"],
      [folder, "source-unreadable"],
      [join(folder, "nul\0"), "invalid-argument"],
      ["", "invalid-argument"],
    ];
    for (const [name, code] of cases) {
      const error = await refusalOf(openLocalSource(name));
      expect(error.code, name).toBe(code);
      expect(error.message).toMatch(/^Cannot .+: .+[^.]$/);
    }
    expect((await refusalOf(openLocalSource(folder))).message).toContain("it is a folder");
  });

  it("says that permission is denied", async () => {
    const path = await fileOf(someBytes(1));
    await chmod(path, 0o000);
    asNobody();
    expect(await refusalOf(openLocalSource(path))).toMatchObject({
      code: "source-unreadable",
      providerCode: "EACCES",
    });
  });

  it.each(["https://example.org/a.csv", "file://elsewhere/a.csv"])("refuses %s", async (url) => {
    expect((await refusalOf(openLocalSource(new URL(url)))).code).toBe("invalid-argument");
  });

  it("refuses what is no source at all", async () => {
    for (const nothing of [undefined, null, 7, {}, new ArrayBuffer(1), new Map(), [1]]) {
      const source: Parameters<typeof openLocalSource>[0] = JSON.parse("null") ?? nothing;
      const error = await refusalOf(openLocalSource(source));
      expect(error.code).toBe("invalid-argument");
      expect(error.message).toContain("give a path, a file: URL, a Uint8Array, a Blob or a stream");
    }
  });
});

describe("a file without a size", () => {
  it.each(["/proc/self/status", "/proc/version"])("is read as a stream: %s", async (path) => {
    const source = await opened(path);
    expect(source.size).toBeUndefined();
    const { bytes } = await read(source, every(100));
    expect(bytes.length).toBeGreaterThan(0);
    const whole = await readFile(path, "utf8");
    expect(bytes.toString().slice(0, 10)).toBe(whole.slice(0, 10));
    await source.verify();
  });

  it("that cannot be read is refused when it is opened", async () => {
    const error = await refusalOf(openLocalSource("/proc/self/mem"));
    expect(error).toMatchObject({ code: "source-unreadable", providerCode: "EIO" });
  });

  it("is none that somebody has begun to write to", async () => {
    const handle = await open(await fileOf(someBytes(10)), "r");
    onTestFinished(() => handle.close());
    expect(await hasBytesBeyondSize(handle)).toBe(false);
  });

  it("because it is empty has one, and is told of when it grows", async () => {
    const path = await fileOf(someBytes(0));
    const source = await opened(path);
    expect(source.size).toBe(0);
    await pause(15);
    await appendFile(path, "more");
    expect((await read(source, every(100))).lengths).toEqual([]);
    expect((await refusalOf(source.verify())).code).toBe("source-changed");
  });
});

describe("a blob of a file", () => {
  it("is read piece by piece", async () => {
    const bytes = someBytes(2_500);
    const source = await opened(await openAsBlob(await fileOf(bytes)));
    const result = await read(source, every(1_000));
    expect(result.lengths).toEqual([1_000, 1_000, 500]);
    expect(result.bytes.equals(bytes)).toBe(true);
    await source.verify();
  });

  it("is told of when the file changes, while it is read or afterwards", async () => {
    const path = await fileOf(someBytes(2_500));
    const source = await opened(await openAsBlob(path));
    const reading = async () => {
      for await (const piece of source.pieces(every(1_000))) {
        if (piece.length > 0) await appendFile(path, "more");
      }
    };
    expect((await refusalOf(reading())).code).toBe("source-changed");
    expect((await refusalOf(source.verify())).code).toBe("source-changed");
  });
});
