import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import type { Stowage } from "../../../src/app/stowage.js";
import { crc32Checksum } from "../../../src/domain/checksum.js";
import { type ObjectKey, objectKey } from "../../../src/domain/object-key.js";
import { MULTIPART_PART_BYTES } from "../../../src/domain/upload-plan.js";
import type { Store } from "../../../src/ports/store.js";
import type { KeptObject } from "../../sweep/bucket.js";
import { inTurn } from "../../sweep/in-turn.js";
import { bytesOf, type Operation } from "../../sweep/operations.js";
import {
  type Contents,
  type Ending,
  endingText,
  judge,
  judgeFolder,
  type Latitude,
} from "../../sweep/oracle.js";
import { held, heldBeyond, strays } from "../../sweep/resources.js";
import { openRig } from "../../sweep/rig.js";
import { configOf, locationOf, makeBucket, type Way } from "../buckets.js";
import { openFaultProxy, type Passed, type PlacedFault, type TcpFault } from "../fault-proxy.js";

/** What is done through the proxy, for a user of its own, and the requests that it makes. */
interface Wired {
  readonly operation: Operation;
  readonly user: string;
  readonly seeds: readonly string[];
}

interface Case {
  readonly name: string;
  readonly placed: PlacedFault | undefined;
  readonly aborts: boolean;
}

const WELL: Case = { name: "nothing", placed: undefined, aborts: false };

interface Ran {
  readonly faults: readonly string[];
  readonly ending: Ending;
  readonly passed: readonly Passed[];
}

/** Runs at once: most of a run is waiting. */
const AT_ONCE = 24;
/** Milliseconds of silence; a server that writes to a busy disk is silent too, and longer. */
const IDLE_MS = { silent: 1_500, else: 20_000 };
const CLEANUP_MS = { hopeless: 800, else: 20_000 };
/** Milliseconds that an abort may take beside the cleaning up. */
const ABORT_MS = 1_000;
/** Milliseconds in which everything else ends, on a machine that has other things to do. */
const LIMIT_MS = 20_000;

const FILE = bytesOf(MULTIPART_PART_BYTES + 1_000);
const SMALL = bytesOf(200_000);
const SMALL_SUM = crc32Checksum(crc32(SMALL));

type Make = (user: string) => Wired;
const keyOf = (user: string): string => `datasets/user_${user}/20251023_143045_x.csv`;

const uploading =
  (bytes: Buffer): Make =>
  (user) => ({
    user,
    seeds: [],
    operation: {
      name: "upload",
      kind: "upload",
      seeds: [],
      bytes,
      inParts: bytes.length >= MULTIPART_PART_BYTES,
      run: (stowage, { signal }) =>
        stowage.uploadDataset({ userId: user, source: bytes, name: "x.csv", signal }),
    },
  });

const withObject =
  (
    kind: "read" | "remove",
    run: (stowage: Stowage, user: string, folder: string) => unknown,
  ): Make =>
  (user) => ({
    user,
    seeds: [keyOf(user)],
    operation: {
      name: kind,
      kind,
      seeds: [{ key: keyOf(user), bytes: SMALL }],
      bytes: SMALL,
      inParts: false,
      run: async (stowage, { folder }) => run(stowage, user, folder),
    },
  });

const OPERATIONS: readonly (readonly [string, Make])[] = [
  ["an upload in one request", uploading(SMALL)],
  ["an upload in two parts", uploading(FILE)],
  [
    "a download",
    withObject("read", async (stowage, userId, folder) => {
      const to = join(folder, "got.bin");
      await stowage.download({ userId, object: keyOf(userId), to });
      return readFile(to);
    }),
  ],
  [
    "a list",
    withObject("read", async (stowage, userId) => {
      const entries = await Array.fromAsync(stowage.list({ userId }));
      return entries.length === 1 && entries[0]?.size === SMALL.length ? SMALL : entries;
    }),
  ],
  [
    "a removal",
    withObject("remove", (stowage, userId) => stowage.remove({ userId, object: keyOf(userId) })),
  ],
];

const server = inject("minio");

