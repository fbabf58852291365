import { describe, expect, inject, it } from "vitest";
import { profileOf, waysOf } from "../../src/adapters/s3-protocol/profiles.js";
import { openStowage } from "../../src/app/modules/open-stowage.js";
import { configOf, makeBucket } from "../servers/buckets.js";
import { examined, left, problemsOf, storeOf } from "../servers/probing.js";

/** What of a profile's proofs can be found out. */
const VERIFIED = { versity: ["crc32", "content-md5"], ceph: ["content-md5"] } as const;

/** What every upload asks for, and the server does not do. */
const MISSING = {
  versity: [],
  // Of a put and a part it verifies Content-MD5.
  ceph: [
    "Conditions, complete where nothing is: ignored",
    "Checksums, of all parts, verified: ignored",
  ],
} as const;

describe.each([
  ["s3", "versity"],
  ["minio", "versity"],
  ["s3", "ceph"],
  ["minio", "ceph"],
] as const)("a probe by %s of %s", (way, profile) => {
  const server = inject(profile);

  it("finds what the profile says, within 5 s, and leaves nothing", async () => {
    const bucket = await makeBucket(server);
    const store = storeOf(way, server, bucket, profile);
    const { found, tookMs } = await examined(server, store, "none");
    expect(tookMs).toBeLessThan(5_000);
    const { honours, verifies } = profileOf(profile);
    expect(found.profile).toMatchObject({ honours, verifies: VERIFIED[profile] });
    expect(verifies).toEqual(expect.arrayContaining([...VERIFIED[profile]]));
    expect(waysOf(profileOf(profile))).toEqual(expect.arrayContaining([...found.profile.ways]));
    expect(problemsOf(found)).toEqual(MISSING[profile]);
    const signed = found.findings.filter(({ id }) => id.startsWith("signed."));
    expect(signed.map(({ result }) => result)).toEqual(Array(4).fill("honoured"));
    expect(await left(server, bucket)).toEqual([]);
  });

  it("is what profile=probe goes by", async () => {
    const bucket = await makeBucket(server);
    const config = { store: storeOf(way, server, bucket, "probe"), ...configOf(server) };
    await using stowage = await openStowage({ ...config, encryption: "none" }, {});
    expect(stowage.store.facts.honours).toEqual(profileOf(profile).honours);
    const source = new TextEncoder().encode("a,b\n1,2\n");
    const { key, metadata } = await stowage.uploadDataset({ userId: 1, source, name: "Größe.csv" });
    const info = await stowage.info({ userId: 1, object: key });
    expect(info).toMatchObject({ key, size: 8, metadata });
  });

  it("notices that it swallows encryption", async () => {
    const bucket = await makeBucket(server);
    const { found } = await examined(server, storeOf(way, server, bucket, "probe"));
    expect(found.ok).toBe(false);
    const swallowed = found.findings.filter(({ id }) => id.startsWith("encryption.AES256"));
    expect(swallowed).toMatchObject([
      { result: "ignored", dangerous: true },
      { result: "ignored", dangerous: true },
    ]);
    expect(await left(server, bucket)).toEqual([]);
  });
});
