import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { profileOf, waysOf } from "../../src/adapters/s3-protocol/profiles.js";
import { examineStore } from "../../src/app/modules/examine-store.js";
import { openStowage } from "../../src/app/modules/open-stowage.js";
import { objectKey } from "../../src/domain/object-key.js";
import { type BuiltCli, buildCli, type Ended, start } from "../cli/built-cli.js";
import { configOf, credentialsOf, makeBucket, type Way } from "./buckets.js";
import { examined, left, problemsOf, storeOf } from "./probing.js";
import type { Server, ServerAddress } from "./setup/server.js";
import { startMinio } from "./setup/servers.js";

const subjects: readonly (readonly [Way, "minio" | "localstack", ServerAddress])[] = [
  ["s3", "minio", inject("minio")],
  ["s3", "localstack", inject("localstack")],
  ["minio", "minio", inject("minio")],
];

describe.each(subjects)("a probe by %s of %s", (way, profile, server) => {
  let bucket: string;

  beforeAll(async () => {
    bucket = await makeBucket(server);
  });

  it("finds what the profile says, within 5 s, and leaves nothing", async () => {
    const store = storeOf(way, server, bucket, profile);
    const { found, tookMs } = await examined(server, store);
    expect(tookMs).toBeLessThan(5_000);
    const known = profileOf(profile);
    const { honours } = known;
    const verifies = ["crc32", "content-md5"];
    expect(found.profile).toEqual({ honours, verifies, ways: waysOf(known) });
    expect(known.verifies).toEqual(expect.arrayContaining(verifies));
    expect(found).toMatchObject({ ok: true, faults: [], left: [], server: profile });
    const dangers = found.findings.filter(({ dangerous }) => dangerous).map(({ id }) => id);
    // LocalStack asks nobody for credentials.
    expect(dangers).toEqual(profile === "localstack" ? ["signed.needed"] : []);
    const signed = found.findings.filter(({ id }) => /^signed\.(get|put|expiry)$/.test(id));
    expect(signed.map(({ result }) => result)).toEqual(["honoured", "honoured", "honoured"]);
    expect(await left(server, bucket)).toEqual([]);
  });

  it("is what profile=probe goes by", async () => {
    const store = storeOf(way, server, bucket, "probe");
    await using stowage = await openStowage({ store, ...configOf(server) }, {});
    expect(await left(server, bucket)).toEqual([]);
    expect(stowage.store.facts.honours).toEqual(profileOf(profile).honours);
    for (const size of [10, 6_000_000]) {
      const source = randomBytes(size);
      const stored = await stowage.uploadDataset({ userId: 1, source, name: "x.bin" });
      expect(stored).toMatchObject({ size, encryption: "AES256" });
      const key = objectKey(stored.key);
      await expect(stowage.store.copy(key, key, { when: { absent: true } })).rejects.toMatchObject({
        code: "unsupported",
        message: expect.stringContaining("as a probe has found"),
      });
      await stowage.remove({ userId: 1, object: key });
    }
  });

  it.each([20, 60, 120])("that is aborted after %d ms leaves nothing", async (ms) => {
    const store = storeOf(way, server, bucket, profile);
    const controller = new AbortController();
    const reason = new Error("enough");
    setTimeout(() => controller.abort(reason), ms);
    const { signal } = controller;
    const ended = await examineStore({ store, ...configOf(server) }, {}, { signal }).catch(
      (error: unknown) => error,
    );
    if (ended !== reason) expect(ended).toMatchObject({ left: [] });
    expect(await left(server, bucket)).toEqual([]);
  });

  it("of a missing bucket says so", async () => {
    const store = storeOf(way, server, "no-such-bucket-here", "probe");
    const missing = { code: "bucket-not-found" };
    await expect(examineStore({ store, ...configOf(server) }, {})).rejects.toMatchObject(missing);
    await expect(openStowage({ store, ...configOf(server) }, {})).rejects.toMatchObject(missing);
  });

  it("notices a profile that claims what the server ignores", async () => {
    const store = storeOf(way, server, bucket, "aws");
    const { found } = await examined(server, store);
    expect(problemsOf(found)).toContain(
      "Conditions, copy to where nothing is: ignored, but profile=aws relies on it",
    );
    expect(found.faults[0]?.remedy).toBe(`Set profile=${profile} or profile=probe instead.`);
  });
});

