import { applied, befalls, FAULTS, type Fault, refused } from "./faults.js";
import type { Operation } from "./operations.js";
import type { RequestKind } from "./routes.js";
import { answered } from "./s3-server.js";

/** One run: a fault at one request, or from it on, and maybe another thereafter. */
export interface Case {
  readonly make: () => Operation;
  readonly index: number;
  readonly kind: RequestKind;
  readonly fault: Fault;
  readonly forEver: boolean;
  /** What befalls every request after that. Default: nothing. */
  readonly then?: Fault | undefined;
  /** Whether the caller's signal is aborted as the request arrives. */
  readonly aborts: boolean;
  /** Whether the object has been stored before, and its sender been told so. */
  readonly stored: boolean;
}

/** What becomes of the request at whose arrival the caller's signal is aborted. */
const ABORTS: readonly Fault[] = [
  { name: "answered", act: answered, passes: true },
  { name: "no answer", act: () => undefined, silent: true, unsettled: true, passes: true },
  { name: "carried out, no answer", act: applied(() => undefined), silent: true, passes: true },
  {
    name: "carried out, reset",
    act: applied(({ socket }) => void socket.resetAndDestroy()),
    passes: true,
  },
  { name: "500", act: refused(500, "InternalError"), passes: true },
  {
    name: "reset, and carried out late",
    act: ({ applyLater, socket }) => {
      applyLater();
      socket.resetAndDestroy();
    },
    late: true,
    unsettled: true,
    passes: true,
  },
  {
    name: "no answer, and carried out late",
    act: ({ applyLater }) => applyLater(),
    silent: true,
    late: true,
    unsettled: true,
    passes: true,
  },
];

/** Requests whose answer says whether something has changed for good. */
const DOUBTFUL: readonly RequestKind[] = ["put", "create", "complete", "delete"];
const named = (...names: readonly string[]): readonly Fault[] =>
  FAULTS.filter(({ name }) => names.includes(name));
/** How their answer is lost, and how the server is from then on. */
const LOST = named("reset after", "500 after", "reset, and carried out late");
const LASTING = named(
  "reset before",
  "reset after",
  "no answer before",
  "500 before",
  "503 SlowDown before",
  "403 before",
);

/** Every fault at every request that an operation makes where none befalls it. */
export function casesOf(make: () => Operation, kinds: readonly RequestKind[]): Case[] {
  return kinds.flatMap((kind, index) => {
    const at = { make, index, kind, stored: kinds.slice(0, index).includes("complete") };
    const plain = [false, true].flatMap((forEver) =>
      FAULTS.filter((fault) => befalls(fault, kind)).map(
        (fault): Case => ({ ...at, fault, forEver, aborts: false }),
      ),
    );
    // When the answer to a write is lost, what is asked next decides what can be told of it.
    const pairs = DOUBTFUL.includes(kind)
      ? LOST.flatMap((fault) =>
          LASTING.map((then): Case => ({ ...at, fault, then, forEver: false, aborts: false })),
        )
      : [];
    const aborts = ABORTS.map((fault): Case => ({ ...at, fault, forEver: false, aborts: true }));
    return [
      ...plain,
      ...pairs,
      ...aborts,
      { ...at, fault: ABORTS[1] as Fault, forEver: true, aborts: true },
    ];
  });
}

export function waitsOften({ fault, then, aborts }: Case): boolean {
  return aborts || fault.silent === true || then?.silent === true;
}

export function nameOf({ make, index, kind, fault, forEver, then, aborts }: Case): string {
  const what = aborts ? `aborted, ${fault.name}` : fault.name;
  const often = forEver ? "for ever" : "once";
  const after = then === undefined ? "" : `, then ${then.name} for ever`;
  return `${make().name}, request ${index} (${kind}): ${what}, ${often}${after}`;
}
