import { StowageError } from "../../../domain/errors.js";
import type { ObjectInfo } from "../../../ports/object-store.js";
import type { Bench } from "../bench.js";
import { accessSeen, HONOURED, ignored, seenBy } from "../verdict.js";
import { bytesOf, checksumOf, type Tell, type Trial } from "./trial.js";

const BYTES = bytesOf("0123456789 and so on, to the end");
const METADATA = { original_filename: "Größe 日本 😀.csv", write_token: "0123456789abcdef" };

/** Milliseconds by which the clocks may differ. Amazon S3 refuses what is 15 minutes off. */
const MAX_SKEW_MS = 300_000;

const TOLD_BY_HEAD = ["access.metadata", "access.clock", "checksum.kept"] as const;

/** An object there and back, and all that is told of it. */
export function accessTrial(now: () => Date): Trial {
  return {
    ids: [
      "access.write",
      "access.read",
      "access.remove",
      "access.metadata",
      "access.clock",
      "checksum.kept",
      "read.range",
    ],
    run: async (bench, tell) => {
      const key = bench.key("object");
      const before = now();
      try {
        await bench.put(key, BYTES, { metadata: METADATA, checksum: checksumOf(BYTES) });
      } catch (error) {
        tell("access.write", accessSeen(error));
        throw error;
      }
      const after = now();
      tell("access.write", HONOURED);
      await Promise.all([
        bench.head(key).then(
          (info) => {
            tellInfo(tell, info);
            tell("access.clock", clockSeen(info.lastModified, before, after));
          },
          (error: unknown) => {
            for (const id of TOLD_BY_HEAD) tell(id, seenBy(error));
          },
        ),
        readBack(bench, tell),
        readRanges(bench, tell),
      ]);
      await remove(bench, tell);
    },
  };
}

async function remove(bench: Bench, tell: Tell): Promise<void> {
  const key = bench.key("object");
  try {
    await bench.delete(key);
    await bench.head(key);
    tell("access.remove", ignored("it is still there"));
  } catch (error) {
    const gone = error instanceof StowageError && error.code === "not-found";
    tell("access.remove", gone ? HONOURED : accessSeen(error));
  }
}

async function readBack(bench: Bench, tell: Tell): Promise<void> {
  try {
    const read = await bench.get(bench.key("object"));
    tell("access.read", read.equals(BYTES) ? HONOURED : ignored("other bytes come back"));
  } catch (error) {
    tell("access.read", accessSeen(error));
  }
}

async function readRanges(bench: Bench, tell: Tell): Promise<void> {
  const key = bench.key("object");
  try {
    const [middle, end] = await Promise.all([
      bench.get(key, { range: { start: 2, end: 5 } }),
      bench.get(key, { range: { suffix: 3 } }),
    ]);
    const right = middle.toString() === "234" && end.toString() === "end";
    tell("read.range", right ? HONOURED : ignored("other bytes come than those of the range"));
  } catch (error) {
    tell("read.range", seenBy(error));
  }
}

function tellInfo(tell: Tell, { metadata, checksum }: ObjectInfo): void {
  const kept = Object.entries(METADATA).every(([name, value]) => metadata[name] === value);
  tell("access.metadata", kept ? HONOURED : ignored(`${JSON.stringify(metadata)} comes back`));
  const right = checksum?.value === checksumOf(BYTES).value;
  const other = checksum === undefined ? "none is told" : "another one is told";
  tell("checksum.kept", right ? HONOURED : ignored(other));
}

/** A store tells times to the second at least. */
function clockSeen(told: Date, before: Date, after: Date) {
  const least = told.getTime() - after.getTime();
  const most = told.getTime() + 1_000 - before.getTime();
  const skew = least > 0 ? least : Math.min(0, most);
  if (Math.abs(skew) <= MAX_SKEW_MS) return HONOURED;
  const minutes = Math.round(Math.abs(skew) / 60_000);
  return ignored(`the store's is ${minutes} min ${skew > 0 ? "ahead" : "behind"}`);
}
