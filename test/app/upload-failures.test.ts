import { describe, expect, it } from "vitest";
import type { MemoryObjectStore } from "../../src/adapters/memory/index.js";
import type { Store } from "../../src/ports/store.js";
import { bytes, FIRST, failure, freshStores, open, store, streamOf, upload } from "./engine-rig.js";
import { bytesOf, type Fault, keysOf, refused, unavailable, uploadsOf } from "./scripted-store.js";

freshStores();

describe("a failure", () => {
  it("of a part that is refused is told, and leaves nothing behind", async () => {
    const { stowage, calls } = open([{ operation: "uploadPart", nth: 2, run: refused }]);
    const error = await failure(upload(stowage, 100));
    expect(error).toMatchObject({
      code: "access-denied",
      outcome: "not-applied",
      cleanup: "done",
    });
    expect(calls).not.toContain("completeUpload");
    expect(await keysOf(store)).toEqual([]);
    expect(await uploadsOf(store)).toEqual([]);
  });

  it.each(["put", "createUpload", "uploadPart", "completeUpload"] as const)(
    "of %s that passes is mended by sending again",
    async (operation) => {
      const size = operation === "put" ? 5 : 50;
      const { stowage, calls } = open([
        { operation, nth: 1, run: unavailable },
        { operation, nth: 2, run: unavailable },
      ]);
      const { key } = await upload(stowage, size);
      expect(key).toBe(FIRST);
      expect(await bytesOf(store, key)).toEqual(bytes(size));
      const sendings = calls.filter((name) => name === operation).length;
      expect(sendings).toBe(operation === "uploadPart" ? 5 + 2 : 3);
    },
  );

  it.each(["put", "uploadPart", "completeUpload"] as const)(
    "of %s whose answer was lost is no failure: the object is found, and not stored twice",
    async (operation) => {
      const size = operation === "put" ? 5 : 50;
      const { stowage } = open([{ operation, nth: 1, when: "after", run: unavailable }]);
      const { key, etag } = await upload(stowage, size);
      expect(await keysOf(store)).toEqual([FIRST]);
      expect((await store.head(key)).etag).toBe(etag);
      expect(await uploadsOf(store)).toEqual([]);
    },
  );

  it("of a store that is down for good ends, says how often it was tried, and stores nothing", async () => {
    const down = (operation: Fault["operation"]): Fault => ({ operation, run: unavailable });
    const { stowage } = open([
      { operation: "uploadPart", nth: 1, run: () => undefined },
      ...(["uploadPart", "abortUpload", "listParts", "head", "completeUpload"] as const)
        .filter((name) => name !== "head")
        .map(down),
    ]);
    const error = await failure(upload(stowage, 100));
    expect(error).toMatchObject({
      code: "unavailable",
      attempts: 5,
      outcome: "not-applied",
      cleanup: "pending",
    });
    expect(await keysOf(store)).toEqual([]);
  });

  it("of a put without any answer is told as unknown", async () => {
    const { stowage } = open([
      { operation: "put", run: unavailable },
      { operation: "head", run: unavailable },
    ]);
    expect(await failure(upload(stowage, 5))).toMatchObject({
      code: "unavailable",
      outcome: "unknown",
    });
  });

  it("leaves no part that came after the abort", async () => {
    let late = 0;
    const arriving: Store = new Proxy<Store>(store, {
      get: (target, name: keyof Store) => {
        const member = target[name];
        if (typeof member !== "function") return member;
        if (name !== "abortUpload" || late++ > 0) return member.bind(target);
        // The store forgets what it has, and a part that was on its way begins anew.
        return async () => undefined;
      },
    });
    const { stowage } = open([{ operation: "uploadPart", nth: 4, run: refused }], arriving);
    const error = await failure(upload(stowage, 50));
    expect(error).toMatchObject({ code: "access-denied", cleanup: "done" });
    expect(await uploadsOf(store)).toEqual([]);
  });

  it("that the source makes is the cause told, with nothing stored", async () => {
    const cause = new Error("the disk fell out");
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield bytes(25);
      throw cause;
    }
    const { stowage } = open();
    const error = await failure(upload(stowage, 0, { source: broken() }));
    expect(error).toMatchObject({ code: "source-failed", cause, cleanup: "done" });
    expect(await keysOf(store)).toEqual([]);
    expect(await uploadsOf(store)).toEqual([]);
  });

  it("comes before the part too many of a stream that has no end", async () => {
    const { stowage, calls } = open();
    const error = await failure(upload(stowage, 0, { source: streamOf(500, 50) }));
    expect(error).toMatchObject({ code: "too-large", outcome: "not-applied", cleanup: "done" });
    expect(error.message).toMatch(/more than 200 bytes/);
    expect(calls.filter((name) => name === "uploadPart").length).toBeLessThanOrEqual(20);
    expect(await uploadsOf(store)).toEqual([]);
  });
});

