import {
  CreateBucketCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { describe, expect, inject, it } from "vitest";
import type { ServerAddress } from "./setup/server.js";
import { startMinio } from "./setup/servers.js";

const BYTES = new TextEncoder().encode("longitude,latitude\n-122.23,37.88\n");

describe.each(["minio", "localstack"] as const)("%s", (name) => {
  const server = inject(name);

  it("listens on this machine alone", () => {
    expect(new URL(server.endpoint).hostname).toBe("127.0.0.1");
  });

  it("says that it is well", async () => {
    const path = name === "minio" ? "/minio/health/live" : "/_localstack/health";
    expect((await fetch(server.endpoint + path)).status).toBe(200);
  });

  it("gives back, encrypted, what was put", async () => {
    expect(await roundTrip(server)).toEqual({ bytes: BYTES, encryption: "AES256" });
  });
});

describe("a MinIO without a key", () => {
  it("refuses to encrypt, and is gone when killed", async () => {
    await using server = await startMinio({ kms: false });
    await expect(roundTrip(server)).rejects.toMatchObject({
      $metadata: { httpStatusCode: 501 },
    });
    await server.kill();
    await expect(fetch(server.endpoint)).rejects.toThrow("fetch failed");
  });
});

async function roundTrip(
  server: ServerAddress,
): Promise<{ bytes: Uint8Array | undefined; encryption: string | undefined }> {
  const { endpoint, region, accessKey, secretKey } = server;
  const client = new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
    forcePathStyle: true,
    maxAttempts: 1,
  });
  try {
    const object = { Bucket: `servers-${crypto.randomUUID()}`, Key: "datasets/housing.csv" };
    await client.send(new CreateBucketCommand({ Bucket: object.Bucket }));
    await client.send(
      new PutObjectCommand({ ...object, Body: BYTES, ServerSideEncryption: "AES256" }),
    );
    const answer = await client.send(new GetObjectCommand(object));
    const bytes = await answer.Body?.transformToByteArray();
    return { bytes, encryption: answer.ServerSideEncryption };
  } finally {
    client.destroy();
  }
}
