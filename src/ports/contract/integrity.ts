import assert from "node:assert/strict";
import type { Encryption } from "../object-store.js";
import { absent, read, refused, unchanged } from "./assertions.js";
import type { ContractCase } from "./case.js";
import { checksumOf, sampleBytes, utf8 } from "./sample.js";

const MISMATCH =
  "A put whose bytes do not have the checksum given is refused with `checksum-mismatch`.";
const ENCRYPTED = "A put that asks for encryption resolves only when the store has confirmed it.";

export const integrityCases: readonly ContractCase[] = [
  {
    id: "P21",
    promise: "The checksum given is kept, and told by head and get.",
    run: async ({ store, key }) => {
      for (const size of [0, 1, 5_000]) {
        const bytes = sampleBytes(size);
        const checksum = checksumOf(bytes);
        await store.put(key("object"), bytes, { checksum });
        assert.deepEqual((await store.head(key("object"))).checksum, checksum);
        assert.deepEqual((await read(store, key("object"))).info.checksum, checksum);
      }
    },
  },
  {
    id: "P21-wrong",
    promise: MISMATCH,
    run: async ({ store, key }) => {
      const checksum = checksumOf(utf8("other bytes"));
      const put = store.put(key("object"), utf8("bytes"), { checksum });
      const error = await refused(put, "checksum-mismatch");
      assert.equal(error.outcome, "not-applied");
      await absent(store, key("object"));
    },
  },
  {
    id: "P21-keeps",
    promise: "A write that is refused leaves what was there before.",
    run: async ({ store, key }) => {
      await store.put(key("object"), utf8("old"), { metadata: { a: "old" } });
      const before = await read(store, key("object"));
      const checksum = checksumOf(utf8("old"));
      await refused(store.put(key("object"), utf8("new"), { checksum }), "checksum-mismatch");
      await unchanged(store, key("object"), before);
    },
  },
  encrypted("AES256"),
  encrypted("aws:kms"),
];

function encrypted(algorithm: Encryption["algorithm"]): ContractCase {
  return {
    id: `P30-${algorithm}`,
    promise: ENCRYPTED,
    needs: [`encryption.${algorithm}`],
    run: async ({ store, key }) => {
      await store.put(key("put"), utf8("secret"), { encryption: { algorithm } });
      assert.equal((await store.head(key("put"))).encryption, algorithm);
      assert.equal((await read(store, key("put"))).info.encryption, algorithm);
      await store.copy(key("put"), key("copy"), { encryption: { algorithm } });
      assert.equal((await store.head(key("copy"))).encryption, algorithm);
    },
  };
}
