import { fill, list, put } from "./commands/objects.js";
import { begin, complete, part } from "./commands/uploads.js";
import type { Run } from "./trial.js";

/** What trials have found, each as it was printed. They are tried first, on every store. */
export const EXAMPLES: readonly Run[] = [
  // LocalStack, as Amazon S3, answers 409 to a complete of which the condition holds, because the
  // object has been written since the upload began. It stays so, however often it is sent again.
  [
    ["a"],
    [
      begin({ slot: 0, kept: 0, checksummed: false }),
      put({ slot: 0, body: { size: 0, seed: 1 }, kept: 0, sum: "right" }),
      part({ which: 0, number: 1, body: { size: 1, seed: 1 } }),
      complete({ which: 0, naming: "all", when: "current" }),
    ],
  ],
  // MinIO gives the first of these alone, and no second page.
  [
    ["a", "a!", "a-"],
    [
      fill({ seed: 1 }),
      list({ prefix: { slot: 0, cut: 10_000, tail: "" }, fold: false, pageSize: 1 }),
    ],
  ],
  // MinIO answers 400 to a list of the keys that begin with a dot, or with two slashes.
  [[".env/..."], [fill({ seed: 1 }), list({ prefix: { slot: 0, cut: 1, tail: "" }, fold: false })]],
  [["a"], [list({ prefix: { slot: 0, cut: 10_000, tail: "//" }, fold: false })]],
  // LocalStack, as Amazon S3, tells of a completed upload when it began, not when it was completed.
  [
    ["a"],
    [
      begin({ slot: 0 }),
      part({ which: 0, number: 1, body: { size: 5_242_880, seed: 3 } }),
      complete({ which: 0, naming: "all" }),
    ],
  ],
];
