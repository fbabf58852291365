import assert from "node:assert/strict";
import { failure, taken } from "../../../src/ports/contract/assertions.js";
import { joinOf } from "../model.js";
import { type Body, bytesOf, inspect, keyAt } from "../site.js";
import { type Command, command, keptAt, keptOf, refusalsOf } from "./command.js";
import { expectParts } from "./uploads.js";

const CALLS = [
  "put",
  "get",
  "head",
  "delete",
  "deleteMany",
  "copy",
  "list",
  "createUpload",
  "listUploads",
  "uploadPart",
  "completeUpload",
  "abortUpload",
  "listParts",
] as const;

export type AbortedCall = (typeof CALLS)[number];
export const ABORTED_CALLS: readonly AbortedCall[] = CALLS;

/** A call whose signal is aborted before it begins does nothing, and says the signal's own reason. */
export const tooLate: (parameters: {
  readonly call: AbortedCall;
  readonly slot: number;
  readonly which: number;
}) => Command = command("tooLate", async (model, site, { call, slot, which }) => {
  const reason = new Error("the caller has left");
  const options = { signal: AbortSignal.abort(reason) };
  const key = keyAt(site, slot);
  const { store } = site;
  const open = model.openUploads(() => true);
  const held = open[which % open.length];
  const upload = held?.upload ?? { key, uploadId: "none" };
  const parts = [{ partNumber: 1, size: 3, etag: "none" }];
  const calls: Record<AbortedCall, () => Promise<unknown>> = {
    put: () => store.put(key, bytesOf({ size: 3, seed: 99 }), options),
    get: () => store.get(key, options),
    head: () => store.head(key, options),
    delete: () => store.delete(key, options),
    deleteMany: () => store.deleteMany([key], options),
    copy: () => store.copy(key, key, options),
    list: () => taken(store.list(options)),
    createUpload: () => store.createUpload(key, options),
    listUploads: () => taken(store.listUploads({ key }, options)),
    uploadPart: () => store.uploadPart(upload, 1, bytesOf({ size: 3, seed: 99 }), options),
    completeUpload: () => store.completeUpload(upload, parts, options),
    abortUpload: () => store.abortUpload(upload, options),
    listParts: () => taken(store.listParts(upload, options)),
  };
  assert.equal(await failure(calls[call]()), reason);
  await inspect(model, site, key, upload.key);
  if (held !== undefined) await expectParts(site, held);
});

/** A body whose signal is aborted gives no more, and says the signal's own reason. */
export const abortedRead: (parameters: {
  readonly slot: number;
  readonly chunks: number;
}) => Command = command("abortedRead", async (model, site, { slot, chunks }) => {
  const key = keyAt(site, slot);
  const held = model.objects.get(key);
  if (held === undefined) return;
  const controller = new AbortController();
  const reason = new Error("the reader has left");
  await using object = await site.store.get(key, { signal: controller.signal });
  const reading = object.body[Symbol.asyncIterator]();
  for (let left = chunks; left > 0; left--) if ((await reading.next()).done) return;
  controller.abort(reason);
  // Also where the last chunk has been given: the end has not.
  assert.equal(await failure(reading.next()), reason);
});

export interface Interrupted {
  /** Turns of the event loop after which the signal is aborted. */
  readonly turns: number;
}

/** A put that is aborted on its way has been made whole, or not at all. */
export const interruptedPut: (
  parameters: Interrupted & {
    readonly slot: number;
    readonly body: Body;
    readonly kept?: number | undefined;
  },
) => Command = command("interruptedPut", async (model, site, { turns, slot, body, kept = 0 }) => {
  const key = keyAt(site, slot);
  const attributes = keptAt(kept);
  const wanted = { ...keptOf(attributes), bytes: bytesOf(body) };
  if (wanted.bytes.length > site.store.facts.limits.maxPutBytes) return;
  if (refusalsOf(site, attributes, undefined).length > 0) return;
  const before = model.objects.get(key);
  const from = Date.now();
  const told = await interrupted(turns, (signal) =>
    site.store.put(key, wanted.bytes, { ...attributes, signal }),
  );
  // The same bytes may have the same ETag, but not where a put can be made after its abort.
  const etag = told?.etag ?? (await site.store.head(key).catch(() => before))?.etag;
  if (etag !== undefined && (told !== undefined || etag !== before?.etag)) {
    model.write(key, { ...wanted, etag, written: [from, Date.now()] });
  }
  await inspect(model, site, key);
});

/** A complete that is aborted on its way has been made whole, or its upload is still there. */
export const interruptedComplete: (
  parameters: Interrupted & { readonly which: number },
) => Command = command(
  "interruptedComplete",
  async (model, site, { turns, which }) => {
    const open = model.openUploads(() => true);
    const held = open[which % open.length];
    if (held === undefined || held.checksummed) return;
    const { key } = held.upload;
    const named = [...held.parts.values()].map(({ part }) => part);
    named.sort((a, b) => a.partNumber - b.partNumber);
    const { limits } = site.store.facts;
    const { bytes, refusals } = joinOf(held, named, limits.minPartBytes);
    if (refusals.length > 0 || bytes.length > limits.maxObjectBytes) return;
    const told = await interrupted(turns, (signal) =>
      site.store.completeUpload(held.upload, named, { signal }),
    );
    const there = await failure(taken(site.store.listParts(held.upload)));
    if (told !== undefined || there !== undefined) {
      const { contentType, metadata } = held;
      const etag = told?.etag ?? (await site.store.head(key)).etag;
      const written = [held.begun, Date.now()] as const;
      model.write(key, { contentType, metadata, bytes, etag, written });
      held.state = "completed";
    }
    await inspect(model, site, key);
  },
  (model) => model.openUploads(() => true).length > 0,
);

async function interrupted<T>(
  turns: number,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  const controller = new AbortController();
  const reason = new Error("the caller leaves");
  const calling = call(controller.signal).catch((error: unknown) => {
    assert.equal(error, reason);
    return undefined;
  });
  for (let left = turns; left > 0; left--) await new Promise((resolve) => setImmediate(resolve));
  controller.abort(reason);
  return calling;
}
