import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { Stowage, Uploaded } from "../../src/app/stowage.js";
import { objectKey } from "../../src/domain/object-key.js";
import type { UploadSource } from "../../src/ports/source.js";
import { type Bucket, crc32Text, type KeptObject } from "./bucket.js";
import type { Contents } from "./oracle.js";
import { PART_BYTES } from "./rig.js";

/** What a run works in. */
export interface Place {
  /** Its own, and empty. */
  readonly folder: string;
  /** Holds `SOURCE_SIZES`, each under its number. */
  readonly sources: string;
  readonly signal: AbortSignal;
}

export interface Operation {
  readonly name: string;
  readonly kind: "upload" | "copy" | "read" | "remove";
  /** What stands in the bucket before. */
  readonly seeds: readonly Seed[];
  /** Of an upload: what is to be stored. Of a read: what is to come. */
  readonly bytes: Buffer;
  /** Whether it goes up in parts. */
  readonly inParts: boolean;
  /** Whether its parts are sent from the file, as where the memory budget is small. Default: held. */
  readonly fromFile?: boolean;
  /** Whether its requests are sent once, by the store beneath, and nothing is looked into. */
  readonly once?: boolean;
  /** @returns of an upload, what it says was stored; of a read, the bytes that came, or their names. */
  run(stowage: Stowage, place: Place): Promise<unknown>;
  /** What is left open of what the run was given. */
  readonly leaks?: (() => string[]) | undefined;
}

interface Seed {
  readonly key: string;
  readonly bytes: Buffer;
}

const SIZES = { none: 0, small: 700, two: 2 * PART_BYTES, three: 2 * PART_BYTES + 452 } as const;
type Size = keyof typeof SIZES;

/** The key of the first upload, by the clock that stands still. */
const FIRST = "datasets/user_7/20251023_143045_x.csv";
const READ = "datasets/user_7/20251023_143000_read.bin";

export function bytesOf(size: number): Buffer {
  return Buffer.from(Array.from({ length: size }, (_, index) => (index * 7 + 3) % 251));
}

/** Lays the files to be uploaded into a folder. */
export async function layOut(folder: string): Promise<void> {
  for (const size of Object.values(SIZES)) {
    await writeFile(join(folder, String(size)), bytesOf(size));
  }
}

/** `slices`: a file whose parts are not held, but sent from there. */
type Form = "bytes" | "file" | "slices" | "stream";

/** Made anew for each run: of a stream it holds the one that was given. */
function uploading(form: Form, size: Size, taken = false): () => Operation {
  return () => {
    const bytes = bytesOf(SIZES[size]);
    const streams: Readable[] = [];
    const sourceIn = (sources: string): UploadSource => {
      if (form === "file" || form === "slices") return join(sources, String(SIZES[size]));
      if (form === "bytes") return bytes;
      const stream = Readable.from(piecesOf(bytes), { objectMode: false });
      streams.push(stream);
      return stream;
    };
    return {
      name: `upload of ${size === "two" || size === "three" ? `${size} parts` : size} from ${form}${taken ? ", its key taken" : ""}`,
      kind: "upload",
      seeds: taken ? [{ key: FIRST, bytes: Buffer.from("another's") }] : [],
      bytes,
      inParts: SIZES[size] >= PART_BYTES,
      fromFile: form === "slices",
      run: (stowage, { sources, signal }): Promise<Uploaded> =>
        stowage.uploadDataset({ userId: 7, source: sourceIn(sources), name: "x.csv", signal }),
      leaks: () => streams.flatMap(({ destroyed }) => (destroyed ? [] : ["the source stays open"])),
    };
  };
}

function* piecesOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 100) yield bytes.subarray(at, at + 100);
}

const stored = bytesOf(3_000);
const names: readonly string[] = ["a", "b", "c", "d", "e"].map(
  (name) => `datasets/user_7/20251023_143045_${name}`,
);

const reading = (
  name: string,
  run: Operation["run"],
  seeds: readonly Seed[] = [{ key: READ, bytes: stored }],
  bytes = stored,
): (() => Operation) => {
  return () => ({ name, kind: "read", seeds, bytes, inParts: false, run });
};

export const OPERATIONS: readonly (() => Operation)[] = [
  uploading("bytes", "none"),
  uploading("stream", "none"),
  uploading("bytes", "small"),
  uploading("file", "small"),
  uploading("stream", "small"),
  uploading("bytes", "small", true),
  uploading("file", "two"),
  uploading("slices", "three"),
  uploading("stream", "three"),
  uploading("bytes", "three", true),
  reading("download to a file", async (stowage, { folder, signal }) => {
    const to = join(folder, "got.bin");
    const { size, verified } = await stowage.download({ userId: 7, object: READ, to, signal });
    if (!verified || size !== stored.length) throw new Error(`downloaded ${size}, ${verified}`);
    return readFile(to);
  }),
  reading("open and read", async (stowage, { signal }) => {
    await using object = await stowage.open({ userId: 7, object: READ, signal });
    return Buffer.concat(await Array.fromAsync(object.body));
  }),
  reading(
    "list of three pages",
    async (stowage, { signal }) => {
      const entries = await Array.fromAsync(stowage.list({ userId: 7, signal }));
      return Buffer.from(entries.map(({ key }) => key).join("\n"));
    },
    names.map((key) => ({ key, bytes: Buffer.from(key) })),
    Buffer.from(names.join("\n")),
  ),
  reading(
    "info",
    async (stowage, { signal }) => {
      const { size, etag } = await stowage.info({ userId: 7, object: READ, signal });
      return Buffer.from(`${size} ${etag.length}`);
    },
    undefined,
    Buffer.from(`${stored.length} 32`),
  ),
  () => ({
    name: "the store's copy",
    kind: "copy",
    once: true,
    seeds: [{ key: READ, bytes: stored }],
    bytes: stored,
    inParts: false,
    run: ({ store }, { signal }) => store.copy(objectKey(READ), objectKey("copy"), { signal }),
  }),
  () => ({
    name: "the store's delete of many",
    kind: "remove",
    once: true,
    seeds: names.map((key) => ({ key, bytes: stored })),
    bytes: stored,
    inParts: false,
    run: async ({ store }, { signal }) => {
      const results = await store.deleteMany(names.map(objectKey), { signal });
      for (const { error } of results) if (error !== undefined) throw error;
    },
  }),
  () => ({
    name: "remove",
    kind: "remove",
    seeds: [{ key: READ, bytes: stored }],
    bytes: stored,
    inParts: false,
    run: (stowage, { signal }) => stowage.remove({ userId: 7, object: READ, signal }),
  }),
];

/** Puts what an operation finds into the bucket. */
export function seed(bucket: Bucket, { seeds }: Operation): void {
  for (const { key, bytes } of seeds) {
    bucket.put(key, bytes, {
      "content-type": "text/plain",
      "x-amz-meta-write_token": "another's",
      "x-amz-checksum-crc32": crc32Text(bytes),
    });
  }
}

/** The objects that the operation has not found there. */
export function newObjects(
  bucket: Pick<Contents, "objects">,
  { seeds }: Pick<Operation, "seeds">,
): KeptObject[] {
  const keys = seeds.map(({ key }) => key);
  return [...bucket.objects.values()].filter(({ key }) => !keys.includes(key));
}
