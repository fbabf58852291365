import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { openMemoryStore } from "../../src/adapters/memory/index.js";
import type { Part } from "../../src/ports/multipart-store.js";
import type { Store } from "../../src/ports/store.js";
import { stowageOn } from "./stowage-on.js";

const MIB = 1_048_576;
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** A store that takes parts and keeps none. */
function discarding(atPart: () => void): Store {
  const taken = {
    uploadPart: async (_: unknown, partNumber: number, bytes: Uint8Array): Promise<Part> => {
      await new Promise((resolve) => setImmediate(resolve));
      atPart();
      return { partNumber, size: bytes.length, etag: `e${partNumber}` };
    },
    completeUpload: async () => ({ size: 0, etag: "e" }),
  };
  return new Proxy<Store>(openMemoryStore(), {
    get: (store, name: keyof Store) => {
      if (name in taken) return taken[name as keyof typeof taken];
      const member = store[name];
      return typeof member === "function" ? member.bind(store) : member;
    },
  });
}

async function* pieces(mebibytes: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < mebibytes; i++) yield new Uint8Array(MIB);
}

it("holds the parts in flight, however long the source", async () => {
  const peaks: number[] = [];
  for (const mebibytes of [50, 250]) {
    let peak = 0;
    collect();
    const before = process.memoryUsage().arrayBuffers;
    const store = discarding(() => {
      collect();
      peak = Math.max(peak, process.memoryUsage().arrayBuffers - before);
    });
    const stowage = stowageOn(store);
    await stowage.uploadDataset({ userId: 1, source: pieces(mebibytes), name: "x" });
    peaks.push(peak / MIB);
  }
  // Four parts of 5 MiB in flight, one being read, and some room for what is not collected yet.
  expect(Math.max(...peaks)).toBeLessThan(60);
});
