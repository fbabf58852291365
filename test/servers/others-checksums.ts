import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type ChecksumType,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStowage } from "../../src/app/modules/open-stowage.js";
import { configOf, locationOf, makeBucket, sdkClient, type Way } from "./buckets.js";
import { openFaultProxy, type PlacedFault } from "./fault-proxy.js";
import type { ServerAddress } from "./setup/server.js";

const BYTES = randomBytes(5_300_000);
const Key = "datasets/user_7/20251023_143045_x.bin";
const ChecksumAlgorithm = "CRC64NVME";

/** Stores bytes as other clients do: in one request, or in two parts. */
const CLIENTS: readonly (readonly [
  string,
  (client: S3Client, Bucket: string) => Promise<unknown>,
])[] = [
  [
    "one request",
    (client, Bucket) =>
      client.send(new PutObjectCommand({ Bucket, Key, Body: BYTES, ChecksumAlgorithm })),
  ],
  [
    "two parts",
    async (client, Bucket) => {
      const ChecksumType: ChecksumType = "FULL_OBJECT";
      const { UploadId } = await client.send(
        new CreateMultipartUploadCommand({ Bucket, Key, ChecksumAlgorithm, ChecksumType }),
      );
      const cut = 5_242_880;
      const bodies = [BYTES.subarray(0, cut), BYTES.subarray(cut)];
      const Parts: { PartNumber: number; ETag?: string; ChecksumCRC64NVME?: string }[] = [];
      for (const [index, Body] of bodies.entries()) {
        const PartNumber = index + 1;
        const part = { Bucket, Key, UploadId, PartNumber, Body, ChecksumAlgorithm } as const;
        const { ETag = "", ChecksumCRC64NVME = "" } = await client.send(
          new UploadPartCommand(part),
        );
        Parts.push({ PartNumber, ETag, ChecksumCRC64NVME });
      }
      const MultipartUpload = { Parts };
      return client.send(
        new CompleteMultipartUploadCommand({
          Bucket,
          Key,
          UploadId,
          MultipartUpload,
          ChecksumType,
        }),
      );
    },
  ],
];

/** Objects of other clients, which have left a CRC-64/NVME of the whole and no CRC-32. */
export function describeOthersChecksums(
  ways: readonly Way[],
  profile: string,
  server: ServerAddress,
): void {
  describe.each(ways)(`an object of another client on ${profile}, by %s,`, (way) => {
    let folder: string;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "stowage-others-"));
    });

    afterAll(() => rm(folder, { recursive: true, force: true }));

    it.each(CLIENTS)("stored in %s, is verified by its CRC-64/NVME", async (_, put) => {
      const bucket = await makeBucket(server);
      const client = sdkClient(server);
      await put(client, bucket);
      client.destroy();
      const config = { ...configOf(server), encryption: "none" } as const;
      const open = (endpoint?: string) =>
        openStowage({ store: locationOf(way, server, bucket, profile, endpoint), ...config }, {});
      const request = { userId: 7, object: Key, to: join(folder, "got.bin") };
      await using stowage = await open();
      const { checksum } = await stowage.info(request);
      expect(checksum).toEqual({
        algorithm: "CRC64NVME",
        value: expect.stringMatching(/^.{11}=$/),
      });
      expect(await stowage.download(request)).toMatchObject({ size: BYTES.length, verified: true });
      expect((await readFile(request.to)).equals(BYTES)).toBe(true);
      await rm(request.to);

      const fault: PlacedFault = {
        fault: "flip",
        exchange: 0,
        direction: "to client",
        offset: BYTES.length / 2,
      };
      await using proxy = await openFaultProxy(server.endpoint, fault);
      await using faulty = await open(proxy.endpoint);
      await expect(faulty.download(request)).rejects.toMatchObject({
        code: "checksum-mismatch",
        message: expect.stringContaining(`with CRC64NVME`),
      });
      expect(await readdir(folder)).toEqual([]);
    });
  });
}
