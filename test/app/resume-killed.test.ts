import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { MemoryObjectStore } from "../../src/adapters/memory/index.js";
import type { Stowage, Uploaded } from "../../src/app/stowage.js";
import { Rooms } from "../../src/app/uploader/part-memory.js";
import type { Part } from "../../src/ports/multipart-store.js";
import { Life } from "../journal/life.js";
import { MemoryShelf } from "../journal/memory-journal.js";
import { bytes, LIMITS } from "./engine-rig.js";
import { processOver, untilDeath } from "./mortal.js";
import { bytesOf, keysOf, uploadsOf } from "./scripted-store.js";

/**
 * An upload whose process ends at each boundary in turn, resumed by one that ends at each boundary in
 * turn, and resumed again: one object in the end, whole, and nothing else anywhere.
 */

const BEFORE = bytes(47);
const AFTER = Buffer.from(bytes(38).map((byte) => 255 - byte));

let folder: string;
let path: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "stowage-resume-"));
  path = join(folder, "x.csv");
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** A store, and what is to become of the file between the first death and the resumption. */
interface Scenario {
  readonly store: () => MemoryObjectStore;
  readonly meanwhile: (store: MemoryObjectStore) => Promise<void>;
  /** Whether parts are sent from the file, as where the memory budget is small. Default: held. */
  readonly fromFile?: boolean;
  /** What may stand in the object that the user is told of. */
  readonly expected: readonly Buffer[];
}

const open = (): MemoryObjectStore => new MemoryObjectStore({ limits: LIMITS });
const nothing = async (): Promise<void> => undefined;

/** Lists the uploads of one key alone, as MinIO. */
function byKeyAlone(): MemoryObjectStore {
  const store = open();
  const honours = { ...store.facts.honours, listUploads: "key" as const };
  Object.defineProperty(store, "facts", { value: { ...store.facts, honours } });
  return store;
}

/** Keeps no checksum of parts, as Ceph RGW. */
function withoutChecksums(): MemoryObjectStore {
  const store = open();
  const { listParts } = store;
  store.listParts = async function* (...args) {
    for await (const { checksum, ...part } of listParts.apply(store, args)) yield part as Part;
  };
  return store;
}

const scenarios: Readonly<Record<string, Scenario>> = {
  "the same file": { store: open, meanwhile: nothing, expected: [BEFORE] },
  "a store that lists the uploads of one key alone": {
    store: byKeyAlone,
    meanwhile: nothing,
    expected: [BEFORE],
  },
  "a store that keeps no checksums of parts": {
    store: withoutChecksums,
    meanwhile: nothing,
    expected: [BEFORE],
  },
  "parts sent from the file": {
    store: open,
    meanwhile: nothing,
    fromFile: true,
    expected: [BEFORE],
  },
  "a file that has changed": {
    store: open,
    meanwhile: () => writeFile(path, AFTER),
    expected: [BEFORE, AFTER],
  },
};

async function uploadFile(stowage: Stowage): Promise<Uploaded> {
  return stowage.uploadDataset({ userId: 7, source: path });
}

/** As the command line does it: goes on with what is on record, or begins. */
async function goOn(stowage: Stowage): Promise<Uploaded> {
  for await (const session of stowage.unfinishedUploads({ userId: 7 })) {
    return stowage.resumeUpload({ session });
  }
  return uploadFile(stowage);
}

describe.each(Object.keys(scenarios))("an upload killed at every boundary, of %s,", (name) => {
  const { store: openStore, meanwhile, fromFile = false, expected } = scenarios[name] as Scenario;

  // The budget itself is of this process, in which those that are killed here would hold on to it.
  beforeEach(() => void vi.spyOn(Rooms.prototype, "fits").mockReturnValue(!fromFile));
  afterEach(() => void vi.restoreAllMocks());

  async function check(store: MemoryObjectStore, shelf: MemoryShelf, told: Uploaded, at: string) {
    const found = await bytesOf(store, told.key);
    expect(
      expected.some((wanted) => wanted.equals(found)),
      at,
    ).toBe(true);
    expect(told.size, at).toBe(found.length);
    expect((await store.head(told.key)).etag, at).toBe(told.etag);
    expect(await uploadsOf(store), at).toEqual([]);
    expect(shelf.entries.size, at).toBe(0);
  }

  it("becomes one object, and leaves nothing", { timeout: 60_000 }, async () => {
    let kills = 0;
    for (let first = 1; ; first++) {
      let firstLeft = "";
      for (let second = 1; ; second++) {
        await writeFile(path, BEFORE);
        const store = openStore();
        const shelf = new MemoryShelf();
        const one = new Life(first);
        const uploaded = await untilDeath(one, processOver(store, shelf, one), uploadFile);
        if (uploaded !== undefined) {
          await check(store, shelf, uploaded, "not killed");
          expect(kills).toBeGreaterThan(300);
          return;
        }
        firstLeft = `${first}: ${one.boundaries.at(-1)}`;
        const hasEnded = shelf.entries.size === 0 && (await keysOf(store)).length === 1;
        if (hasEnded) break;
        await meanwhile(store);
        const two = new Life(second);
        const resumed = await untilDeath(two, processOver(store, shelf, two), goOn);
        const at = `${firstLeft}, then ${second}: ${two.boundaries.at(-1)}`;
        if (resumed !== undefined) {
          await check(store, shelf, resumed, firstLeft);
          expect(await keysOf(store), firstLeft).toEqual([resumed.key]);
          kills += 1;
          break;
        }
        kills += 2;
        if (shelf.entries.size === 0 && (await keysOf(store)).length === 1) continue;
        const told = await goOn(processOver(store, shelf).stowage);
        await check(store, shelf, told, at);
        expect(await keysOf(store), at).toEqual([told.key]);
      }
    }
  });
});
