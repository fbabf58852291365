import { crc32 } from "node:zlib";
import { openFilesystemStore } from "../../src/adapters/filesystem/index.js";
import { crc32Checksum } from "../../src/domain/checksum.js";
import { StowageError } from "../../src/domain/errors.js";
import { objectKey } from "../../src/domain/object-key.js";
import { S3_LIMITS } from "../../src/domain/upload-plan.js";
import type { OpenStore } from "../../src/ports/store.js";

/** A process of its own that works on a store: `node actor.ts <act> <directory> <name>`. */
const [, , act = "", directory = "", name = ""] = process.argv;

const LIMITS = { ...S3_LIMITS, minPartBytes: 1 };
const COUNTER = objectKey("race/counter");
const ROUNDS = 20;

const acts: Readonly<Record<string, (store: OpenStore) => Promise<void>>> = {
  /** Tries to be the one who creates each of the objects, and says which it was. */
  async create(store) {
    for (let round = 0; round < ROUNDS; round++) {
      const key = objectKey(`race/${round}/object`);
      const won = await refusedAsFalse(
        store.put(key, Buffer.from(name), { when: { absent: true } }),
        "already-exists",
      );
      if (won) console.log(round);
    }
  },

  /** Adds one to a number as often as told, by compare-and-swap. */
  async count(store) {
    for (let added = 0; added < ROUNDS; ) {
      await using object = await store.get(COUNTER);
      let text = "";
      for await (const chunk of object.body) text += Buffer.from(chunk).toString();
      const next = Buffer.from(String(Number(text) + 1));
      const when = { etag: object.info.etag };
      if (await refusedAsFalse(store.put(COUNTER, next, { when }), "precondition-failed")) added++;
    }
  },

  /** Writes, joins and deletes until it is killed. Each object tells of itself. */
  async churn(store) {
    console.log("ready");
    for (let round = 0; ; round++) {
      const key = objectKey(`churn/${round % 3}/object`);
      const text = `${name}-${round}-`.repeat(1 + (round % 5) * 2000);
      const attributes = { metadata: { crc: String(crc32(text)), size: String(text.length) } };
      const bytes = Buffer.from(text);
      if (round % 7 === 6) await store.delete(key);
      else if (round % 2 === 0) {
        await store.put(key, bytes, { ...attributes, checksum: crc32Checksum(crc32(bytes)) });
      } else {
        const upload = await store.createUpload(key, attributes);
        const middle = Math.floor(bytes.length / 2);
        const parts = [
          await store.uploadPart(upload, 1, bytes.subarray(0, middle)),
          await store.uploadPart(upload, 2, bytes.subarray(middle)),
        ];
        await store.completeUpload(upload, parts);
      }
    }
  },

  /** Begins an upload and sends a part, for another process to go on with. */
  async begin(store) {
    const upload = await store.createUpload(objectKey(name), { contentType: "text/plain" });
    const part = await store.uploadPart(upload, 1, Buffer.from("first "));
    console.log(JSON.stringify({ upload, part }));
  },
};

async function refusedAsFalse(promise: Promise<unknown>, code: string): Promise<boolean> {
  try {
    await promise;
    return true;
  } catch (error) {
    if (error instanceof StowageError && error.code === code) return false;
    throw error;
  }
}

await using store = await openFilesystemStore({ directory, limits: LIMITS });
await acts[act]?.(store);
