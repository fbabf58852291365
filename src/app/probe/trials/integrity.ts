import type { ObjectKey } from "../../../domain/object-key.js";
import type { Encryption } from "../../../ports/object-store.js";
import type { Bench } from "../bench.js";
import type { FindingId, Seen } from "../findings.js";
import { HONOURED, ignored, refusal } from "../verdict.js";
import { ABSENT, bytesOf, checksumOf, type Trial } from "./trial.js";

/** Milliseconds for a few bytes that were there a moment ago. */
const READ_MS = 1_000;
const BYTES = bytesOf("what is to be stored");
const OLD = bytesOf("what was there");
/** That of other bytes. */
const WRONG = checksumOf(bytesOf("what is to be stored, damaged"));

const NOTHING_REFUSED: Seen = { result: "unknown", detail: "nothing is refused" };

export const checksumTrials: readonly Trial[] = [
  {
    ids: ["checksum.put", "checksum.harmless"],
    run: async (bench, tell) => {
      const key = bench.key("checksum-put");
      await bench.put(key, OLD);
      const seen = await refusal("checksum-mismatch", bench.put(key, BYTES, { checksum: WRONG }));
      tell("checksum.put", seen);
      if (seen.result === "honoured") {
        tell("checksum.harmless", await stillThere(bench, key, OLD));
        return;
      }
      // What verifies no checksum may still refuse a put, for its condition.
      await bench.put(key, OLD);
      const taken = await refusal("already-exists", bench.put(key, BYTES, { when: ABSENT }));
      const isRefused = taken.result === "honoured";
      tell("checksum.harmless", isRefused ? await stillThere(bench, key, OLD) : NOTHING_REFUSED);
    },
  },
  {
    ids: ["checksum.part", "checksum.complete", "checksum.kept-parts"],
    run: async (bench, tell) => {
      const key = bench.key("checksum-parts");
      const upload = await bench.createUpload(key, { checksummed: true });
      const damaged = bench.uploadPart(upload, BYTES, { checksum: WRONG });
      tell("checksum.part", await refusal("checksum-mismatch", damaged));
      const checksum = checksumOf(BYTES);
      const part = { ...(await bench.uploadPart(upload, BYTES, { checksum })), checksum };
      const joined = bench.completeUpload(upload, part, { checksum: WRONG });
      const seen = await refusal("checksum-mismatch", joined);
      tell("checksum.complete", seen);
      if (seen.result !== "ignored") await bench.completeUpload(upload, part, { checksum });
      const told = (await bench.head(key)).checksum;
      const other = told === undefined ? "none of the whole is told" : "another one is told";
      tell("checksum.kept-parts", told?.value === checksum.value ? HONOURED : ignored(other));
    },
  },
];

/** LocalStack loses the bytes, and keeps what it knows of them: a get then waits for them without end. */
async function stillThere(bench: Bench, key: ObjectKey, bytes: Uint8Array): Promise<Seen> {
  const limit = AbortSignal.timeout(READ_MS);
  const left = await bench.get(key, { signal: limit }).catch((error: unknown) => {
    if (bench.isOver) throw error;
    return undefined;
  });
  return left?.equals(bytes) === true ? HONOURED : ignored("what was there is lost");
}

/** Encryption of one kind, of an object sent at once and of one sent in parts. */
export function encryptionTrials(encryption: Encryption): readonly Trial[] {
  const { algorithm } = encryption;
  const whole: FindingId = `encryption.${algorithm}`;
  const parts: FindingId = `encryption.${algorithm}.parts`;
  const name = algorithm.replace(":", "-");
  return [
    {
      ids: [whole],
      run: async (bench, tell) => {
        const key = bench.key(`${name}-put`);
        await bench.put(key, BYTES, { encryption });
        tell(whole, encryptionSeen(algorithm, (await bench.head(key)).encryption));
      },
    },
    {
      ids: [parts],
      run: async (bench, tell) => {
        const key = bench.key(`${name}-parts`);
        const upload = await bench.createUpload(key, { encryption });
        const part = await bench.uploadPart(upload, BYTES);
        await bench.completeUpload(upload, part, { encryption });
        tell(parts, encryptionSeen(algorithm, (await bench.head(key)).encryption));
      },
    },
  ];
}

function encryptionSeen(asked: string, told: string | undefined): Seen {
  if (told === asked) return HONOURED;
  return ignored(told === undefined ? "a head tells of none" : `a head tells of ${told}`);
}
