import { randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { openMinioStore } from "../../src/adapters/minio/index.js";
import { openS3Store } from "../../src/adapters/s3/index.js";
import type { PayloadSigning } from "../../src/adapters/s3-protocol/payloads.js";
import { type Proof, profileOf } from "../../src/adapters/s3-protocol/profiles.js";
import { crc32Checksum } from "../../src/domain/checksum.js";
import { objectKey } from "../../src/domain/object-key.js";
import type { OpenStore } from "../../src/ports/store.js";
import { makeBucket, type Way } from "./buckets.js";
import { openFaultProxy } from "./fault-proxy.js";
import type { ServerAddress } from "./setup/server.js";

/** Enough that its middle is past all headers. */
const BYTES = randomBytes(400_000);
const checksum = crc32Checksum(crc32(BYTES));
const when = { absent: true } as const;

/** Each proof by itself, and what a store does by default. */
const PROOFS: readonly (readonly [Proof | undefined, PayloadSigning])[] = [
  [undefined, "auto"],
  [undefined, "never"],
  ["crc32", "never"],
  ["payload-hash", "always"],
  ["content-md5", "never"],
];

/** One byte of a put, and of a part, is changed on its way over plain HTTP to a server of a profile. */
export function describeFlippedBytes(
  ways: readonly Way[],
  profile: string,
  server: ServerAddress,
): void {
  const known = profileOf(profile);
  const rows = PROOFS.filter(([proof]) => proof === undefined || known.verifies.includes(proof));

  function open(way: Way, bucket: string, proof: Proof | undefined, signing: PayloadSigning) {
    return (endpoint: string): OpenStore => {
      const { region, accessKey, secretKey } = server;
      const verifies = proof === undefined ? known.verifies : [proof];
      const to = { bucket, region, endpoint, profile: { ...known, verifies } };
      const payloadSigning = signing;
      const credentials = { accessKeyId: accessKey, secretAccessKey: secretKey };
      return way === "s3"
        ? openS3Store({ ...to, payloadSigning, credentials })
        : openMinioStore({ ...to, payloadSigning, accessKey, secretKey });
    };
  }

  describe.each(ways)(`a byte that is changed on its way to ${profile}, by %s,`, (way) => {
    it.each(rows)("is refused by %s, signing %s", async (proof, signing) => {
      const openAt = open(way, await makeBucket(server), proof, signing);
      // A checksum would prove it as well, where that is verified.
      const told = proof === undefined || proof === "crc32" ? { checksum } : {};
      await using proxy = await openFaultProxy(server.endpoint);
      await using store = openAt(proxy.endpoint);
      await using straight = openAt(server.endpoint);
      const key = objectKey("put");
      proxy.flipAt(BYTES.length / 2);
      await expect(store.put(key, BYTES, { when, ...told })).rejects.toMatchObject({
        code: "checksum-mismatch",
        outcome: "not-applied",
        status: 400,
      });
      await expect(straight.head(key)).rejects.toMatchObject({ code: "not-found" });
      const upload = await straight.createUpload(objectKey("parts"), {
        checksummed: told.checksum !== undefined,
      });
      await using late = openAt(proxy.endpoint);
      proxy.flipAt(BYTES.length / 2);
      await expect(late.uploadPart(upload, 1, BYTES, told)).rejects.toMatchObject({
        code: "checksum-mismatch",
        status: 400,
      });
      expect(await Array.fromAsync(straight.listParts(upload))).toEqual([]);
      // What is not changed goes through by the same proof.
      expect(await late.uploadPart(upload, 1, BYTES, told)).toMatchObject({ size: BYTES.length });
      expect(await store.put(key, BYTES, { when, ...told })).toMatchObject({ size: BYTES.length });
      await straight.abortUpload(upload);
    });
  });
}