describe("a probe of MinIO without a KMS key", () => {
  let bare: Server;
  let bucket: string;

  beforeAll(async () => {
    bare = await startMinio({ kms: false });
    bucket = await makeBucket(bare);
  });

  afterAll(() => bare.stop());

  it.each(["s3", "minio"] as const)("by %s finds that it does not encrypt", async (way) => {
    const config = { store: storeOf(way, bare, bucket, "probe"), ...configOf(bare) };
    const found = await examineStore(config, {});
    expect(found.profile.honours.encryption).toEqual([]);
    expect(problemsOf(found)).toEqual([
      "Encryption, AES256 of a put: refused",
      "Encryption, AES256 of parts: refused",
    ]);
    expect(await examineStore({ ...config, encryption: "none" }, {})).toMatchObject({ ok: true });
    expect(await left(bare, bucket)).toEqual([]);

    await using asked = await openStowage(config, {});
    const request = { userId: 1, source: new Uint8Array(3), name: "x.bin" };
    await expect(asked.uploadDataset(request)).rejects.toMatchObject({
      code: "unsupported",
      outcome: "not-applied",
      remedy: expect.stringContaining("STOWAGE_ENCRYPTION=none"),
    });
    await using spared = await openStowage({ ...config, encryption: "none" }, {});
    const { key } = await spared.uploadDataset(request);
    await spared.remove({ userId: 1, object: key });
  });
});

describe("the command line", () => {
  const server = inject("minio");
  let cli: BuiltCli;
  let bucket: string;

  beforeAll(async () => {
    cli = await buildCli();
    bucket = await makeBucket(server);
  });

  afterAll(() => cli[Symbol.asyncDispose]());

  function stowage(args: string, profile: string, env = {}): Promise<Ended> {
    const store = storeOf("minio", server, bucket, profile);
    const all = [cli.main, ...args.split(" "), "--store", store];
    const variables = { PATH: process.env["PATH"], ...credentialsOf(server), ...env };
    return start(process.execPath, all, { env: variables }).ended;
  }

  it("doctor has exit code 0 where all is well, within 5 s", async () => {
    const began = performance.now();
    const { code, out, err } = await stowage("doctor", "minio");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(out).toContain("Profile  minio\n");
    expect(out).toMatch(/\nThe store does all that the configuration asks for: 34 of 39 honoured/);
  });

  it("doctor has exit code 1 where something is not as asked, or cannot be reached", async () => {
    const claimed = await stowage("doctor", "aws");
    expect(claimed.code).toBe(1);
    expect(claimed.out).toMatch(/ignored, but profile=aws relies on it\n/);
    const denied = await stowage("doctor", "minio", { MINIO_SECRET_KEY: "canary-secret" });
    expect(denied).toMatchObject({ code: 1, out: "" });
    expect(denied.err).toMatch(/^stowage: Cannot list objects: .*\(invalid-credentials.*\n$/);
    expect(denied.err).not.toContain("canary-secret");
  });

  it("contract tells by its exit code whether the contract is kept, and leaves nothing", async () => {
    const kept = await stowage("contract --filter P26", "minio");
    expect({ code: kept.code, err: kept.err }).toEqual({ code: 0, err: "" });
    expect(kept.out).toContain("held against the profile minio");
    const broken = await stowage("contract --filter P26 --json", "probe");
    expect(broken.code).toBe(1);
    const { rows } = JSON.parse(broken.out) as { rows: { id: string; outcome: string }[] };
    const failed = rows.filter(({ outcome }) => outcome === "failed");
    expect(failed.map(({ id }) => id)).toEqual(["P26-listed"]);
    expect((await stowage("contract --filter bucket", "minio")).code).toBe(0);
    expect(await left(server, bucket)).toEqual([]);
  });
});
