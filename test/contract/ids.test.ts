import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { contractCases } from "../../src/ports/contract/index.js";
import { OWN, SUPERSET } from "./ids.js";

/** How many ids the superset has of each letter. */
const LETTERS = { P: 27, G: 16, H: 6, D: 10, L: 14, C: 12, K: 12, M: 8, U: 10, S: 10, E: 9 };

const ids = Object.entries(LETTERS).flatMap(([letter, many]) =>
  Array.from({ length: many }, (_, at) => `${letter}${String(at + 1).padStart(2, "0")}`),
);
const rows = Object.entries(SUPERSET);
const named = [...rows.flatMap(([, { cases = [] }]) => cases), ...Object.values(OWN).flat()];

test("each id of the superset has its row, and there are no others", () => {
  expect(Object.keys(SUPERSET)).toEqual(ids);
});

test("each row names a case, or says why there is none", () => {
  const empty = rows.filter(([, { cases = [], beyond }]) => cases.length === 0 && !beyond);
  expect(empty).toEqual([]);
});

test("each case that is named exists", () => {
  const there = new Set(contractCases.map(({ id }) => id));
  expect(named.filter((id) => !there.has(id))).toEqual([]);
});

test("each case is named", () => {
  const known = new Set(named);
  expect(contractCases.map(({ id }) => id).filter((id) => !known.has(id))).toEqual([]);
});

test("each test that holds something instead exists", () => {
  const files = rows.flatMap(([, { beyond = "" }]) => beyond.match(/test\/[\w/.-]+\.ts/g) ?? []);
  const root = new URL("../../", import.meta.url);
  expect(new Set(files).size).toBeGreaterThan(10);
  expect(files.filter((file) => !existsSync(new URL(file, root)))).toEqual([]);
});
