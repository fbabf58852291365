import assert from "node:assert/strict";
import type { ErrorCode } from "../../../src/domain/errors.js";
import { expectCode, failure, taken } from "../../../src/ports/contract/assertions.js";
import type { Part, UploadFilter } from "../../../src/ports/multipart-store.js";
import { type Algorithm, type Condition, type HeldUpload, joinOf, type Model } from "../model.js";
import { attempt, type Body, bytesOf, inspect, keyAt, type Site, spare } from "../site.js";
import {
  type Command,
  command,
  keptAt,
  keptOf,
  refusalsInOrder,
  refusalsOf,
  sumOf,
} from "./command.js";

/** Which upload a command takes: counted from the one begun last, those among them that are over. */
interface Which {
  readonly which: number;
}

const someBegun = ({ uploads }: Readonly<Model>): boolean => uploads.length > 0;

export const begin: (parameters: {
  readonly slot: number;
  readonly kept?: number | undefined;
  readonly checksummed?: boolean | undefined;
  readonly encrypt?: Algorithm | undefined;
}) => Command = command("begin", async (model, site, parameters) => {
  const { slot, kept = 0, checksummed = false, encrypt: encryption } = parameters;
  const key = keyAt(site, slot);
  const attributes = keptAt(kept);
  const options = {
    ...attributes,
    checksummed,
    ...(encryption && { encryption: { algorithm: encryption } }),
  };
  const begun = Date.now();
  const upload = await attempt(
    site,
    { operation: "createUpload", keys: [key] },
    refusalsOf(site, attributes, encryption),
    () => site.store.createUpload(key, options),
  );
  if (upload === undefined) return;
  assert.equal(upload.key, key);
  assert.ok(!model.uploads.some((other) => other.upload.uploadId === upload.uploadId));
  const parts = new Map();
  const state = "open";
  const asked = { ...keptOf(attributes), begun, checksummed, encryption };
  model.uploads.push({ ...asked, upload, parts, sent: [], state, overtaken: false });
  await inspect(model, site, key);
});

export interface SendPart extends Which {
  readonly number: number;
  readonly body: Body;
  readonly wrong?: boolean | undefined;
}

export const part: (parameters: SendPart) => Command = command(
  "part",
  async (model, site, { which, number, body, wrong }) => {
    const { maxParts, maxPartBytes } = site.store.facts.limits;
    const held = uploadAt(model, which);
    const { key } = held.upload;
    const bytes = bytesOf(body);
    const codes: ErrorCode[] = [];
    if (held.state !== "open") codes.push("upload-not-found");
    if (held.checksummed && wrong) codes.push("checksum-mismatch");
    if (bytes.length > maxPartBytes) codes.push("too-large");
    const known = Number.isInteger(number) && number >= 1 && number <= maxParts;
    const checksum = held.checksummed ? sumOf(wrong ? "wrong" : "right", bytes) : undefined;
    const sent = bytes.slice();
    const told = await attempt(
      site,
      { operation: "uploadPart", keys: [key] },
      known ? codes : ["invalid-argument"],
      () => site.store.uploadPart(held.upload, number, sent, { checksum }),
    );
    sent.fill(0);
    if (told === undefined) return;
    assert.deepEqual([told.partNumber, told.size], [number, bytes.length]);
    held.parts.set(number, { part: told, bytes });
    held.sent.push(told);
    if (site.thorough) await inspect(model, site, key);
  },
  someBegun,
);

/** Begins an upload and sends its parts, ready to be completed. */
export const send: (parameters: {
  readonly slot: number;
  readonly kept?: number | undefined;
  readonly checksummed?: boolean | undefined;
  readonly bodies: readonly Body[];
}) => Command = command("send", async (model, site, { slot, kept, checksummed, bodies }) => {
  const begun = model.uploads.length;
  await begin({ slot, kept, checksummed }).run(model, site);
  if (model.uploads.length === begun) return;
  for (const [at, body] of bodies.entries()) {
    await part({ which: 0, number: at + 1, body }).run(model, site);
  }
});

export interface Complete extends Which {
  /** Which parts are named. `former` names one that was replaced, `foreign` those of another upload. */
  readonly naming:
    | "all"
    | "last"
    | "first"
    | "none"
    | "former"
    | "made-up"
    | "foreign"
    | "descending";
  readonly when?: Condition | undefined;
  readonly wrong?: boolean | undefined;
}

