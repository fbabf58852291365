import { describe, expect, it } from "vitest";
import { StowageError } from "../../src/domain/errors.js";
import { bytes, FIRST, failure, freshStores, open, store, upload } from "./engine-rig.js";
import { bytesOf, type Fault, keysOf, refused, unavailable, uploadsOf } from "./scripted-store.js";

freshStores();

const MINUTE = 60_000;

/** Calls that fail until `end` is called. */
function outage(...operations: Fault["operation"][]): { faults: Fault[]; end: () => void } {
  let over = false;
  const run = (): void => {
    if (!over) unavailable();
  };
  return {
    faults: operations.map((operation) => ({ operation, run })),
    end: () => {
      over = true;
    },
  };
}

describe("an unknown outcome is found out later", () => {
  it.each([5, 50])("to be applied, where the object is there (%d bytes)", async (size) => {
    const write = size < 10 ? "put" : "completeUpload";
    const { faults, end } = outage("head", "abortUpload", "listParts");
    const { stowage } = open([{ operation: write, when: "after", run: unavailable }, ...faults]);
    const error = await failure(upload(stowage, size));
    expect(error).toMatchObject({ outcome: "unknown", key: FIRST });
    expect(await error.resolve?.()).toBe("unknown");
    end();
    expect(await error.resolve?.()).toBe("applied");
    expect(await bytesOf(store, FIRST)).toEqual(bytes(size));
  });

  it("not to be applied, where the upload is gone, and its parts with it", async () => {
    const { faults, end } = outage("head", "abortUpload", "listParts");
    const { stowage } = open([{ operation: "completeUpload", run: unavailable }, ...faults]);
    const error = await failure(upload(stowage, 50));
    expect(error).toMatchObject({ outcome: "unknown", cleanup: "pending" });
    expect(await uploadsOf(store)).toEqual([FIRST]);
    end();
    expect(await error.resolve?.()).toBe("not-applied");
    expect(await uploadsOf(store)).toEqual([]);
  });

  it("not before a minute, of one request that is nowhere to be seen", async () => {
    const { stowage, clock } = open([{ operation: "put", run: unavailable }]);
    const error = await failure(upload(stowage, 5));
    expect(error.outcome).toBe("unknown");
    expect(await error.resolve?.()).toBe("unknown");
    clock.pass(MINUTE);
    expect(await error.resolve?.()).toBe("not-applied");
  });

  it("at once, where another's object stands, which is never replaced", async () => {
    const { faults, end } = outage("head");
    const { stowage } = open([{ operation: "put", run: unavailable }, ...faults]);
    const error = await failure(upload(stowage, 5));
    await store.put(FIRST, bytes(7));
    end();
    expect(await error.resolve?.()).toBe("not-applied");
  });

  it("of a removal: gone, or still there after a minute", async () => {
    const { key } = await upload(open().stowage, 5);
    const { stowage, clock } = open([{ operation: "delete", run: unavailable }]);
    const error = await failure(stowage.remove({ userId: 7, object: key }));
    expect(error.outcome).toBe("unknown");
    expect(await error.resolve?.()).toBe("unknown");
    clock.pass(MINUTE);
    expect(await error.resolve?.()).toBe("not-applied");
    await store.delete(key);
    expect(await error.resolve?.()).toBe("applied");
  });

  it("is not offered where the outcome is known, and is no fact to be logged", async () => {
    const known = await failure(upload(open([{ operation: "put", run: refused }]).stowage, 5));
    expect(known.resolve).toBeUndefined();
    const error = new StowageError("timeout", "Cannot", {}, { resolve: async () => "unknown" });
    expect(error.with({ attempts: 2 }).resolve).toBe(error.resolve);
    expect(Object.keys(error.facts())).not.toContain("resolve");
  });
});

describe("an upload whose answer was lost", () => {
  const lost: Fault = { operation: "createUpload", nth: 1, when: "after", run: unavailable };

  it("is dropped, when another was begun for it", async () => {
    const { key } = await upload(open([lost]).stowage, 50);
    expect(await bytesOf(store, key)).toEqual(bytes(50));
    expect(await uploadsOf(store)).toEqual([]);
  });

  it("is dropped, when none can be begun", async () => {
    const { stowage } = open([lost, { operation: "createUpload", nth: 2, run: refused }]);
    expect(await failure(upload(stowage, 50))).toMatchObject({
      outcome: "not-applied",
      cleanup: "done",
    });
    expect(await uploadsOf(store)).toEqual([]);
  });

  it("is left alone where it may be another's", async () => {
    await store.createUpload(FIRST);
    await upload(open([lost]).stowage, 50);
    // One is ours; which of the two cannot be told.
    expect(await uploadsOf(store)).toEqual([FIRST, FIRST]);
  });

  it("is left alone where it has parts, or is older", async () => {
    const other = await store.createUpload(FIRST);
    await store.uploadPart(other, 1, bytes(10));
    await upload(open([lost]).stowage, 50);
    expect(await uploadsOf(store)).toEqual([FIRST]);
    expect((await Array.fromAsync(store.listParts(other))).length).toBe(1);
  });
});

describe("a write that something on the way has sent twice", () => {
  const refuse = (code: "already-exists" | "upload-not-found"): never => {
    throw new StowageError(code, "Cannot write", { outcome: "not-applied" });
  };

  it.each([
    ["put", 5, "already-exists"],
    ["completeUpload", 50, "already-exists"],
    ["completeUpload", 50, "upload-not-found"],
  ] as const)("is no failure: %s of %d bytes, answered by %s", async (operation, size, code) => {
    const { stowage } = open([{ operation, when: "after", run: () => refuse(code) }]);
    const { key } = await upload(stowage, size);
    expect(key).toBe(FIRST);
    expect(await keysOf(store)).toEqual([FIRST]);
    expect(await bytesOf(store, key)).toEqual(bytes(size));
    expect(await uploadsOf(store)).toEqual([]);
  });
});

describe("what is certain is not told as unknown:", () => {
  it("an object that the store has said to be there, and then says nothing more", async () => {
    const applied = (): never => {
      throw new StowageError("access-denied", "Cannot look", { outcome: "applied" });
    };
    const { faults } = outage("head");
    const complete: Fault = { operation: "completeUpload", when: "after", run: applied };
    const error = await failure(upload(open([complete, ...faults]).stowage, 50));
    expect(error).toMatchObject({ code: "access-denied", outcome: "applied" });
    expect(error.resolve).toBeUndefined();
  });

  it.each([5, 50])("an aborted upload whose key another has taken (%d bytes)", async (size) => {
    const controller = new AbortController();
    const reason = new Error("left");
    const operation = size === 5 ? "put" : "completeUpload";
    const run = async (): Promise<never> => {
      await store.put(FIRST, bytes(3));
      controller.abort(reason);
      return unavailable();
    };
    const { stowage } = open([{ operation, run }]);
    await expect(upload(stowage, size, { signal: controller.signal })).rejects.toBe(reason);
    expect(await bytesOf(store, FIRST)).toEqual(bytes(3));
  });

  it("a create that was answered, and of which no upload is listed", async () => {
    const run = (): never => {
      throw new StowageError("unavailable", "Cannot begin", { outcome: "unknown", status: 500 });
    };
    const error = await failure(upload(open([{ operation: "createUpload", run }]).stowage, 50));
    expect(error).toMatchObject({ status: 500, outcome: "not-applied", cleanup: "done" });
  });
});
