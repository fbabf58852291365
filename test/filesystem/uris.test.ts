import { rm, symlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Layout } from "../../src/adapters/filesystem/layout.js";
import { keyOfUri, locationOf, uriOf } from "../../src/adapters/filesystem/uris.js";
import { isObjectKey } from "../../src/domain/object-key.js";
import { bytes, key, keysWith, openIn, temporaryFolder } from "./fixtures.js";

const keys = keysWith([
  ".stowage",
  "annex",
  "_",
  "+",
  "object",
  "%41",
  "%2F",
  "%2e%2e",
  "?a=b",
  "#",
  " a ",
  "C:",
  "C|",
  "é",
  "e\u0301",
  "x".repeat(255),
]);

const ROOTS = ["/", "/srv/data", "/srv/100% of #data?/ü", "/srv/.stowage/annex"];

describe.each(ROOTS)("the URIs of a store in %s", (root) => {
  const layout = new Layout(resolve(root), false);

  it("lead back to their keys, from either place", () => {
    fc.assert(
      fc.property(keys, (name) => {
        expect(keyOfUri(layout, uriOf(layout, name))).toBe(name);
        for (const path of layout.places(name)) {
          expect(keyOfUri(layout, pathToFileURL(path).href)).toBe(name);
        }
      }),
    );
  });

  it("lead back as well when another program has escaped more of them, or less", () => {
    fc.assert(
      fc.property(keys, (name) => {
        for (const path of layout.places(name)) {
          const inside = path.slice(layout.root === "/" ? 1 : layout.root.length + 1);
          const escaped = [...Buffer.from(inside)].map((byte) =>
            byte === 0x2f ? "/" : `%${byte.toString(16).padStart(2, "0")}`,
          );
          expect(keyOfUri(layout, locationOf(layout) + escaped.join(""))).toBe(name);
        }
      }),
    );
  });

  it("never lead to what breaks the key policy, nor into the store's own folder", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.stringMatching(/^(?:%[0-9a-f]{2}|[a-z_+.]|\/){0,20}$/),
      fc.stringMatching(/^\.stowage\/(?:annex\/)?(?:[_+](?:%25[0-9a-f]{2}|a){1,4}\/){0,3}object$/),
    );
    fc.assert(
      fc.property(text, (rest) => {
        const found = keyOfUri(layout, locationOf(layout) + rest);
        if (found === undefined) return;
        expect(isObjectKey(found)).toBe(true);
        const paths = layout.places(found).map((path) => pathToFileURL(path).href);
        const asked = pathToFileURL(resolve(layout.root, decodeURIComponent(rest))).href;
        expect(paths).toContain(asked);
      }),
    );
  });
});

describe("a URI that leads to no key", () => {
  const layout = new Layout("/srv/data", false);

  it.each([
    "",
    "file:///srv/data",
    "file:///srv/data/",
    "file:///srv/data//a",
    "file:///srv/data/a/",
    "file:///srv/data2/a",
    "file:///srv/DATA/a",
    "file://host/srv/data/a",
    "s3://srv/data/a",
    "file:///srv/data/../secret",
    "file:///srv/data/a/%2e%2e/%2e%2e/secret",
    "file:///srv/data/a%2Fb",
    "file:///srv/data/a\\b",
    "file:///srv/data/a%5Cb",
    "file:///srv/data/a%0Ab",
    "file:///srv/data/a\tb",
    "file:///srv/data/a%",
    "file:///srv/data/a%zz",
    "file:///srv/data/%e9",
    "file:///srv/data/a?b",
    "file:///srv/data/a#b",
    `file:///srv/data/${"x".repeat(256)}`,
    "file:///srv/data/.stowage",
    "file:///srv/data/.stowage/owners/x.json",
    "file:///srv/data/%2estowage/owners/x.json",
    "file:///srv/data/.stowage/annex/",
    "file:///srv/data/.stowage/annex/object",
    "file:///srv/data/.stowage/annex/_a",
    "file:///srv/data/.stowage/annex/_a/thing",
    "file:///srv/data/.stowage/annex/a/object",
    "file:///srv/data/.stowage/annex/_/object",
    "file:///srv/data/.stowage/annex/_a/+b/object",
    "file:///srv/data/.stowage/annex/+a/object",
    "file:///srv/data/.stowage/annex/_A/object",
    "file:///srv/data/.stowage/annex/_%2561/object",
    "file:///srv/data/.stowage/annex/_a%252fb/object",
    "file:///srv/data/.stowage/annex/_%252e%252e/object",
    "file:///srv/data/.stowage/annex/_../object",
    "file:///srv/data/.stowage/annex/_%25/object",
  ])("%s", (uri) => {
    expect(keyOfUri(layout, uri)).toBeUndefined();
  });
});

describe("a store", () => {
  it("knows the keys of its URIs when the objects, and the directory itself, are gone", async () => {
    const directory = await temporaryFolder();
    const store = await openIn(directory);
    const names = ["a", "a/b", "a/b/c", ".stowage/x", "Ä/100% #1?.csv"];
    for (const name of names) await store.put(key(name), bytes(name));
    const uris = names.map((name) => store.uri(key(name)));
    expect(fileURLToPath(String(uris[1]))).toContain(join(".stowage", "annex"));
    expect(uris.map((uri) => store.keyOf(uri))).toEqual(names);
    await rm(directory, { recursive: true });
    expect(uris.map((uri) => store.keyOf(uri))).toEqual(names);
  });

  it("knows them in another process, also where it was opened by a link", async () => {
    const real = await temporaryFolder();
    const link = join(await temporaryFolder(), "link");
    await symlink(real, link);
    const store = await openIn(link);
    await store.put(key("a"), bytes("x"));
    const other = await openIn(real);
    expect(other.keyOf(store.uri(key("a")))).toBe("a");
    expect(other.keyOf(pathToFileURL(join(link, "a")).href)).toBeUndefined();
  });
});
