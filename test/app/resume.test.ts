import { hash } from "node:crypto";
import { appendFile, stat, unlink, utimes, writeFile } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { describe, expect, it, vi } from "vitest";
import { Rooms } from "../../src/app/uploader/part-memory.js";
import { crc32Checksum } from "../../src/domain/checksum.js";
import type { Part } from "../../src/ports/multipart-store.js";
import { Life } from "../journal/life.js";
import { bytes, failure, store } from "./engine-rig.js";
import { processOver } from "./mortal.js";
import {
  another,
  count,
  freshResumes,
  interruptedAt,
  leftOver,
  NOTHING,
  path,
  SIZE,
  shelf,
} from "./resume-rig.js";
import { bytesOf, keysOf, uploadsOf } from "./scripted-store.js";

freshResumes();

describe("an upload that is resumed", () => {
  it("is told of before, with what is on record", async () => {
    const session = await interruptedAt("before completeUpload", 1, { name: "y.csv" });
    expect(session).toMatchObject({
      userId: "7",
      kind: "dataset",
      filename: "y.csv",
      path,
      size: SIZE,
      doneBytes: SIZE,
      running: false,
    });
  });

  it("sends the parts alone that the store does not have, and keeps what it began with", async () => {
    const more = { metadata: { team: "Zürich" }, contentType: "text/x-y", name: "y.csv" };
    const session = await interruptedAt("after stored", 2, more);
    const progress: number[] = [];
    const { stowage, calls } = another();
    const onProgress = ({ doneBytes }: { doneBytes: number }) => progress.push(doneBytes);
    const told = await stowage.resumeUpload({ session, onProgress });
    expect(told).toMatchObject({ key: session.key, size: SIZE, parts: 5, contentType: "text/x-y" });
    expect(told.metadata).toMatchObject({ team: "Zürich", original_filename: "y.csv" });
    expect(await store.head(told.key)).toMatchObject({
      metadata: told.metadata,
      checksum: told.checksum,
      contentType: "text/x-y",
    });
    expect(count(calls, "uploadPart")).toBeLessThanOrEqual(3);
    expect(count(calls, "createUpload")).toBe(0);
    expect(progress.at(-1)).toBe(SIZE);
    expect(await bytesOf(store, told.key)).toEqual(bytes(SIZE));
    expect(await leftOver()).toEqual(NOTHING);
  });

  it("keeps the SHA-256 that is on record", async () => {
    const session = await interruptedAt("after stored", 2, { sha256: true });
    const { stowage, calls } = another();
    const told = await stowage.resumeUpload({ session });
    const sha256 = hash("sha256", bytes(SIZE), "hex");
    expect(told).toMatchObject({ key: session.key, sha256 });
    expect((await store.head(told.key)).metadata["sha256"]).toBe(sha256);
    expect(count(calls, "createUpload")).toBe(0);
    expect(await leftOver()).toEqual(NOTHING);
  });

  it("begins anew with a SHA-256 of its own where the file is another of the same time", async () => {
    const at = new Date(1_700_000_000_000);
    await utimes(path, at, at);
    const session = await interruptedAt("after started", 1, { sha256: true });
    const changed = bytes(SIZE);
    changed.set([7, 7, 7], 31);
    await writeFile(path, changed);
    await utimes(path, at, at);
    const told = await another().stowage.resumeUpload({ session });
    const sha256 = hash("sha256", changed, "hex");
    expect(told.sha256).toBe(sha256);
    expect((await store.head(told.key)).metadata["sha256"]).toBe(sha256);
    expect(await bytesOf(store, told.key)).toEqual(changed);
    expect(await leftOver()).toEqual(NOTHING);
  });

  it("proves parts by passes over the file, where it sends them from there", async () => {
    vi.spyOn(Rooms.prototype, "fits").mockReturnValue(false);
    const session = await interruptedAt("after stored", 2);
    const [upload] = await Array.fromAsync(store.listUploads({ key: session.key }));
    if (upload === undefined) throw new Error("no upload");
    const wrong = Buffer.from("0123456789");
    await store.uploadPart(upload, 1, wrong, { checksum: crc32Checksum(crc32(wrong)) });
    const before = await Array.fromAsync(store.listParts(upload));
    const sent = vi.spyOn(store, "uploadPart");
    const told = await another().stowage.resumeUpload({ session });
    const kept = before.map(({ partNumber }) => partNumber).filter((number) => number !== 1);
    expect(kept.length).toBeGreaterThan(0);
    const numbers = [1, 2, 3, 4, 5].filter((number) => !kept.includes(number));
    expect(sent.mock.calls.map(([, number]) => number).sort()).toEqual(numbers);
    for (const [, , body] of sent.mock.calls) expect(body).toHaveProperty("open");
    expect(await bytesOf(store, told.key)).toEqual(bytes(SIZE));
    expect(await leftOver()).toEqual(NOTHING);
  });

  it("trusts no part whose listed checksum is not that of the file's bytes", async () => {
    const session = await interruptedAt("before completeUpload");
    const [upload] = await Array.fromAsync(store.listUploads({ key: session.key }));
    if (upload === undefined) throw new Error("no upload");
    // Of the right size: somebody else's bytes, or ones that were damaged on the way.
    const wrong = Buffer.from("0123456789");
    await store.uploadPart(upload, 3, wrong, { checksum: crc32Checksum(crc32(wrong)) });
    const { stowage, calls } = another();
    const told = await stowage.resumeUpload({ session });
    expect(count(calls, "uploadPart")).toBe(1);
    expect(await bytesOf(store, told.key)).toEqual(bytes(SIZE));
  });

  it.each(["listed", "recorded"] as const)(
    "trusts no part by its %s checksum of a file that has changed unseen, at the same size and time",
    async (proof) => {
      const session = await interruptedAt("before completeUpload");
      const { atime, mtime } = await stat(path);
      const changed = bytes(SIZE);
      changed.set([7, 7, 7], 31);
      await writeFile(path, changed);
      await utimes(path, atime, mtime);
      const mtimeNs = String((await stat(path, { bigint: true })).mtimeNs);
      for (const entry of shelf.entries.values()) {
        const { source = { path, size: SIZE } } = entry.start;
        entry.start = { ...entry.start, source: { ...source, mtimeNs } };
      }
      if (proof === "recorded") {
        const { listParts } = store;
        store.listParts = async function* (...args) {
          for await (const { checksum, ...part } of listParts.apply(store, args))
            yield part as Part;
        };
      }
      const { stowage, calls } = another();
      const told = await stowage.resumeUpload({ session });
      expect(told.key).toBe(session.key);
      expect(count(calls, "uploadPart")).toBe(1);
      expect(await bytesOf(store, told.key)).toEqual(changed);
    },
  );

  it("trusts no part that is on record with another ETag than the one listed", async () => {
    const session = await interruptedAt("before completeUpload");
    const [upload] = await Array.fromAsync(store.listUploads({ key: session.key }));
    if (upload === undefined) throw new Error("no upload");
    await store.uploadPart(upload, 3, Buffer.from("0123456789"));
    const { stowage, calls } = another();
    const told = await stowage.resumeUpload({ session });
    expect(count(calls, "uploadPart")).toBe(1);
    expect(await bytesOf(store, told.key)).toEqual(bytes(SIZE));
  });

  it("is found to be complete, and nothing is sent, though the file is gone", async () => {
    const session = await interruptedAt("after completeUpload");
    await unlink(path);
    const { stowage, calls } = another();
    const told = await stowage.resumeUpload({ session });
    const head = await store.head(session.key);
    expect(told).toMatchObject({ key: session.key, etag: head.etag, size: SIZE, parts: 5 });
    expect(told.checksum).toEqual(head.checksum);
    expect(calls.filter((call) => /Upload|Part|put/.test(call))).toEqual([]);
    expect(await leftOver()).toEqual(NOTHING);
  });

  it("has its checksum by the parts on record where the store keeps none", async () => {
    const session = await interruptedAt("after completeUpload");
    const { checksum } = await store.head(session.key);
    const { head } = store;
    store.head = async (...args) => ({ ...(await head.apply(store, args)), checksum: undefined });
    const told = await another().stowage.resumeUpload({ session });
    expect(told.checksum).toEqual(checksum);
  });

  it("has its checksum by reading the object where nothing else tells it", async () => {
    const session = await interruptedAt("after completeUpload");
    const { checksum } = await store.head(session.key);
    const { head } = store;
    store.head = async (...args) => ({ ...(await head.apply(store, args)), checksum: undefined });
    for (const entry of shelf.entries.values()) entry.parts.pop();
    const { stowage, calls } = another();
    expect((await stowage.resumeUpload({ session })).checksum).toEqual(checksum);
    expect(count(calls, "get")).toBe(1);
  });

  it.each(["before completeUpload", "before createUpload"])(
    "of a file that has changed is uploaded anew, under a key of its own (%s)",
    async (boundary) => {
      const session = await interruptedAt(boundary, 1, { metadata: { team: "a" } });
      await appendFile(path, "more");
      const told = await another().stowage.resumeUpload({ session });
      expect(told.key).not.toBe(session.key);
      expect(told).toMatchObject({ size: SIZE + 4, metadata: { team: "a" } });
      expect(told.metadata["write_token"]).not.toBe(undefined);
      expect(await keysOf(store)).toEqual([told.key]);
      expect(await leftOver()).toEqual(NOTHING);
    },
  );

  it("of a file that has become small goes whole", async () => {
    const session = await interruptedAt("before completeUpload");
    await writeFile(path, "small");
    const told = await another().stowage.resumeUpload({ session });
    expect(told).toMatchObject({ size: 5, parts: 0 });
    expect(await leftOver()).toEqual(NOTHING);
  });

  it.each([false, true])(
    "that goes whole by the settings of today ends its session (key taken meanwhile: %s)",
    async (taken) => {
      const session = await interruptedAt("before createUpload");
      const { stowage } = processOver(store, shelf, new Life(), 100);
      if (taken) {
        const { put } = store;
        store.put = async (...args) => {
          store.put = put;
          await store.put(session.key, bytes(3));
          return put.apply(store, args);
        };
      }
      const told = await stowage.resumeUpload({ session });
      expect(told).toMatchObject({ size: SIZE, parts: 0 });
      expect(told.key === session.key).toBe(!taken);
      expect(await keysOf(store)).toHaveLength(taken ? 2 : 1);
      expect(await leftOver()).toEqual(NOTHING);
    },
  );

  it("of a file that is gone is removed, and says so", async () => {
    const session = await interruptedAt("before completeUpload");
    await unlink(path);
    const error = await failure(another().stowage.resumeUpload({ session }));
    expect(error).toMatchObject({
      code: "source-not-found",
      outcome: "not-applied",
      cleanup: "done",
    });
    expect(await keysOf(store)).toEqual([]);
    expect(await leftOver()).toEqual(NOTHING);
  });

  it("that the store has forgotten begins anew, under its own key", async () => {
    const session = await interruptedAt("before completeUpload");
    for await (const upload of store.listUploads({ prefix: "" })) await store.abortUpload(upload);
    const told = await another().stowage.resumeUpload({ session });
    expect(told.key).toBe(session.key);
    expect(await bytesOf(store, told.key)).toEqual(bytes(SIZE));
    expect(await leftOver()).toEqual(NOTHING);
  });

  it.each(["before", "meanwhile"])("whose key is taken %s moves on to another", async (when) => {
    const session = await interruptedAt("before completeUpload");
    const taken = { put: async () => store.put(session.key, bytes(3)) };
    if (when === "before") await taken.put();
    const complete = store.completeUpload;
    store.completeUpload = async (upload, ...rest) => {
      if (upload.key === session.key) await taken.put();
      return complete.call(store, upload, ...rest);
    };
    const told = await another().stowage.resumeUpload({ session });
    expect(told.key).not.toBe(session.key);
    expect(await bytesOf(store, session.key)).toEqual(bytes(3));
    expect(await bytesOf(store, told.key)).toEqual(bytes(SIZE));
    expect(await leftOver()).toEqual(NOTHING);
  });

  it("leaves alone another upload of its key that is on record, or has parts", async () => {
    const session = await interruptedAt("after createUpload");
    const [ours] = await Array.fromAsync(store.listUploads({ key: session.key }));
    const [other, foreign] = [
      await store.createUpload(session.key),
      await store.createUpload(session.key),
    ];
    await store.uploadPart(foreign, 1, bytes(10));
    const entry = [...shelf.entries.values()][0];
    if (entry === undefined) throw new Error("nothing is on record");
    shelf.entries.set("other", { ...entry, id: "other", uploadId: other.uploadId });
    await another().stowage.resumeUpload({ session });
    const left = await Array.fromAsync(store.listUploads({ key: session.key }));
    expect(left.map(({ uploadId }) => uploadId)).toEqual([other.uploadId, foreign.uploadId]);
    expect(left.map(({ uploadId }) => uploadId)).not.toContain(ours?.uploadId);
  });

  it("waits for another upload of its key that begins at this moment", async () => {
    const session = await interruptedAt("after createUpload");
    const { journal } = shelf.open();
    const [entry] = [...shelf.entries.values()];
    if (entry === undefined) throw new Error("nothing is on record");
    const other = await journal.begin(entry.start);
    const error = await failure(another().stowage.resumeUpload({ session }));
    expect(error).toMatchObject({ code: "conflict", retryable: true, key: session.key });
    expect(await uploadsOf(store)).toEqual([session.key]);
    await other.end();
    expect((await another().stowage.resumeUpload({ session })).key).toBe(session.key);
    expect(await leftOver()).toEqual(NOTHING);
  });

  it("stays on record when the store does not answer", async () => {
    const session = await interruptedAt("before completeUpload");
    const { listParts } = store;
    store.listParts = () => {
      throw new TypeError("the network is down");
    };
    await expect(another().stowage.resumeUpload({ session })).rejects.toThrow("network is down");
    store.listParts = listParts;
    const told = await another().stowage.resumeUpload({ session });
    expect(told.key).toBe(session.key);
    expect(await leftOver()).toEqual(NOTHING);
  });
});
