import { getEventListeners } from "node:events";
import { setTimeout } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Store } from "../../src/ports/store.js";
import { bytes, failure, freshStores, open, store, upload } from "./engine-rig.js";
import { keysOf, unavailable, uploadsOf } from "./scripted-store.js";

freshStores();

describe("an abort", () => {
  const reason = new Error("the user went home");

  it("before the first byte sends nothing", async () => {
    const { stowage, calls } = open();
    await expect(upload(stowage, 50, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(calls).toEqual([]);
  });

  it.each(["createUpload", "uploadPart", "completeUpload"] as const)(
    "before and after %s rejects with its reason, and leaves nothing",
    async (operation) => {
      for (const when of ["before", "after"] as const) {
        const controller = new AbortController();
        const run = (): void => {
          controller.abort(reason);
          // A create is let come to its end, since without its answer nobody knows the upload's id.
          if (operation !== "createUpload") throw reason;
        };
        const { stowage } = open([{ operation, nth: 1, when, run }]);
        const { signal } = controller;
        await expect(upload(stowage, 50, { signal })).rejects.toBe(reason);
        expect(await keysOf(store)).toEqual([]);
        expect(await uploadsOf(store)).toEqual([]);
      }
    },
  );

  it.each([5, 50])(
    "that comes with the last answer takes the object back (%d bytes)",
    async (size) => {
      const controller = new AbortController();
      const operation = size === 5 ? "put" : "completeUpload";
      const run = (): void => controller.abort(reason);
      const { stowage } = open([{ operation, nth: 1, when: "after", run }]);
      await expect(upload(stowage, size, { signal: controller.signal })).rejects.toBe(reason);
      expect(await keysOf(store)).toEqual([]);
    },
  );

  it("leaves no listener on a signal that lives on", async () => {
    const { signal } = new AbortController();
    for (let i = 0; i < 3; i++) await upload(open().stowage, 50, { signal });
    await upload(open().stowage, 5, { signal });
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("says what may be left when a create does not answer in time", async () => {
    const controller = new AbortController();
    const run = async (): Promise<void> => {
      controller.abort(reason);
      await setTimeout(1_000);
    };
    const { stowage } = open([{ operation: "createUpload", nth: 1, run }]);
    const error = await failure(upload(stowage, 50, { signal: controller.signal }));
    expect(error).toMatchObject({
      code: "aborted",
      outcome: "not-applied",
      cleanup: "pending",
      cause: reason,
    });
  });

  it("while the one request of a small upload is under way takes the object back", async () => {
    const controller = new AbortController();
    const run = (): never => {
      controller.abort(reason);
      throw reason;
    };
    const { stowage } = open([{ operation: "put", nth: 1, when: "after", run }]);
    await expect(upload(stowage, 5, { signal: controller.signal })).rejects.toBe(reason);
    expect(await keysOf(store)).toEqual([]);
  });

  it("gives a request that is under way the time to say what became of it", async () => {
    const controller = new AbortController();
    const slow: Store = new Proxy<Store>(store, {
      get: (target, name: keyof Store) => {
        const member = target[name];
        if (typeof member !== "function") return member;
        if (name !== "put") return member.bind(target);
        return async (...args: Parameters<Store["put"]>) => {
          controller.abort(reason);
          await setTimeout(20, undefined, { signal: args[2]?.signal }).catch(() => {
            throw reason;
          });
          return target.put(...args);
        };
      },
    });
    const { stowage } = open([], slow);
    await expect(upload(stowage, 5, { signal: controller.signal })).rejects.toBe(reason);
    expect(await keysOf(store)).toEqual([]);
  });

  it.each([5, 50])(
    "that cannot be cleaned up after says what may be left (%d bytes)",
    async (size) => {
      const controller = new AbortController();
      const run = (): never => {
        controller.abort(reason);
        return unavailable();
      };
      const { stowage } = open([
        { operation: size === 5 ? "put" : "completeUpload", nth: 1, when: "after", run },
        { operation: "head", run: () => (controller.signal.aborted ? unavailable() : undefined) },
      ]);
      const error = await failure(upload(stowage, size, { signal: controller.signal }));
      expect(error).toMatchObject({ code: "aborted", outcome: "unknown", cause: reason });
    },
  );

  it("settles while a source that never gives another byte is awaited", async () => {
    async function* stuck(): AsyncGenerator<Uint8Array> {
      yield bytes(25);
      await new Promise(() => undefined);
    }
    const controller = new AbortController();
    const { stowage } = open([
      { operation: "uploadPart", nth: 2, when: "after", run: () => controller.abort(reason) },
    ]);
    const { signal } = controller;
    await expect(upload(stowage, 0, { source: stuck(), signal })).rejects.toBe(reason);
    expect(await uploadsOf(store)).toEqual([]);
  });
});
