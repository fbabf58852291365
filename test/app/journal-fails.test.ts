import { describe, expect, it } from "vitest";
import { StowageError } from "../../src/domain/errors.js";
import type { Journal } from "../../src/ports/journal.js";
import { Life } from "../journal/life.js";
import { MemoryShelf } from "../journal/memory-journal.js";
import { failure, freshStores, store, upload } from "./engine-rig.js";
import { processOver } from "./mortal.js";
import { keysOf, uploadsOf } from "./scripted-store.js";

freshStores();

describe.each(["begin", "started", "stored"] as const)(
  "a journal that fails to write (%s)",
  (act) => {
    it("fails the upload, which leaves nothing", async () => {
      const shelf = new MemoryShelf();
      const { journal } = shelf.open();
      const broken = async (): Promise<never> => {
        throw new StowageError("journal-failed", "Cannot use the journal: the disk is full");
      };
      const begin: Journal["begin"] = async (start) => {
        if (act === "begin") return broken();
        const record = await journal.begin(start);
        return Object.assign(record, { [act]: broken });
      };
      const shelfOf = { open: () => ({ journal: { ...journal, begin }, kill: () => undefined }) };
      const life = new Life();
      const { stowage } = processOver(store, shelfOf as unknown as MemoryShelf, life);
      const error = await failure(upload(stowage, 47));
      const calls = life.boundaries;
      expect(error.code).toBe("journal-failed");
      if (act === "begin") expect(calls).not.toContain("before createUpload");
      else expect(error).toMatchObject({ outcome: "not-applied", cleanup: "done" });
      if (act === "started") expect(calls).not.toContain("before uploadPart");
      expect(await keysOf(store)).toEqual([]);
      expect(await uploadsOf(store)).toEqual([]);
      expect(shelf.entries.size).toBe(0);
    });
  },
);
