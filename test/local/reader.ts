import { openLocalSource } from "../../src/adapters/local/index.js";

/**
 * A process of its own that reads a source: `node reader.ts <path> [exit|abort]`. It says how much it
 * has read so far; when told so, it exits in the midst of it, or aborts and comes to its own end.
 */
const [, , path = "", act = ""] = process.argv;

const BEFORE_MS = 150;

function* sizes(): Generator<number> {
  for (;;) yield 4;
}

if (act === "exit") setTimeout(() => process.exit(7), BEFORE_MS);
const signal = act === "abort" ? AbortSignal.timeout(BEFORE_MS) : undefined;
try {
  await using source = await openLocalSource(path, { signal });
  const give = () => source[Symbol.asyncDispose]();
  signal?.addEventListener("abort", give);
  let size = 0;
  for await (const piece of source.pieces(sizes())) {
    size += piece.length;
    console.log(size);
  }
  console.log("end");
} catch (error) {
  const aborted = signal?.aborted ?? false;
  console.log(aborted ? "aborted" : String(error));
}
