import { afterEach, describe, expect, it, vi } from "vitest";
import { etagOf, freshTime, modifiedAt } from "../../src/adapters/filesystem/versions.js";
import { bytes, key, openIn, refusalOf, temporaryFolder, textOf } from "./fixtures.js";
import { disk } from "./recorded-fs.js";

vi.mock("node:fs/promises", async (importOriginal) =>
  (await import("./recorded-fs.js")).recorded(await importOriginal()),
);

afterEach(() => {
  disk.reset();
  vi.restoreAllMocks();
});

describe("the time of a new file", () => {
  it("is given once only, also within one step of the clock", () => {
    const now = Date.now();
    vi.spyOn(Date, "now").mockReturnValue(now);
    vi.spyOn(performance, "now").mockReturnValue(123.456);
    const times = Array.from({ length: 500 }, () => freshTime());
    expect(new Set(times).size).toBe(500);
    expect(Math.max(...times) - now / 1000).toBeLessThan(0.01);
  });

  it("follows a clock that is set back", () => {
    const now = Date.now();
    freshTime();
    vi.spyOn(Date, "now").mockReturnValue(now - 3_600_000);
    expect(freshTime()).toBeLessThan(now / 1000 - 3_599);
  });
});

describe("an ETag", () => {
  it("tells versions apart by each of inode, time and size", () => {
    const version = { ino: 1n, mtimeNs: 2_000_000_003n, size: 4n };
    const others = [
      { ...version, ino: 2n },
      { ...version, mtimeNs: 2_000_000_004n },
      { ...version, size: 5n },
    ];
    expect(new Set([version, ...others].map(etagOf)).size).toBe(4);
    expect(modifiedAt(version)).toEqual(new Date(2_000));
  });
});

describe("a reader whose object is replaced between a look at its bytes and at its attributes", () => {
  const KEY = key("a");
  const replaced = (change: () => Promise<unknown>) => {
    disk.beforeRead = async (path) => {
      if (!path.includes("/sidecars/")) return;
      disk.beforeRead = undefined;
      await change();
    };
  };

  it("finds both of the new version", async () => {
    const store = await openIn(await temporaryFolder());
    for (const read of ["get", "head"]) {
      await store.put(KEY, bytes("old"), { metadata: { of: "old" } });
      replaced(() => store.put(KEY, bytes("newer"), { metadata: { of: "newer" } }));
      if (read === "head") {
        expect(await store.head(KEY)).toMatchObject({ size: 5, metadata: { of: "newer" } });
      } else {
        await using object = await store.get(KEY);
        expect(object.info).toMatchObject({ size: 5, metadata: { of: "newer" } });
        const [chunk] = await Array.fromAsync(object.body);
        expect(Buffer.from(chunk ?? []).toString()).toBe("newer");
      }
    }
  });

  it("finds that it is gone, when it is", async () => {
    const store = await openIn(await temporaryFolder());
    await store.put(KEY, bytes("old"), { metadata: { of: "old" } });
    replaced(() => store.delete(KEY));
    expect((await refusalOf(store.get(KEY))).code).toBe("not-found");
  });

  it("finds no attributes of the old version with a new one that has none", async () => {
    const store = await openIn(await temporaryFolder());
    await store.put(KEY, bytes("old"), { metadata: { of: "old" } });
    await store.put(KEY, bytes("new"));
    expect((await store.head(KEY)).metadata).toEqual({});
    expect(await textOf(store, KEY)).toBe("new");
  });
});
