import { createHash, randomBytes } from "node:crypto";
import { expect, it } from "vitest";
import { objectKey } from "../../src/domain/object-key.js";
import type { Part } from "../../src/ports/multipart-store.js";
import { makeBucket } from "../servers/buckets.js";
import { startCeph } from "../servers/setup/wide-servers.js";
import { s3In } from "./stores.js";

const PARTS = 8;

it("an upload to three nodes goes through while one of them is killed", async () => {
  await using server = await startCeph({ osds: 3 });
  await using store = s3In(server, "ceph", await makeBucket(server));
  const key = objectKey("large.bin");
  const bytes = Array.from({ length: PARTS }, () => randomBytes(store.facts.limits.minPartBytes));
  const upload = await store.createUpload(key);
  const parts: Part[] = [];
  for (const [at, part] of bytes.entries()) {
    if (at === PARTS / 2) process.kill(server.osds[0] ?? 0, "SIGKILL");
    parts.push(await store.uploadPart(upload, at + 1, part));
  }
  await store.completeUpload(upload, parts);

  const hash = createHash("sha256");
  await using object = await store.get(key);
  for await (const chunk of object.body) hash.update(chunk);
  const sent = createHash("sha256").update(Buffer.concat(bytes));
  expect(hash.digest("hex")).toBe(sent.digest("hex"));
});
