import { expect, test } from "vitest";
import { type Answer, type Call, isLinearizable, type Operation } from "./linearizable.js";

/**
 * A history as a drawing: one line a client, a call from `[` to `]` with its name between, such as
 * `[pa ]` for a put of "a", `[ca ]` a create, `[d ]` a delete, `[ga ]` a get of "a", `[g- ]` of
 * nothing. `!` before the end means that the key was taken, `?` that nothing was told.
 */
function history(...clients: readonly string[]): Call[] {
  return clients.flatMap((line) =>
    [...line.matchAll(/\[([pcdg])([a-z-]?)([!?]?) *\]/g)].map(({ 0: text, 1: kind, ...call }) => {
      const start = call.index;
      return { ...callOf(kind ?? "", call[2] ?? "", call[3]), start, end: start + text.length - 1 };
    }),
  );
}

function callOf(kind: string, value: string, mark = ""): Pick<Call, "operation" | "answer"> {
  const answers: Record<string, Answer> = { "!": "taken", "?": "unknown" };
  const operations: Record<string, Operation> = {
    p: { kind: "put", value },
    c: { kind: "create", value },
    d: { kind: "delete" },
    g: { kind: "get" },
  };
  const operation = operations[kind] ?? { kind: "get" };
  const got: Answer = { value: value === "-" ? undefined : value };
  return { operation, answer: answers[mark] ?? (kind === "g" ? got : "done") };
}

test.for<[string, string[]]>([
  ["nothing at all", []],
  ["one after the other", ["[pa] [ga] [d] [g-] [ca] [ga]"]],
  ["a get beside a put gives the old", ["[pa] [pb    ]", "      [ga]"]],
  ["a get beside a put gives the new", ["[pa] [pb    ]", "      [gb]"]],
  ["two gets beside a put give the old, then the new", ["[pa] [pb        ]", "      [ga] [gb]"]],
  ["two puts at once, in either order", ["[pa   ]     [ga]", "[pb   ]"]],
  ["of two creates one is taken", ["[ca   ]", "[cb!  ]", "        [ga]"]],
  ["a create of a key that is deleted meanwhile", ["[pa] [d   ]", "     [cb  ] [gb]"]],
  ["a create beside a delete finds it taken", ["[pa] [d   ]", "     [cb! ] [g-]"]],
  ["a put of which nothing was told has come to be", ["[pa?]", "     [g-] [ga] [ga]"]],
  ["a put of which nothing was told never came to be", ["[pa?]", "     [g-] [g-]"]],
  ["it comes to be after another", ["[pa?]", "     [pb] [gb] [ga]"]],
  ["a create of which nothing was told takes the key", ["[ca?]", "     [cb!] [ga]"]],
  ["a delete of which nothing was told", ["[pa] [d?]", "         [ga] [g-]"]],
])("linearizable: %s", ([, clients]) => {
  expect(isLinearizable(history(...clients))).toBe(true);
});

test.for<[string, string[]]>([
  ["a value that nobody wrote", ["[ga]"]],
  ["a get gives what was there before the last put", ["[pa] [pb] [ga]"]],
  ["a get gives nothing after a put", ["[pa] [g-]"]],
  ["a get gives what was deleted", ["[pa] [d] [ga]"]],
  ["the new, then the old again", ["[pa] [pb        ]", "      [gb] [ga]"]],
  ["two readers see two puts in two orders", ["[pa     ]", "[pb     ]", "         [ga] [gb]"]],
  ["two creates succeed", ["[ca   ]", "[cb   ]"]],
  ["a create of a taken key succeeds", ["[pa] [cb]"]],
  ["a create of a free key finds it taken", ["[ca!]"]],
  ["a create finds the key taken after its delete", ["[pa] [d] [cb!]"]],
  ["a lost put comes to be twice", ["[pa?]", "     [ga] [pb] [gb] [ga]"]],
  ["what was not begun is seen", ["     [pa]", "[ga]"]],
])("not linearizable: %s", ([, clients]) => {
  expect(isLinearizable(history(...clients))).toBe(false);
});

test("a register may hold something from the start", () => {
  expect(isLinearizable(history("[ga]"), "a")).toBe(true);
  expect(isLinearizable(history("[g-]"), "a")).toBe(false);
});

test("a dozen calls at once are told apart soon", () => {
  const clients = Array.from({ length: 12 }, (_, at) => `[p${String.fromCharCode(97 + at)}    ]`);
  expect(isLinearizable(history(...clients, "        [gk] [gk]"))).toBe(true);
  expect(isLinearizable(history(...clients, "        [gk] [gl]"))).toBe(false);
});
