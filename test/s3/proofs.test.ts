import { crc32 } from "node:zlib";
import { describe, expect, test } from "vitest";
import { crc32Checksum } from "../../src/domain/checksum.js";
import { error, scriptedServer } from "./scripted-server.js";
import { BYTES, failureOf, KEY, STORES } from "./stores.js";

const checksum = crc32Checksum(crc32(BYTES) ^ 1);
const absent = { absent: true } as const;
const upload = { key: KEY, uploadId: "upload-1" };
const part = {
  partNumber: 1,
  size: BYTES.length,
  etag: "e",
  checksum: crc32Checksum(crc32(BYTES)),
};

/** Requests for a put, one that replaces nothing, a part, and completes of both kinds. */
const ROWS: readonly (readonly [profile: string, sent: readonly number[], why: string])[] = [
  ["aws", [1, 1, 1, 1, 1], "all is left to the server"],
  ["localstack", [0, 1, 1, 0, 1], "what could lose an object is not left to the server"],
  ["ceph", [0, 0, 0, 0, 0], "nothing is left to the server"],
  ["generic", [0, 0, 0, 0, 0], "nothing is left to the server"],
];

describe.each(STORES)("%s: bytes of another checksum than was given", (_, open) => {
  test.each(ROWS)("on %s go out as %o: %s", async (profile, sent) => {
    await using server = await scriptedServer(error(400, "BadDigest"));
    await using store = open(server.url, { profile });
    const when = profile === "ceph" ? undefined : absent;
    const calls = [
      () => store.put(KEY, BYTES, { checksum }),
      () => store.put(KEY, BYTES, { checksum, when: absent }),
      () => store.uploadPart(upload, 1, BYTES, { checksum }),
      () => store.completeUpload(upload, [part], { checksum }),
      () => store.completeUpload(upload, [part], { checksum, when }),
    ];
    const counts: number[] = [];
    for (const call of calls) {
      expect(await failureOf(call())).toMatchObject({ code: "checksum-mismatch" });
      counts.push(server.received.splice(0).length);
    }
    expect(counts).toEqual(sent);
  });

  test.each([
    ["aws", true],
    ["localstack", true],
    ["ceph", false],
    ["generic", false],
  ])("a browser is held to a checksum by %s: %s", async (profile, checksums) => {
    await using store = open("http://127.0.0.1:9", { profile });
    expect(store.signer?.honours).toEqual({ checksums });
  });
});
