import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { openFilesystemStore } from "../../src/adapters/filesystem/index.js";
import { crc32Checksum } from "../../src/domain/checksum.js";
import { StowageError } from "../../src/domain/errors.js";
import { S3_LIMITS } from "../../src/domain/upload-plan.js";
import type { Part, Upload } from "../../src/ports/multipart-store.js";
import type { OpenStore } from "../../src/ports/store.js";
import { bytes, key, listed, textOf } from "./fixtures.js";
import { disk, type Step, systemError } from "./recorded-fs.js";
import { folderInMemory } from "./system.js";

vi.mock("node:fs/promises", async (importOriginal) =>
  (await import("./recorded-fs.js")).recorded(await importOriginal()),
);

let cases = 0;

afterEach(() => disk.reset());
afterAll(() => console.log(`disk sweep: ${cases} cases`));

const KEY = key("user_1/a.csv");
const SOURCE = key("user_1/source.csv");
const FREE = key("user_2/new/b.csv");

/** Each errno of a disk that fails, with the code that it is told by. */
const ERRORS = {
  EIO: "unexpected",
  ENOSPC: "no-space",
  EROFS: "access-denied",
  EACCES: "access-denied",
} as const;

/** What there is before each operation. */
interface Scene {
  readonly store: OpenStore;
  /** Its parts are written in place. */
  readonly upload: Upload;
  readonly parts: readonly Part[];
  /** Its parts 1 and 2 are written in place, and part 3 apart. */
  readonly mixed: Upload;
  readonly mixedParts: readonly Part[];
}

interface Operation {
  readonly name: string;
  readonly work: (scene: Scene) => Promise<unknown>;
  /** The text under each key once it is done, where that is another than before. */
  readonly after?: Readonly<Record<string, string | undefined>>;
  /** How many uploads are in progress once it is done, where that are not the two of before. */
  readonly uploads?: number;
  /** The parts of `upload` once it is done. */
  readonly parts?: readonly string[];
}

const described = (text: string) => ({
  metadata: { of: text },
  checksum: crc32Checksum(crc32(text)),
});

const put = (store: OpenStore, name: typeof KEY, text: string) =>
  store.put(name, bytes(text), described(text));

const BEFORE = { [KEY]: "old", [SOURCE]: "source" };
const PARTS = ["aa", "bb"];
const UPLOADS = 2;

const OPERATIONS: readonly Operation[] = [
  {
    name: "a put of a new object",
    work: ({ store }) => put(store, FREE, "new"),
    after: { [FREE]: "new" },
  },
  {
    name: "a put that replaces",
    work: ({ store }) => put(store, KEY, "new"),
    after: { [KEY]: "new" },
  },
  {
    name: "a put with a condition",
    work: ({ store }) =>
      store.put(FREE, bytes("new"), { ...described("new"), when: { absent: true } }),
    after: { [FREE]: "new" },
  },
  {
    name: "a copy",
    work: ({ store }) => store.copy(SOURCE, KEY),
    after: { [KEY]: "source" },
  },
  {
    name: "a delete",
    work: ({ store }) => store.delete(KEY),
    after: { [KEY]: undefined },
  },
  {
    name: "the begin of an upload",
    work: ({ store }) => store.createUpload(FREE),
    uploads: 3,
  },
  {
    name: "a part",
    work: ({ store, upload }) => store.uploadPart(upload, 3, bytes("c")),
    parts: ["aa", "bb", "c"],
  },
  {
    name: "a part that syncs",
    work: ({ store, upload }) => store.uploadPart(upload, 3, bytes("cc")),
    parts: ["aa", "bb", "cc"],
  },
  {
    name: "a part sent again",
    work: ({ store, upload }) => store.uploadPart(upload, 2, bytes("BB")),
    parts: ["aa", "BB"],
  },
  {
    name: "a complete in place",
    work: ({ store, upload, parts }) => store.completeUpload(upload, parts),
    after: { [KEY]: "aabb" },
    uploads: 1,
  },
  {
    name: "a complete by copy",
    work: ({ store, mixed, mixedParts }) => store.completeUpload(mixed, mixedParts),
    after: { [FREE]: "xxyyzzzz" },
    uploads: 1,
  },
  { name: "an abort", work: ({ store, upload }) => store.abortUpload(upload), uploads: 1 },
  { name: "a get", work: ({ store }) => textOf(store, KEY) },
  { name: "a head", work: ({ store }) => store.head(KEY) },
  { name: "a list", work: ({ store }) => listed(store) },
  {
    name: "a list of parts",
    work: ({ store, upload }) => Array.fromAsync(store.listParts(upload)),
  },
  {
    name: "a list of uploads",
    work: ({ store }) => Array.fromAsync(store.listUploads({ prefix: "" })),
  },
];

