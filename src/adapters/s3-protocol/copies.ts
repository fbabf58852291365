import { quote, StowageError } from "../../domain/errors.js";
import type { ObjectKey } from "../../domain/object-key.js";
import { planUpload } from "../../domain/upload-plan.js";
import type { Upload } from "../../ports/multipart-store.js";
import type { CopyOptions, WriteResult } from "../../ports/object-store.js";
import { toldChecksum } from "./checksums.js";
import type { Context } from "./context.js";
import type { Call } from "./errors.js";
import { conditionsOf, isEncrypted, toldEtag } from "./headers.js";
import { confirmEncryption, expectEncryption } from "./objects.js";
import { abortUpload, beginUpload, completedEtag } from "./uploads.js";
import type { CompleteRequest, FoundObject } from "./wire.js";

/** Bytes of each part of a copy that is made in parts. */
const COPIED_PART_BYTES = 134_217_728;

/** The version of the source that is copied, whatever is put there meanwhile. */
interface CopySource {
  readonly key: ObjectKey;
  readonly size: number;
  /** As headers carry it. */
  readonly etag: string;
  readonly found: FoundObject;
}

export async function copyObject(
  context: Context,
  from: ObjectKey,
  to: ObjectKey,
  options: CopyOptions,
): Promise<WriteResult> {
  const { when, encryption, signal } = options;
  const call: Call = { operation: "copy", key: to, when, signal };
  context.expect(when === undefined || context.facts.honours.conditions.copy, call, "when");
  expectEncryption(context, call, encryption);
  const conditions = context.checked(call, () => conditionsOf(when));
  const source = await sourceOf(context, from, call);
  if (from === to) {
    const same = copyOntoItself(context, call, source, options);
    if (same !== undefined) return same;
  }
  if (source.size > context.profile.maxCopyBytes) {
    return copyInParts(context, call, source, to, options);
  }
  const request = { key: to, source: from, sourceEtag: source.etag, encryption, signal };
  try {
    const answer = await context.send(call, (wire) =>
      wire.copyObject({ ...request, ...conditions }),
    );
    const etag = toldEtag(answer.etag);
    if (etag === undefined) throw context.badAnswer(call, "the answer tells no ETag");
    if (encryption !== undefined && !isEncrypted(encryption, answer.encryption)) {
      await confirmEncryption(context, call, to, etag, encryption);
    }
    return { size: source.size, etag };
  } catch (error) {
    throw await refusedBySource(context, call, source, error);
  }
}

async function sourceOf(context: Context, key: ObjectKey, call: Call): Promise<CopySource> {
  const { signal } = call;
  const ofSource: Call = { operation: "copy", key, signal };
  const found = await context
    .send(ofSource, (wire) => wire.headObject({ key, signal }))
    .catch(notApplied);
  const { etag, length } = found;
  if (toldEtag(etag) === undefined || etag === undefined || length === undefined) {
    const why = `what is answered of ${quote(key)} tells no size or no ETag`;
    throw context.badAnswer(call, why, { outcome: "not-applied" });
  }
  return { key, size: length, etag, found };
}

/**
 * S3 refuses a copy onto itself that changes nothing, which is all that is asked for here: unless the
 * encryption is to be another, there is nothing to do.
 */
function copyOntoItself(
  context: Context,
  call: Call,
  { size, etag: quoted, found }: CopySource,
  { when, encryption }: CopyOptions,
): WriteResult | undefined {
  const etag = toldEtag(quoted) ?? "";
  if (when?.absent === true) throw context.refusal(call, "already-exists", "the key is taken");
  if (when !== undefined && when.etag !== etag) {
    throw context.refusal(call, "precondition-failed", `its ETag is ${quote(etag)}`);
  }
  const kept =
    encryption === undefined ||
    (isEncrypted(encryption, found.encryption) && encryption.algorithm === "AES256");
  return kept ? { size, etag } : undefined;
}

/**
 * A copy is refused alike when the target's condition does not hold and when the source has gone or
 * been replaced: the source is looked at again to tell which.
 */
