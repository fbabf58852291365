import { contractTests } from "stowage/contract";
import { openMemoryStore } from "stowage/memory";
import { test } from "vitest";

for (const { name, skip, run } of contractTests({ store: openMemoryStore() })) {
  (skip ? test.skip : test)(name, run);
}