describe.each(OPERATIONS)("$name", (operation) => {
  it("on a disk that fails at any call says so, and leaves nothing behind", {
    timeout: 60_000,
  }, async () => {
    const parent = await folderInMemory();
    for (const [errno, code] of Object.entries(ERRORS)) {
      for (let number = 1; ; number++) {
        const directory = join(parent, `${errno}-${number}`);
        const made = await sceneIn(directory);
        const broken = await failedAt(number, errno, () => operation.work(made));
        if (broken === undefined) break;
        cases++;
        const { step, error } = broken;
        const about = `${errno} of ${step.name} ${step.path} (call ${number})`;
        await expectTold(made, operation, error, code, about);
        await expectNothingLeft(directory, made, step, about);
        await expectToGoOn(made, about);
        await made.store[Symbol.asyncDispose]();
        await rm(directory, { recursive: true });
      }
    }
  });
});

async function sceneIn(directory: string): Promise<Scene> {
  const limits = { ...S3_LIMITS, minPartBytes: 1 };
  const store = await openFilesystemStore({ directory, limits });
  await put(store, KEY, "old");
  await put(store, SOURCE, "source");
  const begin = async (name: typeof KEY, texts: readonly string[]) => {
    const upload = await store.createUpload(name, { metadata: { of: texts.join("") } });
    const parts: Part[] = [];
    for (const [at, text] of texts.entries()) {
      parts.push(await store.uploadPart(upload, at + 1, bytes(text)));
    }
    return { upload, parts };
  };
  const { upload, parts } = await begin(KEY, PARTS);
  const { upload: mixed, parts: mixedParts } = await begin(FREE, ["xx", "yy", "zzzz"]);
  return { store, upload, parts, mixed, mixedParts };
}

/** Does work in which one call of the disk fails. `undefined`: there was no such call any more. */
async function failedAt(
  number: number,
  errno: string,
  work: () => Promise<unknown>,
): Promise<{ step: Step; error: unknown } | undefined> {
  disk.reset();
  let step: Step | undefined;
  disk.beforeCall = (call, count) => {
    if (count !== number) return;
    step = call;
    throw systemError(errno);
  };
  const error = await work().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  disk.reset();
  return step && { step, error };
}