async function refusedBySource(
  context: Context,
  call: Call,
  source: CopySource,
  error: unknown,
): Promise<unknown> {
  if (!(error instanceof StowageError) || (error.status !== 412 && error.status !== 404)) {
    return error;
  }
  if (error.code === "bucket-not-found") return error;
  const again = await sourceOf(context, source.key, call);
  const { providerCode, status, requestId } = error;
  const facts = { providerCode, status, requestId };
  if (again.etag === source.etag) {
    if (error.code !== "not-found" || call.when?.etag === undefined) return error;
    const why = `there is no object of ETag ${quote(call.when.etag)}`;
    return context.refusal(call, "precondition-failed", why, facts);
  }
  const why = `${quote(source.key)} was replaced while it was copied; copy it again`;
  return context.refusal(call, "conflict", why, facts);
}

/** Copies part by part, and leaves neither an object nor an upload behind when that fails. */
async function copyInParts(
  context: Context,
  call: Call,
  source: CopySource,
  to: ObjectKey,
  { encryption, signal, when }: CopyOptions,
): Promise<WriteResult> {
  const { found } = source;
  const whole = toldChecksum(found.crc32)?.value;
  const checksummed = whole !== undefined && context.profile.checksumsCopiedParts;
  const { contentType = "application/octet-stream", metadata } = found;
  const attributes = { contentType, metadata, encryption, checksummed };
  // What is under way comes to its end, also when the call is aborted: an upload whose id is not known,
  // and a part that lands after the upload was dropped, would stay behind.
  const toTheEnd = { ...call, signal: undefined };
  const upload = await beginUpload(context, toTheEnd, to, attributes).catch(notApplied);
  let completing = false;
  try {
    signal?.throwIfAborted();
    const parts = await copyParts(context, call, source, upload);
    completing = true;
    const answer = await context.send(call, (wire) =>
      wire.completeUpload({
        ...upload,
        parts: checksummed ? parts : parts.map(({ crc32, ...part }) => part),
        crc32: checksummed ? whole : undefined,
        ...conditionsOf(when),
        signal,
      }),
    );
    const etag = await completedEtag(context, call, to, answer);
    if (encryption !== undefined && !context.profile.confirmsUploads) {
      await confirmEncryption(context, call, to, etag, encryption);
    }
    return { size: source.size, etag };
  } catch (error) {
    const cleanup = await abortUpload(context, upload, {}).then(
      () => "done" as const,
      () => "pending" as const,
    );
    const told = await refusedBySource(context, call, source, error);
    if (!(told instanceof StowageError)) throw told;
    throw told.with(completing ? { cleanup } : { cleanup, outcome: "not-applied" });
  }
}

/** What fails before a complete leaves no object, whatever became of the request. */
function notApplied(error: unknown): never {
  throw error instanceof StowageError ? error.with({ outcome: "not-applied" }) : error;
}

type CopiedPart = CompleteRequest["parts"][number];

async function copyParts(
  context: Context,
  call: Call,
  source: CopySource,
  upload: Upload,
): Promise<readonly CopiedPart[]> {
  const { limits } = context.facts;
  const { maxCopyBytes } = context.profile;
  const partBytes = Math.min(COPIED_PART_BYTES, maxCopyBytes);
  const plan = planUpload(source.size, limits, { partBytes, thresholdBytes: 1 });
  if (plan.kind !== "parts") throw new Error(`Cannot copy ${source.size} bytes in parts`);
  const parts: CopiedPart[] = [];
  const toTheEnd = { ...call, signal: undefined };
  for (let index = 0; index < plan.partCount; index++) {
    const start = index * plan.partBytes;
    const last = Math.min(start + plan.partBytes, source.size) - 1;
    const partNumber = index + 1;
    const answer = await context.send(toTheEnd, (wire) =>
      wire.copyPart({
        ...upload,
        partNumber,
        source: source.key,
        sourceEtag: source.etag,
        range: `bytes=${start}-${last}`,
      }),
    );
    call.signal?.throwIfAborted();
    const { etag, crc32 } = answer;
    if (etag === undefined || toldEtag(etag) === undefined) {
      throw context.badAnswer(call, `the answer tells no ETag of part ${partNumber}`);
    }
    parts.push({ partNumber, etag, crc32 });
  }
  return parts;
}
