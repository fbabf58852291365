import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import { Client } from "minio";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import type { Uploaded } from "../../src/app/stowage.js";
import { type BuiltCli, buildCli, start } from "../cli/built-cli.js";
import { credentialsOf, locationOf, makeBucket, sdkClient, type Way } from "./buckets.js";
import type { ServerAddress } from "./setup/server.js";

/** The same command by `--store` alone, and what it stored as a client that is not ours sees it. */

const MIB = 1_048_576;
const sizes: readonly (readonly [name: string, bytes: number])[] = [
  ["empty.csv", 0],
  ["small.csv", 1_024],
  ["below.csv", 5 * MIB - 1],
  ["at.csv", 5 * MIB],
  ["above.csv", 5 * MIB + 1],
  ["Größe 64.csv", 64 * MIB],
];
const subjects: readonly (readonly [Way, "minio" | "localstack", ServerAddress])[] = [
  ["s3", "minio", inject("minio")],
  ["s3", "localstack", inject("localstack")],
  ["minio", "minio", inject("minio")],
];

let cli: BuiltCli;
let folder: string;

beforeAll(async () => {
  cli = await buildCli();
  folder = await mkdtemp(join(tmpdir(), "stowage-main-job-"));
  for (const [name, bytes] of sizes) await writeFile(join(folder, name), randomBytes(bytes));
});

afterAll(async () => {
  await cli[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** What another client sees of an object. */
interface Seen {
  readonly bytes: Buffer;
  readonly contentType: string | undefined;
  readonly encryption: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The client of the other SDK: not the one that the store beneath is made with. */
async function seenByOthers(
  way: Way,
  server: ServerAddress,
  bucket: string,
  key: string,
): Promise<Seen> {
  if (way === "minio") {
    const sdk = sdkClient(server);
    const answer = await sdk.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    const bytes = Buffer.from((await answer.Body?.transformToByteArray()) ?? []);
    sdk.destroy();
    return {
      bytes,
      contentType: answer.ContentType,
      encryption: answer.ServerSideEncryption,
      metadata: answer.Metadata ?? {},
    };
  }
  const { hostname, port } = new URL(server.endpoint);
  const { accessKey, secretKey, region } = server;
  const address = { endPoint: hostname, port: Number(port), useSSL: false, region };
  const minio = new Client({ ...address, accessKey, secretKey });
  const { metaData } = await minio.statObject(bucket, key);
  return {
    bytes: await buffer(await minio.getObject(bucket, key)),
    contentType: metaData["content-type"],
    encryption: metaData["x-amz-server-side-encryption"],
    metadata: metaData,
  };
}

describe.each(subjects)("stowage upload --store, by %s on %s", (way, profile, server) => {
  let bucket: string;

  beforeAll(async () => {
    bucket = await makeBucket(server);
  });

  it.each(sizes)("stores %s of %d bytes, and another client reads the same", async (name, size) => {
    const args = [cli.main, "upload", name, "--user", "12345", "--metadata", "team=Zürich"];
    const store = locationOf(way, server, bucket, profile);
    const { ended } = start(process.execPath, [...args, "--store", store, "--json"], {
      cwd: folder,
      env: { PATH: process.env["PATH"], ...credentialsOf(server) },
    });
    const { code, out, err } = await ended;
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const told = JSON.parse(out) as Uploaded;
    expect(told).toMatchObject({
      uri: `s3://${bucket}/${told.key}`,
      size,
      encryption: "AES256",
      contentType: "text/csv",
      parts: size < 5 * MIB ? 0 : Math.ceil(size / (5 * MIB)),
    });

    const seen = await seenByOthers(way, server, bucket, told.key);
    expect(seen.bytes.equals(await readFile(join(folder, name)))).toBe(true);
    expect(seen).toMatchObject({ contentType: "text/csv", encryption: "AES256" });
    // Header values are ASCII: what is not goes as RFC 8187 has it, for any client to decode.
    const wire = (text: string): string =>
      /^[\x20-\x7e]*$/.test(text) ? text : `UTF-8''${encodeURIComponent(text)}`;
    expect(seen.metadata).toMatchObject({
      original_filename: wire(name),
      uploaded_at: told.metadata["uploaded_at"],
      team: wire("Zürich"),
    });
  });
});
