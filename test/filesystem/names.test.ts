import { join, resolve, sep } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Layout } from "../../src/adapters/filesystem/layout.js";
import {
  ANNEX_FILE,
  annexFolders,
  annexPath,
  annexSegment,
  isFoldSafe,
} from "../../src/adapters/filesystem/names.js";
import { key, keysWith } from "./fixtures.js";

const keys = keysWith([
  ".stowage",
  "_",
  "+",
  "object",
  "%41",
  "A",
  "a",
  "é",
  "e\u0301",
  "x".repeat(255),
]);

/** Undoes `annexPath`, by the rule that its documentation gives. */
function decoded(path: string): string {
  const folders = path.split("/");
  expect(folders.pop()).toBe(ANNEX_FILE);
  const segments: string[] = [];
  for (const folder of folders) {
    const piece = folder.slice(1);
    if (folder.startsWith("_")) segments.push(piece);
    else segments[segments.length - 1] += piece;
  }
  return segments.map((segment) => annexSegment(segment)).join("/");
}

describe("a path in the annex", () => {
  it("gives the key back", () => {
    fc.assert(
      fc.property(keys, (name) => {
        expect(decoded(annexPath(name))).toBe(name);
      }),
    );
  });

  it("is another for another key, also on a disk that folds case and Unicode forms", () => {
    const folded = (name: string) => annexPath(name).normalize("NFKC").toLowerCase();
    fc.assert(
      fc.property(keys, keys, (a, b) => {
        expect(folded(a) === folded(b)).toBe(a === b);
      }),
    );
  });

  it("is made of names that every disk holds", () => {
    fc.assert(
      fc.property(keys, (name) => {
        for (const folder of annexPath(name).split("/")) {
          expect(folder).toMatch(/^(?:[_+][a-z0-9._%-]{1,120}|object)$/);
        }
      }),
    );
  });

  it("never is the folder of another key's file, nor the file of another key's folder", () => {
    fc.assert(
      fc.property(keys, keys, (a, b) => {
        if (a !== b) expect(annexPath(a).startsWith(`${annexPath(b)}/`)).toBe(false);
      }),
    );
  });

  it("takes a segment of 255 bytes in pieces", () => {
    expect(annexFolders("é".repeat(127))).toHaveLength(7);
    expect(annexFolders("x".repeat(120))).toEqual([`_${"x".repeat(120)}`]);
    expect(annexFolders("x".repeat(121))).toEqual([`_${"x".repeat(120)}`, "+x"]);
  });

  it.each(["", "%", "%4", "%61", "%E9", "%e9", "A", "%2F", "a/b"])(
    "is not made from %j",
    (text) => {
      expect(annexSegment(text)).toBeUndefined();
    },
  );
});

describe("the places of a key", () => {
  const layout = new Layout(resolve("/srv/data"), false);
  const folding = new Layout(resolve("/srv/data"), true);

  it("never lie outside of the directory, nor in the store's own folders but the annex", () => {
    fc.assert(
      fc.property(keys, (name) => {
        for (const path of layout.places(name)) {
          const real = resolve(path);
          expect(real.startsWith(layout.root + sep)).toBe(true);
          const own = real === layout.own || real.startsWith(layout.own + sep);
          expect(own).toBe(real.startsWith(layout.annex + sep));
        }
      }),
    );
  });

  it("are never shared by two keys", () => {
    fc.assert(
      fc.property(keys, keys, (a, b) => {
        const shared = layout.places(a).filter((path) => layout.places(b).includes(path));
        expect(shared.length > 0).toBe(a === b);
      }),
    );
  });

  it("begin with the plain path, which is the key itself", () => {
    expect(layout.places(key("user_1/Daten 2025.csv"))[0]).toBe(
      join("/srv/data", "user_1/Daten 2025.csv"),
    );
  });

  it("of a new object are in the annex where the disk would fold its name", () => {
    expect(folding.newPlaces(key("a/b.csv"))[0]).toBe("/srv/data/a/b.csv");
    for (const name of ["A/b.csv", "a/é", "a/K"]) {
      expect(isFoldSafe(name)).toBe(false);
      expect(folding.newPlaces(key(name))).toEqual([folding.annexed(name)]);
    }
  });
});
