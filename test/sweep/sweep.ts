import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { Rooms } from "../../src/app/uploader/part-memory.js";
import { type Case, casesOf, nameOf, waitsOften } from "./cases.js";
import { befalls } from "./faults.js";
import { inTurn } from "./in-turn.js";
import { layOut, OPERATIONS, type Operation, seed } from "./operations.js";
import { type Ending, endingText, judge, judgeFolder, type Latitude } from "./oracle.js";
import { held, heldBeyond, strays } from "./resources.js";
import { ATTEMPTS, configOf, LIKENESSES, openRig, SMALL, type StoreName } from "./rig.js";
import type { RequestKind } from "./routes.js";
import { type Act, answered, openS3Server, type S3Server } from "./s3-server.js";

/**
 * Runs at once. Those that wait do so together, when the process has nothing else to do: a busy
 * process takes its own server for a silent one.
 */
const AT_ONCE = { busy: 24, waiting: 48 };
/** Milliseconds of silence, where silence is the fault; else no machine is so slow. */
const IDLE_MS = { silent: 250, else: 20_000 };
/** Milliseconds for cleaning up, where the server will not have it; else as above. */
const CLEANUP_MS = { hopeless: 400, else: 10_000 };
/** Milliseconds that an abort may take beside the cleaning up. */
const ABORT_MS = 1_000;
/**
 * Milliseconds of idle time that may come on top, in which nothing was there to be done. What is not
 * aborted may wait for the disk; there it is only to be seen that it ends.
 */
const SLACK_MS = { aborts: 500, else: 3_000 };
/** Milliseconds that the cases of one operation may take on a machine that has other things to do. */
const LIMIT_MS = 180_000;
/** Milliseconds of idle time in which connections are closed. */
const CLOSE_MS = 1_000;

/** Makes the tests of one store, one for each operation, and prints how many cases they had. */
export function describeSweep(store: StoreName): void {
  describe(`the fault sweep of the ${store}`, { timeout: LIMIT_MS }, () => {
    const uncaught = strays();
    let scratch: string;
    let least: readonly string[] | undefined;
    let cases = 0;
    let failed = 0;
    let folders = 0;

    beforeAll(async () => {
      scratch = await mkdtemp(join(tmpdir(), "stowage-sweep-"));
      await mkdir(join(scratch, "sources"));
      await layOut(join(scratch, "sources"));
    });

    afterAll(async () => {
      uncaught[Symbol.dispose]();
      await rm(scratch, { recursive: true, force: true });
      console.log(`sweep: ${cases.toLocaleString("en")} cases on the ${store}, ${failed} failed`);
    });

    test.each(OPERATIONS.map((make) => [make().name, make] as const))("%s", async (_, make) => {
      const { fromFile = false } = make();
      // The budget is one for all the runs at once, which are not to wait for each other.
      using _held = vi.spyOn(Rooms.prototype, "fits").mockReturnValue(!fromFile);
      const well = await run(store, { make, ...WELL }, join(scratch, "well"), scratch);
      expect(well.faults).toEqual([]);
      least ??= await held();
      const all = casesOf(make, well.kinds);
      cases += all.length;

      const failures: string[] = [];
      const [busy = [], waiting = []] = [false, true].map((waits) =>
        all.filter((each) => waitsOften(each) === waits),
      );
      for (const [some, atOnce] of [
        [busy, AT_ONCE.busy],
        [waiting, AT_ONCE.waiting],
      ] as const) {
        await inTurn(some, atOnce, async (each) => {
          folders += 1;
          const folder = join(scratch, String(folders));
          const { faults, ending } = await runAsMeant(store, each, well.kinds, folder, scratch);
          if (faults.length === 0) return;
          failures.push(`${nameOf(each)}: ${faults.join("; ")}: ${endingText(ending)}`);
        });
      }
      failed += failures.length;
      expect(failures).toEqual([]);
      expect(uncaught.errors).toEqual([]);
      expect(await heldBeyond(least)).toEqual([]);
      least = await held();
    });
  });
}

const WELL = {
  index: 0,
  kind: "put",
  fault: { name: "none", act: answered, passes: true },
  forEver: false,
  aborts: false,
  stored: false,
} as const;

interface Ran {
  readonly faults: readonly string[];
  readonly ending: Ending;
  readonly kinds: readonly RequestKind[];
}

/**
 * Runs a case until it has gone as it does without faults, up to the fault: on a machine that is too
 * busy, a request may have been given up and sent again before.
 */
async function runAsMeant(
  store: StoreName,
  each: Case,
  kinds: readonly RequestKind[],
  folder: string,
  scratch: string,
): Promise<Ran> {
  const meant = kinds.slice(0, each.index + 1);
  for (let attempt = 1; ; attempt++) {
    const ran = await run(store, each, folder, scratch);
    const same = meant.every((kind, index) => ran.kinds[index] === kind);
    if (same) return ran;
    if (attempt === 5) return { ...ran, faults: [`it never came to request ${each.index}`] };
  }
}

