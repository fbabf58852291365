import { describe, expect, it } from "vitest";
import { bytes, failure, store } from "./engine-rig.js";
import { processOver } from "./mortal.js";
import {
  another,
  freshResumes,
  interruptedAt,
  leftOver,
  NOTHING,
  SIZE,
  shelf,
} from "./resume-rig.js";

freshResumes();

describe("resumeUpload refuses", () => {
  it("what is not as it should be, before any I/O", async () => {
    const { stowage, calls } = another();
    for (const session of [
      undefined,
      "id",
      { id: 7, userId: 7 },
      { id: "x" },
      { id: "x", userId: "" },
    ]) {
      const error = await failure(stowage.resumeUpload({ session } as never));
      expect(error.code).toBe("invalid-argument");
    }
    expect(calls).toEqual([]);
  });

  it("a session that has ended, that another runs, and that is another user's", async () => {
    const session = await interruptedAt("before completeUpload");
    const { stowage, calls } = another();
    const { id } = session;
    expect((await failure(stowage.resumeUpload({ session: { id, userId: 70 } }))).code).toBe(
      "access-denied",
    );
    expect((await failure(stowage.resumeUpload({ session: { id: "x", userId: 7 } }))).code).toBe(
      "not-found",
    );
    await shelf.open().journal.take(id);
    expect((await failure(stowage.resumeUpload({ session }))).code).toBe("conflict");
    expect(calls.filter((call) => !/take/.test(call))).toEqual([]);
  });

  it("a stream, which the janitor removes", async () => {
    async function* stream(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < SIZE; at += 7) yield bytes(7);
    }
    const more = { source: stream(), name: "x.csv" };
    const session = await interruptedAt("before completeUpload", 1, more);
    const { stowage } = another();
    const error = await failure(stowage.resumeUpload({ session }));
    expect(error).toMatchObject({ code: "unsupported" });
    expect(error.message).toMatch(/its source was a stream/);
    expect(await stowage.removeStaleUploads({ olderThan: 0 })).toMatchObject([{ removed: true }]);
    expect(await leftOver()).toEqual(NOTHING);
  });

  it("everything where no journal is set, and says what to set", async () => {
    const { stowage } = processOver(store, undefined);
    const session = { id: "x", userId: 7 };
    const errors = [
      await failure(stowage.resumeUpload({ session })),
      await failure(Array.fromAsync(stowage.unfinishedUploads())),
    ];
    for (const error of errors) {
      expect(error).toMatchObject({ code: "unsupported" });
      expect(error.remedy).toMatch(/STOWAGE_JOURNAL/);
    }
  });
});

it("tells of a user's unfinished uploads alone, when asked to", async () => {
  await interruptedAt("before completeUpload");
  await interruptedAt("before completeUpload", 1, { userId: 70 });
  const { stowage } = another();
  const of = async (userId?: number) =>
    (await Array.fromAsync(stowage.unfinishedUploads({ userId }))).map((it) => it.userId);
  expect(await of()).toEqual(["7", "70"]);
  expect(await of(7)).toEqual(["7"]);
  expect(await of(8)).toEqual([]);
  expect((await failure(of(-1))).code).toBe("invalid-argument");
});
