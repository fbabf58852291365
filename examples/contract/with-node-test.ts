import { test } from "node:test";
import { contractTests } from "stowage/contract";
import { openMemoryStore } from "stowage/memory";

for (const { name, skip, run } of contractTests({ store: openMemoryStore() })) {
  test(name, { skip }, run);
}