/** Either all is as after the operation or, where that failed, as before it: and the error says which. */
async function expectTold(
  scene: Scene,
  operation: Operation,
  error: unknown,
  code: string,
  about: string,
): Promise<void> {
  const { store, upload } = scene;
  const before: Readonly<Record<string, string | undefined>> = BEFORE;
  const now: Record<string, string | undefined> = {};
  for (const name of [KEY, SOURCE, FREE]) now[name] = await versionOf(store, name, about);
  const parts = await textsOf(store, upload);
  const done = { ...before, ...operation.after };
  const isDone = Object.entries(now).every(([name, text]) => text === done[name]);
  const isUndone = Object.entries(now).every(([name, text]) => text === before[name]);
  const uploads = (await Array.fromAsync(store.listUploads({ prefix: "" }))).length;
  const { after, parts: partsAfter = PARTS, uploads: uploadsAfter = UPLOADS } = operation;
  if (error === undefined) {
    expect(isDone, about).toBe(true);
    if (after === undefined && uploadsAfter === UPLOADS) expect(parts, about).toEqual(partsAfter);
    // The object is there: an upload that cannot be removed then is for the janitor.
    expect(after === undefined ? [uploadsAfter] : [uploadsAfter, UPLOADS], about).toContain(
      uploads,
    );
    return;
  }
  // One that could not be begun is not there.
  expect(uploadsAfter > UPLOADS ? [UPLOADS] : [uploadsAfter, UPLOADS], about).toContain(uploads);
  if (uploads === UPLOADS) expect([PARTS, partsAfter], about).toContainEqual(parts);
  expect(error, about).toBeInstanceOf(StowageError);
  if (!(error instanceof StowageError)) return;
  expect(error.code, about).toBe(code);
  expect(isDone || isUndone, about).toBe(true);
  if (after === undefined) return;
  expect(error.outcome, about).toMatch(/^(not-applied|unknown)$/);
  if (error.outcome === "not-applied") expect(isUndone, about).toBe(true);
}

/** What is under a key, of which bytes, metadata and checksum are to agree. */
async function versionOf(
  store: OpenStore,
  name: typeof KEY,
  about: string,
): Promise<string | undefined> {
  try {
    const text = await textOf(store, name);
    const { metadata, checksum } = await store.head(name);
    expect(metadata, about).toEqual({ of: text });
    if (checksum !== undefined) expect(checksum, about).toEqual(crc32Checksum(crc32(text)));
    return text;
  } catch (error) {
    if (error instanceof StowageError && error.code === "not-found") return undefined;
    throw error;
  }
}

/** What the parts of an upload have to be, by their checksums. */
async function textsOf(store: OpenStore, upload: Upload): Promise<readonly string[]> {
  const known = new Map(
    ["aa", "bb", "BB", "c", "cc"].map((text) => [crc32Checksum(crc32(text)).value, text]),
  );
  const parts = await Array.fromAsync(store.listParts(upload)).catch(() => []);
  return parts.map(({ checksum }) => known.get(checksum?.value ?? "") ?? "another");
}

/** No draft, no lock, no attributes of what is not there: but for what was not to be removed. */
async function expectNothingLeft(
  directory: string,
  { store }: Scene,
  { name, path, to }: Step,
  about: string,
): Promise<void> {
  const own = join(directory, ".stowage");
  const spared = (folder: string) => (left: string) => {
    const at = join(own, folder, left);
    return !(REMOVALS.has(name) && (path.startsWith(at) || (to ?? "").startsWith(at)));
  };
  for (const folder of ["drafts", "locks"]) {
    const left = await readdir(join(own, folder));
    expect(left.filter(spared(folder)), `${folder}: ${about}`).toEqual([]);
  }
  const files = await readdir(join(own, "sidecars"), { recursive: true });
  const sidecars = files.filter((file) => file.endsWith(".json")).filter(spared("sidecars"));
  expect(sidecars.length, `sidecars: ${about}`).toBeLessThanOrEqual((await listed(store)).length);
}

const REMOVALS: ReadonlySet<string> = new Set(["unlink", "rm", "rmdir", "lstat"]);

/** Once the disk works again, so does the store: on the same keys and the same uploads. */
async function expectToGoOn(scene: Scene, about: string): Promise<void> {
  const { store } = scene;
  const started = performance.now();
  for (const name of [KEY, FREE]) {
    await put(store, name, "later");
    expect(await versionOf(store, name, about), about).toBe("later");
    await store.delete(name);
  }
  for await (const upload of store.listUploads({ prefix: "" })) await store.abortUpload(upload);
  expect(await Array.fromAsync(store.listUploads({ prefix: "" })), about).toEqual([]);
  expect(await listed(store), about).toEqual([SOURCE]);
  expect(performance.now() - started, about).toBeLessThan(10_000);
}