it("refuses parts before any is sent where the store cannot complete create-only", async () => {
  const { conditions } = store.facts.honours;
  const honours = { ...store.facts.honours, conditions: { ...conditions, complete: false } };
  const facts = { ...store.facts, honours };
  Object.defineProperty(store, "facts", { value: facts });
  const { stowage, calls } = open();
  const error = await failure(upload(stowage, 50));
  expect(error).toMatchObject({ code: "unsupported", outcome: "not-applied" });
  expect(error.remedy).toMatch(/STOWAGE_MULTIPART_THRESHOLD_BYTES/);
  expect(calls).toEqual(["head"]);
  expect((await upload(stowage, 5)).key).toBe(FIRST);
});

it("ends when a part is refused while the source is quiet", async () => {
  async function* quiet(): AsyncGenerator<Uint8Array> {
    yield bytes(25);
    await new Promise(() => undefined);
  }
  const { stowage } = open([{ operation: "uploadPart", nth: 1, run: refused }]);
  const error = await failure(upload(stowage, 0, { source: quiet() }));
  expect(error).toMatchObject({ code: "access-denied", cleanup: "done" });
  expect(await uploadsOf(store)).toEqual([]);
});

it("tells that no object can stand where an upload never began", async () => {
  const { stowage } = open([{ operation: "createUpload", run: unavailable }]);
  expect(await failure(upload(stowage, 50))).toMatchObject({
    code: "unavailable",
    outcome: "not-applied",
    cleanup: "pending",
  });
});

it("needs no leave to look: who may only write can write in parts", async () => {
  const { stowage } = open([{ operation: "head", run: refused }]);
  expect((await upload(stowage, 50)).key).toBe(FIRST);
});

it("refuses a name that leaves no room for a number, before any request", async () => {
  const { stowage, calls } = open();
  const error = await failure(upload(stowage, 5, { name: "n".repeat(239) }));
  expect(error.code).toBe("invalid-key");
  expect(calls).toEqual([]);
});

it.each([5, 50])(
  "trusts no landed object without the encryption asked for (%d bytes)",
  async (size) => {
    const honours = { ...store.facts.honours, encryption: ["AES256"] as const };
    Object.defineProperty(store, "facts", { value: { ...store.facts, honours } });
    const plain = new Proxy(store, {
      get(target, name: keyof MemoryObjectStore) {
        const member = target[name];
        if (typeof member !== "function") return member;
        const call = member as (...args: unknown[]) => unknown;
        return (...args: unknown[]) => {
          const bare = args.map((arg) =>
            typeof arg === "object" && arg !== null && "encryption" in arg
              ? { ...arg, encryption: undefined }
              : arg,
          );
          return call.apply(target, bare);
        };
      },
    });
    const operation = size === 5 ? "put" : "completeUpload";
    const lost: Fault = { operation, nth: 1, when: "after", run: unavailable };
    const { stowage } = open([lost], plain, { encryption: { algorithm: "AES256" } });
    const error = await failure(upload(stowage, size));
    expect(error).toMatchObject({ code: "not-encrypted", outcome: "not-applied" });
    expect(await keysOf(store)).toEqual([]);
  },
);
