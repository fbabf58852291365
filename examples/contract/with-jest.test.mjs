import { test } from "@jest/globals";
import { contractTests } from "stowage/contract";
import { openMemoryStore } from "stowage/memory";

for (const { name, skip, run } of contractTests({ store: openMemoryStore() })) {
  (skip ? test.skip : test)(name, run);
}
