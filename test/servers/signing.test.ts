import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished, vi } from "vitest";
import { openStowage } from "../../src/app/modules/open-stowage.js";
import type { Stowage } from "../../src/app/stowage.js";
import { runInProcess } from "../cli/fake-terminal.js";
import { configOf, credentialsOf, locationOf, makeBucket, type Way } from "./buckets.js";
import type { ServerAddress } from "./setup/server.js";

const CSV = Buffer.from("a,b\n1,2\n");

const subjects: readonly (readonly [Way, string, ServerAddress])[] = [
  ["s3", "minio", inject("minio")],
  ["minio", "minio", inject("minio")],
  ["s3", "localstack", inject("localstack")],
];

describe.each(subjects)("signed by %s of %s", (way, profile, server) => {
  let stowage: Stowage;
  let location: string;

  beforeAll(async () => {
    location = locationOf(way, server, await makeBucket(server), profile);
    stowage = await openStowage({ store: location, ...configOf(server) }, {});
  });

  afterAll(() => stowage[Symbol.asyncDispose]());

  it("an upload by a browser is an upload as any other, encrypted and create-only", async () => {
    const request = {
      userId: 7,
      name: "Größe.csv",
      size: CSV.length,
      metadata: { team: "Zürich" },
    };
    const { method, url, headers, ...signed } = await stowage.signUpload(request);
    const stored = await fetch(url, { method, headers, body: CSV });
    expect(stored.status).toBe(200);
    const info = await stowage.info({ userId: 7, object: signed.uri });
    expect(info).toMatchObject({
      key: signed.key,
      size: CSV.length,
      filename: "Größe.csv",
      contentType: "text/csv",
      metadata: signed.metadata,
      encryption: "AES256",
    });
    const keys = await Array.fromAsync(stowage.list({ userId: 7 }), ({ key }) => key);
    expect(keys).toContain(signed.key);
    const again = await fetch(url, { method, headers, body: Buffer.from("a,b\n3,4\n") });
    expect(again.status).toBe(412);
    await using object = await stowage.open({ userId: 7, object: signed.key });
    expect(Buffer.concat(await Array.fromAsync(object.body))).toEqual(CSV);
  });

  it("a browser downloads under the name that was uploaded", async () => {
    const source = { userId: 8, source: CSV, name: 'a "b" 日本.csv' };
    const { key } = await stowage.uploadDataset(source);
    const { url } = await stowage.signDownload({ userId: 8, object: key });
    const answer = await fetch(url);
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(CSV);
    expect(answer.headers.get("content-type")).toBe("text/csv");
    expect(answer.headers.get("content-disposition")).toBe(
      "attachment; filename=\"a _b_ __.csv\"; filename*=UTF-8''a%20%22b%22%20%E6%97%A5%E6%9C%AC.csv",
    );
  });

  it("the command line prints a URL that is good for as long as was asked", async () => {
    const { key } = await stowage.uploadDataset({ userId: 10, source: CSV, name: "x.csv" });
    const args = ["sign", key, "--user", "10", "--expires", "5m", "--store", location];
    const env = credentialsOf(server);
    // The SDK's provider chain reads the process's own.
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    onTestFinished(() => void vi.unstubAllEnvs());
    const { code, out, err } = await runInProcess(args, { cwd: "/", env });
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const answer = await fetch(out.trimEnd());
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(CSV);
    expect(new URL(out).searchParams.get("X-Amz-Expires")).toBe("300");
  });

  it("a URL to the public endpoint is good there", async () => {
    // Another name of the same server: signatures are of the name.
    const publicEndpoint = server.endpoint.replace("127.0.0.1", "localhost");
    const store = `${location}&publicEndpoint=${publicEndpoint}`;
    await using outside = await openStowage({ store, ...configOf(server) }, {});
    const { key } = await outside.uploadDataset({ userId: 9, source: CSV, name: "x.csv" });
    const { url } = await outside.signDownload({ userId: 9, object: key });
    expect(new URL(url).origin).toBe(publicEndpoint);
    expect((await fetch(url)).status).toBe(200);
    const inside = url.replace("localhost", "127.0.0.1");
    expect((await fetch(inside)).status).toBe(403);
  });
});
