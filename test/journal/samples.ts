import { crc32Checksum } from "../../src/domain/checksum.js";
import { objectKey } from "../../src/domain/object-key.js";
import type { RecordedPart, SessionStart } from "../../src/ports/journal.js";

export const LOCATION = "s3://bucket/";

export function startOf(more: Partial<SessionStart> = {}): SessionStart {
  return {
    location: LOCATION,
    key: objectKey("datasets/user_7/20251023_143045_Größe 1.csv"),
    writeToken: "a".repeat(32),
    beganAt: new Date("2025-10-23T14:30:45.123Z"),
    contentType: "text/csv",
    metadata: { team: "Zürich", write_token: "a".repeat(32) },
    encryption: { algorithm: "aws:kms", keyId: "key" },
    source: { path: "/data/Größe 1.csv", size: 25, mtimeNs: "1761229845123456789" },
    partBytes: 10,
    ...more,
  };
}

export function partOf(partNumber: number, size = 10): RecordedPart {
  return { partNumber, size, etag: `"etag ${partNumber}"`, checksum: crc32Checksum(partNumber) };
}
