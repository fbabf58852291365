import { describe, expect, test } from "vitest";
import { object, scriptedServer } from "./scripted-server.js";
import { KEY, STORES } from "./stores.js";

const CRC32 = { algorithm: "CRC32", value: "y/Q5Jg==" };
const CRC64NVME = { algorithm: "CRC64NVME", value: "rosUhgp5mIg=" };

/** What a server tells, and which checksum of the object that is. */
const ROWS: readonly (readonly [Record<string, string>, typeof CRC32 | undefined])[] = [
  [{ crc32: CRC32.value }, CRC32],
  [{ crc64nvme: CRC64NVME.value }, CRC64NVME],
  [{ crc64nvme: CRC64NVME.value, type: "FULL_OBJECT" }, CRC64NVME],
  [{ crc64nvme: CRC64NVME.value, crc32: CRC32.value }, CRC32],
  // Of parts, which says nothing of the whole.
  [{ crc64nvme: CRC64NVME.value, crc32: "y/Q5Jg==-3" }, CRC64NVME],
  [{ crc64nvme: "rosUhgp5mIg=-3" }, undefined],
  [{ crc64nvme: CRC32.value }, undefined],
  [{ crc64nvme: "" }, undefined],
  [{ sha256: "gyHVnUOQI6ytTgsEtBuGqM5vmrIFwtpq/tuQC1Q/dVQ=" }, undefined],
];

describe.each(STORES)("%s: of an object with the checksums", (_, open) => {
  test.each(ROWS)("%o, get and head tell %o", async (told, checksum) => {
    const headers = Object.entries(told).map(([name, value]) => [`x-amz-checksum-${name}`, value]);
    await using server = await scriptedServer(object("123456789", Object.fromEntries(headers)));
    await using store = open(server.url);
    expect((await store.head(KEY)).checksum).toEqual(checksum);
    await using opened = await store.get(KEY);
    expect(opened.info.checksum).toEqual(checksum);
  });
});