export const complete: (parameters: Complete) => Command = command(
  "complete",
  async (model, site, { which, naming, when: condition, wrong }) => {
    const { limits, honours } = site.store.facts;
    const held = uploadAt(model, which);
    const { key } = held.upload;
    const parts = named(model, held, naming);
    const { bytes, refusals } = joinOf(held, parts, limits.minPartBytes);
    const when = model.when(key, condition);
    const codes = [...refusals, ...model.refusals(key, when)];
    const checksum = held.checksummed ? sumOf(wrong ? "wrong" : "right", bytes) : undefined;
    // Of parts that are not those of the upload nobody can tell what the checksum would be.
    if (held.checksummed && (wrong || refusals.length > 0)) codes.push("checksum-mismatch");
    if (bytes.length > limits.maxObjectBytes) codes.push("too-large");
    if (held.state !== "open") codes.push("upload-not-found");
    await spare(model, site, key);
    const inOrder = refusalsInOrder(honours.conditions.complete, condition, [], codes);
    const may: ErrorCode[] = when !== undefined && held.overtaken ? ["conflict"] : [];
    // Of the same bytes and ETag, but without the checksum that the store has with its own.
    if (parts.some((each) => held.parts.get(each.partNumber)?.part !== each)) {
      may.push("invalid-part");
    }
    const encryption = held.encryption === undefined ? undefined : { algorithm: held.encryption };
    const call = () =>
      site.store.completeUpload(held.upload, parts, { when, checksum, encryption });
    if (held.state === "completed") {
      await expectRepeated(call(), [...inOrder, ...may]);
      return inspect(model, site, key);
    }
    const told = await attempt(
      site,
      { operation: "completeUpload", keys: [key], may },
      inOrder,
      call,
    );
    if (told !== undefined) {
      assert.equal(told.size, bytes.length);
      const { contentType, metadata, encryption } = held;
      const written = [held.begun, Date.now()] as const;
      const asked = { contentType, metadata, checksum, encryption };
      model.write(key, { ...asked, bytes, etag: told.etag, written });
      held.state = "completed";
    }
    await inspect(model, site, key);
  },
  someBegun,
);

export const abort: (parameters: Which) => Command = command(
  "abort",
  async (model, site, { which }) => {
    const held = uploadAt(model, which);
    await site.store.abortUpload(held.upload);
    if (held.state === "open") held.state = "aborted";
    await inspect(model, site, held.upload.key);
    await expectUploads(model, site, { key: held.upload.key });
  },
  someBegun,
);

export const parts: (parameters: Which) => Command = command(
  "parts",
  async (model, site, { which }) => {
    await expectParts(site, uploadAt(model, which));
  },
  someBegun,
);

export const uploads: (parameters: {
  readonly slot: number;
  /** Characters of the key behind the site's prefix that make the prefix asked for. */
  readonly cut?: number | undefined;
}) => Command = command("uploads", async (model, site, { slot, cut }) => {
  const key = keyAt(site, slot);
  if (cut === undefined) return expectUploads(model, site, { key });
  const characters = [...key.slice(site.prefix.length)];
  const prefix = site.prefix + characters.slice(0, cut % (characters.length + 1)).join("");
  if (site.store.facts.honours.listUploads === "prefix") {
    return expectUploads(model, site, { prefix });
  }
  expectCode(await failure(taken(site.store.listUploads({ prefix }))), "unsupported");
});

/** A second complete is answered as the first, or refused: it never does anything. */
async function expectRepeated(call: Promise<unknown>, codes: readonly ErrorCode[]): Promise<void> {
  const error = await failure(call);
  if (error !== undefined) expectCode(error, ...codes);
}

export async function expectParts(site: Site, held: HeldUpload): Promise<void> {
  const open = held.state === "open";
  const call = { operation: "listParts", keys: [held.upload.key] } as const;
  const told = await attempt(site, call, open ? [] : ["upload-not-found"], () =>
    taken(site.store.listParts(held.upload)),
  );
  if (!open) return;
  const wanted = [...held.parts.values()].map((it) => it.part).sort(byNumber);
  assert.deepEqual(told?.map(facts), wanted.map(facts));
}

export async function expectUploads(model: Model, site: Site, of: UploadFilter): Promise<void> {
  const told = await taken(site.store.listUploads(of));
  const wanted = model.openUploads((key) =>
    of.key === undefined ? key.startsWith(of.prefix) : key === of.key,
  );
  assert.deepEqual(
    told.map(({ uploadId, key }) => [uploadId, key]).sort(byFirst),
    wanted.map(({ upload }) => [upload.uploadId, upload.key]).sort(byFirst),
  );
}

function uploadAt({ uploads }: Model, which: number): HeldUpload {
  const held = uploads.at(-1 - (which % uploads.length));
  assert.ok(held !== undefined);
  return held;
}

function named(model: Model, held: HeldUpload, naming: Complete["naming"]): readonly Part[] {
  const all = [...held.parts.values()].map((it) => it.part).sort(byNumber);
  switch (naming) {
    case "all":
      return all;
    case "last":
      return all.slice(-1);
    case "first":
      return all.slice(0, 1);
    case "descending":
      return all.toReversed();
    case "none":
      return [];
    case "former": {
      const former = held.sent.find((sent) => !all.includes(sent));
      return former === undefined ? [] : [former];
    }
    case "made-up": {
      const [first, ...others] = all;
      return first === undefined ? [] : [{ ...first, etag: madeUp(first.etag) }, ...others];
    }
    case "foreign": {
      const other = model.uploads.find((upload) => upload !== held && upload.parts.size > 0);
      return [...(other?.parts.values() ?? [])].map((it) => it.part).sort(byNumber);
    }
  }
}

function madeUp(etag: string): string {
  return `0${etag.slice(1)}0`;
}

function byNumber(a: Part, b: Part): number {
  return a.partNumber - b.partNumber;
}

function byFirst([a = ""]: readonly string[], [b = ""]: readonly string[]): number {
  return a < b ? -1 : 1;
}

function facts({ partNumber, size, etag }: Part): Omit<Part, "checksum"> {
  return { partNumber, size, etag };
}
