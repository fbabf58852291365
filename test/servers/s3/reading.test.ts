import { describe, expect, inject, test } from "vitest";
import { objectKey } from "../../../src/domain/object-key.js";
import { compareUtf8 } from "../../../src/domain/utf8.js";
import { makeBucket } from "../buckets.js";
import { STORES, taken } from "./open.js";

const NAMES = ["minio", "localstack"] as const;
const key = objectKey("folder/name");

describe.each(STORES)("reading, %s", (_, open) => {
  test.each(NAMES)("%s: 200 bodies that are left early hold no connection", async (name) => {
    const server = inject(name);
    await using store = open(server, await makeBucket(server), name, { maxSockets: 4 });
    await store.put(key, new Uint8Array(1_000_000));
    for (let round = 0; round < 200; round++) {
      const opened = await store.get(key);
      if (round % 2 === 0) await opened[Symbol.asyncDispose]();
      else for await (const _chunk of opened.body) break;
    }
    const open4 = await Promise.all([1, 2, 3, 4].map(() => store.get(key)));
    for (const { body } of open4) {
      expect(Buffer.concat(await taken(body))).toHaveLength(1_000_000);
    }
  });

  test.each(NAMES)("%s: pages of one, with names that need encoding at each end", async (name) => {
    const server = inject(name);
    await using store = open(server, await makeBucket(server), name);
    const names = [
      "%25",
      "+",
      "a b",
      "a+b",
      "a/b c",
      "a/b+c",
      "z&<>",
      "é",
      "日/本",
      "\uffee",
      "😀",
    ];
    for (const each of names) await store.put(objectKey(each), new Uint8Array(1));
    const all = await taken(store.list({ pageSize: 1 }));
    const sorted = names.toSorted(compareUtf8);
    expect(all.map((entry) => entry.kind === "object" && entry.key)).toEqual(sorted);
    for (const [index, startAfter] of sorted.entries()) {
      const rest = await taken(store.list({ pageSize: 2, startAfter }));
      expect(rest.map((entry) => entry.kind === "object" && entry.key)).toEqual(
        sorted.slice(index + 1),
      );
    }
    const folded = await taken(store.list({ delimiter: "/", pageSize: 1 }));
    const told = folded.map((entry) => (entry.kind === "object" ? entry.key : entry.prefix));
    expect(told).toEqual(["%25", "+", "a b", "a+b", "a/", "z&<>", "é", "日/", "\uffee", "😀"]);
    for (const [index, startAfter] of told.entries()) {
      const rest = await taken(store.list({ delimiter: "/", pageSize: 1, startAfter }));
      expect(rest.map((entry) => (entry.kind === "object" ? entry.key : entry.prefix))).toEqual(
        told.slice(index + 1),
      );
    }
  });
});
