import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { contractCases } from "../../src/ports/contract/index.js";

const PORTS = ["object-store.ts", "multipart-store.ts", "url-signer.ts"];

/** Each item of a list in a doc comment, its lines joined. */
function bulletsOf(source: string): string[] {
  const bullet = /^ *\* - (.+(?:\n *\* {3,}\S.*)*)/gm;
  return [...source.matchAll(bullet)].map(([, text = ""]) => text.replace(/\s*\n *\*\s*/g, " "));
}

const promises = PORTS.flatMap((port) =>
  bulletsOf(readFileSync(new URL(`../../src/ports/${port}`, import.meta.url), "utf8")),
);
const quoted = new Set(contractCases.map(({ promise }) => promise));

test("reads promises over several lines", () => {
  const source = " * - One\n *   and more.\n * - Two.\n *\n * Prose.\n";
  expect(bulletsOf(source)).toEqual(["One and more.", "Two."]);
  expect(promises.length).toBeGreaterThan(70);
});

test("no promise is made twice", () => {
  expect(promises).toEqual([...new Set(promises)]);
});

test("each promise of the ports has a case that quotes it", () => {
  expect(promises.filter((promise) => !quoted.has(promise))).toEqual([]);
});

test("each case quotes a promise of the ports", () => {
  const strays = contractCases.filter(({ promise }) => !promises.includes(promise));
  expect(strays.map(({ id, promise }) => ({ id, promise }))).toEqual([]);
});

test("each case has an id of its own", () => {
  const ids = contractCases.map(({ id }) => id);
  expect(ids).toEqual([...new Set(ids)]);
});

test("each option that a store may declare not to honour has a case for such stores", () => {
  const twins = contractCases.flatMap(({ needs = [] }) =>
    needs.filter((need) => need.startsWith("!")),
  );
  expect(new Set(twins)).toEqual(
    new Set([
      "!conditions.put",
      "!conditions.complete",
      "!conditions.copy",
      "!conditions.delete",
      "!encryption.AES256",
      "!encryption.aws:kms",
      "!signer.checksums",
      "!listUploads.prefix",
    ]),
  );
});