describe.each(["s3", "minio"] as const)("the fault sweep of MinIO over TCP, by %s:", (way) => {
  const uncaught = strays();
  let bucket: string;
  let scratch: string;
  let least: readonly string[] | undefined;
  let users = 0;
  let cases = 0;
  let failed = 0;

  beforeAll(async () => {
    least = await held();
    bucket = await makeBucket(server);
    scratch = await mkdtemp(join(tmpdir(), "stowage-tcp-sweep-"));
  });

  afterAll(async () => {
    await rm(scratch, { recursive: true, force: true });
    uncaught[Symbol.dispose]();
    console.log(`sweep over TCP: ${cases} cases on MinIO by ${way}, ${failed} failed`);
  });

  test("every operation, every exchange, every fault", async () => {
    const straight = await openRig(configAt(way, bucket));
    const all: (Case & { readonly make: Make })[] = [];
    for (const [title, make] of OPERATIONS) {
      const well = await run(straight.stowage, make, WELL);
      expect(well.faults).toEqual([]);
      const some = casesOf(well.passed, make("0").operation);
      all.push(...some.map((each) => ({ ...each, make, name: `${title}, ${each.name}` })));
    }
    cases = all.length;
    const failures: string[] = [];
    const laters: (() => Promise<void>)[] = [];
    await inTurn(all, AT_ONCE, async (each) => {
      const note = (faults: readonly string[]): void => {
        if (faults.length === 0) return;
        failures.push(`${each.name}: ${faults.join("; ")}: ${endingText(ending)}`);
      };
      const { faults, ending, later } = await run(straight.stowage, each.make, each);
      note(faults);
      // What has failed must not appear when nobody waits for it any more.
      if (ending.kind === "rejected") laters.push(async () => note(await later()));
    });
    for (const later of laters) await later();
    await straight[Symbol.asyncDispose]();
    failed = failures.length;
    expect(failures).toEqual([]);
    expect(uncaught.errors).toEqual([]);
    expect(await heldBeyond(least ?? [])).toEqual([]);
  });

  async function run(
    straight: Stowage,
    make: Make,
    { name, placed, aborts }: Case,
  ): Promise<Ran & { readonly later: () => Promise<string[]> }> {
    users += 1;
    const { operation, user, seeds } = make(`u${users}`);
    const folder = join(scratch, String(users));
    await mkdir(folder);
    const { store } = straight;
    for (const key of seeds) await store.put(objectKey(key), SMALL, { checksum: SMALL_SUM });
    const controller = new AbortController();
    const reason = new Error("no longer wanted");
    let begun = performance.now();
    const onFault = (): void => {
      if (!aborts || controller.signal.aborted) return;
      begun = performance.now();
      controller.abort(reason);
    };
    const fault = placed === undefined ? undefined : { ...placed, onFault };
    await using proxy = await openFaultProxy(server.endpoint, fault);
    // A flipped bit may have the server wait for more than was sent.
    const silent = ["stall", "black hole", "flip"].includes(placed?.fault ?? "");
    const hopeless = placed?.forEver === true || (aborts && name.includes("head"));
    const cleanupTimeoutMs = hopeless ? CLEANUP_MS.hopeless : CLEANUP_MS.else;
    const rig = await openRig({
      ...configAt(way, bucket, proxy.endpoint),
      // One request after the other: the places of faults are then the same in each run.
      concurrency: 1,
      idleTimeoutMs: silent && !aborts ? IDLE_MS.silent : IDLE_MS.else,
      cleanupTimeoutMs,
    });
    begun = performance.now();
    const place = { folder, sources: scratch, signal: controller.signal };
    const ending = await operation.run(rig.stowage, place).then(
      (value): Ending => ({ kind: "resolved", value }),
      (error: unknown): Ending => ({ kind: "rejected", error }),
    );
    const took = performance.now() - begun;

    const faults: string[] = [];
    const most = aborts ? ABORT_MS + cleanupTimeoutMs : LIMIT_MS;
    if (took > most) faults.push(`it took ${Math.round(took)} ms, and has ${most}`);
    if (aborts && !controller.signal.aborted) faults.push("the fault has not happened");
    const latitude = latitudeOf(name, placed, aborts ? reason : undefined);
    const contents = () => contentsFor(straight, user, operation.bytes);
    faults.push(...judge(operation, await contents(), ending, latitude, "at once"));
    faults.push(...(await judgeFolder(folder, ending)));
    await rig[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
    return {
      faults,
      ending,
      passed: [...proxy.passed],
      later: async () => judge(operation, await contents(), ending, latitude, "later"),
    };
  }
});

function configAt(way: Way, bucket: string, endpoint?: string) {
  return { store: locationOf(way, server, bucket, "minio", endpoint), ...configOf(server) };
}

/** Every fault at every place of every exchange: before it, within it, and of its answer. */
function casesOf(passed: readonly Passed[], { inParts, kind }: Operation): Case[] {
  const kinds = inParts
    ? ["head", "create", "part", "part", "complete", "head to confirm"]
    : [kind === "upload" ? "put" : kind];
  return passed.flatMap((counted, exchange) => {
    const request = counted["to server"];
    const answer = counted["to client"];
    const at = (
      fault: TcpFault,
      place: string,
      direction: PlacedFault["direction"],
      offset: number,
      more: { readonly forEver?: boolean; readonly aborts?: boolean } = {},
    ): Case => {
      const { forEver = false, aborts = false } = more;
      const often = `${forEver ? ", for ever" : ""}${aborts ? ", aborted" : ""}`;
      return {
        name: `exchange ${exchange} (${kinds[exchange]}): ${fault} ${place}${often}`,
        placed: { fault, exchange, direction, offset: Math.floor(offset), forEver },
        aborts,
      };
    };
    const cuts = (["reset", "FIN"] as const).flatMap((fault) => [
      at(fault, "before the request", "to server", 0),
      at(fault, "within the request", "to server", request / 2),
      at(fault, "before the answer", "to client", 0),
      at(fault, "within the answer", "to client", answer / 2),
      at(fault, "before the request", "to server", 0, { forEver: true }),
      at(fault, "before the answer", "to client", 0, { forEver: true }),
    ]);
    const silences = [
      at("black hole", "before the request", "to server", 0),
      at("black hole", "before the answer", "to client", 0),
      at("black hole", "before the request", "to server", 0, { forEver: true }),
      at("black hole", "before the answer", "to client", 0, { forEver: true }),
      at("stall", "within the request", "to server", request / 2),
      at("stall", "within the answer", "to client", answer / 2),
    ];
    const flips = [
      at("flip", "in the head of the request", "to server", Math.min(request, 400) / 2),
      at("flip", "at the end of the request", "to server", request - 3),
      // The rest of an answer is not vouched for by anything but TCP and TLS.
      ...(answer > SMALL.length ? [at("flip", "in the body", "to client", answer - 1_000)] : []),
    ];
    const aborts = (["black hole", "reset"] as const).flatMap((fault) => [
      at(fault, "before the request", "to server", 0, { aborts: true }),
      at(fault, "before the answer", "to client", 0, { aborts: true }),
    ]);
    const slow = [
      at("slow", "from the start of the request", "to server", 0),
      at("slow", "at the end of the answer", "to client", Math.max(0, answer - 500)),
    ];
    return [...cuts, ...silences, ...flips, ...slow, ...(kind === "upload" ? aborts : [])];
  });
}

function latitudeOf(name: string, placed: PlacedFault | undefined, reason: unknown): Latitude {
  const forEver = placed?.forEver === true;
  const aborted = reason !== undefined;
  // MinIO locks the key of a create-only put until all of it has come: nothing else is answered then.
  const locked = placed?.fault === "stall" && name.includes("(put)");
  // A request that was cut off, and has left no trace, may still arrive.
  const atLarge = aborted && name.includes("(put)");
  const lost = aborted && name.includes("(create)");
  return {
    unknown: (forEver && !name.includes("head to confirm")) || atLarge || locked,
    pending: forEver || lost,
    mended: !aborted && !forEver && !locked && placed?.fault !== "flip",
    lateUploads: lost,
    reason,
  };
}

/**
 * What the server holds of a user, seen past the proxy.
 *
 * @param expected not fetched where the size and the checksum, which the server has verified, say that
 *   they are there.
 */
async function contentsFor({ store }: Stowage, user: string, expected: Buffer): Promise<Contents> {
  const objects = new Map<string, KeptObject>();
  for await (const entry of store.list({ prefix: `datasets/user_${user}/` })) {
    if (entry.kind !== "object") continue;
    const info = await store.head(entry.key);
    const { key, size, etag, lastModified, contentType, metadata, encryption } = info;
    const isThere =
      size === expected.length && info.checksum?.value === crc32Checksum(crc32(expected)).value;
    const named = Object.entries(metadata).map(([name, value]) => [`x-amz-meta-${name}`, value]);
    objects.set(key, {
      key,
      etag: `"${etag}"`,
      lastModified,
      bytes: isThere ? expected : await bytesAt(store, key),
      attributes: { contentType, metadata: Object.fromEntries(named), encryption },
    });
  }
  const uploads = await Array.fromAsync(store.listUploads({ key: objectKey(keyOf(user)) }));
  return { objects, uploads: new Map(uploads.map((upload) => [upload.uploadId, upload])) };
}

async function bytesAt(store: Store, key: ObjectKey): Promise<Buffer> {
  await using object = await store.get(key);
  return Buffer.concat(await Array.fromAsync(object.body));
}
