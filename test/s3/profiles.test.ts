import { expect, test } from "vitest";
import { openMinioStore } from "../../src/adapters/minio/index.js";
import { openS3Store, probedProfile, trustingProfile } from "../../src/adapters/s3/index.js";
import { profileOf, waysOf } from "../../src/adapters/s3-protocol/profiles.js";
import { error, scriptedServer } from "./scripted-server.js";
import { BYTES, failureOf, KEY, STORES } from "./stores.js";

const endpoint = "http://127.0.0.1:9";
const found = {
  honours: { ...profileOf("aws").honours, encryption: [] },
  ways: ["plain-lists", "bare-put-etags"],
  verifies: ["crc32"],
} as const;

test("a profile is taken as data, by both stores", async () => {
  const profile = probedProfile(found);
  const s3 = openS3Store({ bucket: "bucket", endpoint, profile });
  const keys = { accessKey: "a", secretKey: "s" };
  const minio = openMinioStore({ bucket: "bucket", endpoint, profile, ...keys });
  for (const store of [s3, minio]) {
    await using open = store;
    expect(open.facts.honours).toEqual(found.honours);
    const encryption = { algorithm: "AES256" } as const;
    expect(await failureOf(open.put(KEY, BYTES, { encryption }))).toMatchObject({
      code: "unsupported",
      message: expect.stringContaining(
        `encryption by AES256 is not honoured by ${endpoint}, as a probe has found`,
      ),
      remedy: expect.stringContaining("STOWAGE_ENCRYPTION=none"),
    });
  }
});

test("what was not found out of a server is as careful as for any", () => {
  const { honours, verifies, ways } = found;
  expect(probedProfile(found)).toEqual({
    ...profileOf("generic"),
    name: "probed",
    honours,
    verifies,
    encodedLists: false,
    quirks: ["bare-put-etags", "busy-without-upload"],
  });
  expect(waysOf(probedProfile(found))).toEqual([...ways, "unmarked-upload-lists"]);
  expect(waysOf(probedProfile({ ...found, ways: ["folds-underscores"] }))).toEqual([
    "folds-underscores",
  ]);
});

test("to find out what a server does, everything is claimed", () => {
  const { honours, verifies, confirmsUploads } = trustingProfile;
  expect(Object.values(honours.conditions)).toEqual([true, true, true, true]);
  expect(honours).toMatchObject({ encryption: ["AES256", "aws:kms"], listUploads: "prefix" });
  // The client neither checks bytes itself, nor gives up before the end.
  expect(verifies).toContain("crc32");
  expect(confirmsUploads).toBe(false);
});

test.each(STORES)(
  "%s: a missing bucket is named once, and what to do about it",
  async (_, open) => {
    await using server = await scriptedServer(error(404, "NoSuchBucket"));
    await using store = open(server.url);
    expect(await failureOf(store.put(KEY, BYTES))).toMatchObject({
      code: "bucket-not-found",
      message: `Cannot put object "${KEY}": there is no bucket "bucket" at ${server.url}`,
      remedy: "Create bucket bucket, or name another.",
    });
  },
);

test.each(STORES)("%s: TLS spoken to a server of plain HTTP is told as such", async (_, open) => {
  await using server = await scriptedServer(error(500, "InternalError"));
  await using store = open(server.url.replace("http:", "https:"));
  expect(await failureOf(store.put(KEY, BYTES))).toMatchObject({
    code: "unavailable",
    outcome: "not-applied",
    retryable: false,
    remedy: expect.stringContaining("?tls=false"),
    message: expect.not.stringContaining("openssl"),
  });
});
