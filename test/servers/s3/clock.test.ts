import { afterEach, describe, expect, inject, test, vi } from "vitest";
import { objectKey } from "../../../src/domain/object-key.js";
import { makeBucket } from "../buckets.js";
import { failureOf, STORES } from "./open.js";

const key = objectKey("folder/name");
const bytes = new TextEncoder().encode("hello");

afterEach(() => {
  vi.restoreAllMocks();
});

describe.each(STORES)("%s", (_, open) => {
  test.each([
    [20, /clock is (1199|120\d) s ahead of that/],
    [-20, /clock is (119\d|120\d) s behind that/],
  ])("MinIO refuses a clock %i minutes off once, and takes the corrected one", async (by, told) => {
    const server = inject("minio");
    await using store = open(server, await makeBucket(server), "minio");
    const { now } = Date;
    vi.spyOn(Date, "now").mockImplementation(() => now() + by * 60_000);
    expect(await failureOf(store.put(key, bytes))).toMatchObject({
      code: "clock-skew",
      retryable: true,
      outcome: "not-applied",
      message: expect.stringMatching(told),
    });
    expect(await store.put(key, bytes)).toMatchObject({ size: 5 });
    expect(await store.head(key)).toMatchObject({ size: 5 });
  });
});
