import { expect, test, vi } from "vitest";
import { object, scriptedServer } from "./scripted-server.js";
import { BYTES, KEY, STORES } from "./stores.js";

/** A process under FIPS, which has no MD5. */
vi.mock("node:crypto", async (original) => {
  const crypto = await original<typeof import("node:crypto")>();
  const hash = ((algorithm: string, ...rest: [never]) => {
    if (algorithm === "md5") throw new Error("error:0308010C:digital envelope routines");
    return crypto.hash(algorithm, ...rest);
  }) as typeof crypto.hash;
  return { ...crypto, hash, getFips: () => 1 };
});

test.each(STORES)("%s: without MD5, bytes go by the hash of the payload", async (_, open) => {
  await using server = await scriptedServer(object(""));
  await using store = open(server.url, { profile: "generic" });
  await store.put(KEY, BYTES);
  expect(server.received[0]?.headers).toMatchObject({
    "x-amz-content-sha256": expect.stringMatching(/^[\da-f]{64}$/),
  });
  expect(server.received[0]?.headers).not.toHaveProperty("content-md5");
});