async function run(store: StoreName, each: Case, folder: string, scratch: string): Promise<Ran> {
  const { index: at, fault, forEver, then, aborts } = each;
  const operation = each.make();
  const controller = new AbortController();
  const reason = new Error("no longer wanted");
  let begun = performance.eventLoopUtilization();
  const act: Act = (exchange) => {
    if (aborts && !controller.signal.aborted) {
      begun = performance.eventLoopUtilization();
      controller.abort(reason);
    }
    fault.act(exchange);
  };
  await using server = await openS3Server(LIKENESSES[store], (index, { kind }) => {
    if (then !== undefined && index > at) return befalls(then, kind) ? then.act : answered;
    const due = forEver ? index >= at : index === at;
    return due && befalls(fault, kind) ? act : answered;
  });
  seed(server.bucket, operation);
  const fills = operation.kind === "read";
  if (fills) await mkdir(folder);

  const silent = (fault.silent === true || then?.silent === true) && !aborts;
  const idleTimeoutMs = silent ? IDLE_MS.silent : IDLE_MS.else;
  const lasting = forEver ? fault : then;
  // The last: to look what became of a write is a part of cleaning up after it.
  const hopeless =
    (lasting !== undefined && befalls(lasting, "abort")) || (aborts && each.kind === "head");
  const cleanupTimeoutMs = hopeless ? CLEANUP_MS.hopeless : CLEANUP_MS.else;
  const config = configOf(store, server.url);
  const rig = await openRig({ ...config, idleTimeoutMs, cleanupTimeoutMs }, SMALL);
  const place = { folder, sources: join(scratch, "sources"), signal: controller.signal };
  begun = performance.eventLoopUtilization();
  const ending = await operation.run(rig.stowage, place).then(
    (value): Ending => ({ kind: "resolved", value }),
    (error: unknown): Ending => ({ kind: "rejected", error }),
  );
  // A machine that has other things to do keeps the process waiting, and its event loop busy.
  const took = performance.eventLoopUtilization(begun).idle;

  const faults: string[] = [];
  const silences = (lasting === undefined ? 1 : at + 4) * ATTEMPTS;
  const most = aborts
    ? ABORT_MS + (hopeless ? cleanupTimeoutMs : 0)
    : (silent ? silences * IDLE_MS.silent : 0) + (hopeless ? cleanupTimeoutMs : 0);
  if (took > most + (aborts ? SLACK_MS.aborts : SLACK_MS.else)) {
    faults.push(`it took ${Math.round(took)} ms, and has ${most}`);
  }
  if (aborts && !controller.signal.aborted) faults.push("the request has not come");
  const latitude = latitudeOf(each, operation, aborts ? reason : undefined);
  faults.push(...judge(operation, server.bucket, ending, latitude, "at once"));
  faults.push(...(operation.leaks?.() ?? []));
  if (fills) faults.push(...(await judgeFolder(folder, ending)));
  const asked = fault.name.startsWith("503 SlowDown") && ending.kind === "resolved";
  if (asked && rig.slept.length > 0 && !rig.slept.some((ms) => ms >= 1_000)) {
    faults.push("Retry-After was not heeded");
  }
  await rig[Symbol.asyncDispose]();
  if (!(await closes(server))) faults.push(`stays open: ${openOnes(server)}`);
  server.flush();
  faults.push(...judge(operation, server.bucket, ending, latitude, "later"));
  if (fills) await rm(folder, { recursive: true });
  return { faults, ending, kinds: server.requests.map(({ kind }) => kind) };
}

function latitudeOf(each: Case, operation: Operation, reason: unknown): Latitude {
  const { fault, forEver, then, aborts, kind, stored } = each;
  const once = operation.once === true;
  const canBeAsked = !once && then === undefined && !(forEver && befalls(fault, "head"));
  // A put that has not been answered well may still arrive, though a second one has been.
  const atLarge = aborts && kind === "put" && fault.act !== answered;
  const doubtful = (!canBeAsked && fault.clear !== true) || fault.late === true || atLarge;
  return {
    // What the complete has answered is known, but for who has not waited for it.
    unknown: doubtful && (!stored || aborts),
    // Of an upload that may still begin nobody can know that nothing will be left.
    pending:
      forEver || then !== undefined || (aborts && kind === "create" && fault.unsettled === true),
    mended: !aborts && !forEver && then === undefined && !once && fault.passes,
    lateUploads: fault.late === true && kind === "create",
    reason,
  };
}

function openOnes({ sockets }: S3Server): string {
  const states = [...sockets].map(({ readyState, bytesRead, bytesWritten, destroyed }) =>
    [readyState, `read ${bytesRead}`, `written ${bytesWritten}`, destroyed && "destroyed"].join(
      " ",
    ),
  );
  return `${sockets.size} connections (${states.join(", ")})`;
}

/** Whether every connection to the server closes, now that the store has been closed. */
async function closes({ sockets }: S3Server): Promise<boolean> {
  const begun = performance.eventLoopUtilization();
  let open = sockets.size;
  for (const socket of sockets) {
    socket.once("close", () => {
      open -= 1;
    });
  }
  while (open > 0) {
    if (performance.eventLoopUtilization(begun).idle > CLOSE_MS) return false;
    await sleep(5);
  }
  return true;
}
