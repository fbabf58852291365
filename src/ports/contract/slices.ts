import assert from "node:assert/strict";
import { StowageError } from "../../domain/errors.js";
import type { Slice } from "../slice.js";
import { joined, read, refused, sameBytes, taken } from "./assertions.js";
import type { ContractCase } from "./case.js";
import { checksumOf, sampleBytes, utf8 } from "./sample.js";

const SAME = "A part sent from a slice is the same as one of the slice's bytes at hand.";

export const sliceCases: readonly ContractCase[] = [
  {
    id: "U23",
    promise: SAME,
    run: async ({ store, key, partBytes }) => {
      const upload = await store.createUpload(key("object"), { checksummed: true });
      const bodies = [sampleBytes(partBytes, 1), sampleBytes(partBytes + 7, 2), utf8("tail")];
      const [first = utf8(""), second = utf8(""), tail = utf8("")] = bodies;
      const parts = [
        await store.uploadPart(upload, 1, sliceOf(first), { checksum: checksumOf(first) }),
        await store.uploadPart(upload, 2, second, { checksum: checksumOf(second) }),
        await store.uploadPart(upload, 3, sliceOf(tail), { checksum: checksumOf(tail) }),
      ];
      assert.deepEqual(
        parts.map(({ partNumber, size }) => ({ partNumber, size })),
        bodies.map((bytes, at) => ({ partNumber: at + 1, size: bytes.length })),
      );
      const checksum = checksumOf(joined(bodies));
      await store.completeUpload(upload, parts, { checksum });
      sameBytes((await read(store, key("object"))).bytes, joined(bodies));
    },
  },
  {
    id: "U23-plain",
    promise: SAME,
    run: async ({ store, key }) => {
      for (const bytes of [utf8("one byte or some"), utf8("")]) {
        const upload = await store.createUpload(key("object"));
        const part = await store.uploadPart(upload, 1, sliceOf(bytes));
        await store.completeUpload(upload, [part]);
        sameBytes((await read(store, key("object"))).bytes, bytes);
      }
    },
  },
  {
    id: "U23-wrong",
    promise:
      "A part whose bytes do not have the checksum given is refused with `checksum-mismatch`.",
    run: async ({ store, key, partBytes }) => {
      const upload = await store.createUpload(key("object"), { checksummed: true });
      const bytes = sampleBytes(partBytes);
      const checksum = checksumOf(utf8("other"));
      const sent = store.uploadPart(upload, 1, sliceOf(bytes), { checksum });
      await refused(sent, "checksum-mismatch");
      assert.deepEqual(await taken(store.listParts(upload)), []);
    },
  },
  {
    id: "U24",
    promise: "What reading a slice throws is thrown on, and nothing of the part is stored.",
    run: async ({ store, key, partBytes }) => {
      const upload = await store.createUpload(key("object"), { checksummed: true });
      const bytes = sampleBytes(partBytes);
      const checksum = checksumOf(bytes);
      const fault = new StowageError("source-changed", "Cannot read the sample: so it is meant");
      const expectFault = async (at: number): Promise<void> => {
        const sent = store.uploadPart(upload, 1, sliceOf(bytes, { at, fault }), { checksum });
        assert.equal((await refused(sent, fault.code)).message, fault.message);
      };
      for (const at of [0, partBytes / 2, partBytes - 1]) {
        await expectFault(at);
        assert.deepEqual(await taken(store.listParts(upload)), []);
      }
      const kept = utf8("kept");
      const { size, etag } = await store.uploadPart(upload, 1, kept, {
        checksum: checksumOf(kept),
      });
      await expectFault(partBytes - 1);
      const parts = await taken(store.listParts(upload));
      assert.deepEqual(
        parts.map((part) => ({ size: part.size, etag: part.etag })),
        [{ size, etag }],
      );
    },
  },
];

/** Bytes as a slice, which cannot be read beyond a byte where it is to fail. */
function sliceOf(
  bytes: Uint8Array,
  fails?: { readonly at: number; readonly fault: StowageError },
): Slice {
  return {
    size: bytes.length,
    open: () => {
      let at = 0;
      return async (memory) => {
        // As a file does it: the memory is filled later, and is to be left alone until then.
        await new Promise((resolve) => setImmediate(resolve));
        const end = at + memory.length;
        if (fails !== undefined && end > fails.at) throw fails.fault;
        assert.ok(end <= bytes.length, "the slice is read beyond its end");
        memory.set(bytes.subarray(at, end));
        at = end;
      };
    },
  };
}
