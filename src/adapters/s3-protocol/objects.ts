import { StowageError } from "../../domain/errors.js";
import type { ObjectKey } from "../../domain/object-key.js";
import { resolveRange } from "../../domain/range.js";
import type {
  CallOptions,
  DeleteOptions,
  Encryption,
  GetOptions,
  ObjectInfo,
  OpenObject,
  PutOptions,
  WriteResult,
} from "../../ports/object-store.js";
import { bodyOf, emptyBody } from "./body.js";
import { crc32Of, expectChecksum, toldObjectChecksum } from "./checksums.js";
import type { Context } from "./context.js";
import type { Call } from "./errors.js";
import {
  attributesOf,
  conditionsOf,
  isEncrypted,
  rangeHeader,
  toldContentType,
  toldEncryption,
  toldEtag,
  toldMetadata,
  toldRange,
} from "./headers.js";
import { hasQuirk } from "./profiles.js";
import type { FoundObject } from "./wire.js";

export async function putObject(
  context: Context,
  key: ObjectKey,
  bytes: Uint8Array,
  options: PutOptions,
): Promise<WriteResult> {
  const { when, encryption, signal } = options;
  const call: Call = { operation: "put", key, when, signal };
  const { honours, limits } = context.facts;
  context.expect(when === undefined || honours.conditions.put, call, "when");
  expectEncryption(context, call, encryption);
  const request = context.checked(call, () => ({
    key,
    bytes,
    signal,
    ...attributesOf(options, hasQuirk(context.profile, "folds-underscores")),
    ...conditionsOf(when, !hasQuirk(context.profile, "bare-put-etags")),
    crc32: crc32Of(options.checksum),
  }));
  if (bytes.length > limits.maxPutBytes) {
    const why = `${bytes.length} bytes are more than the ${limits.maxPutBytes} of one request; send them in parts`;
    throw context.refusal(call, "too-large", why);
  }
  expectChecksum(context, call, bytes, options.checksum);
  const md5 = await context.contentMd5(bytes, request.crc32, signal);
  const answer = await context.send(call, (wire) => wire.putObject({ ...request, md5 }));
  const etag = toldEtag(answer.etag);
  if (etag === undefined) throw context.badAnswer(call, "the answer tells no ETag");
  if (encryption !== undefined && !isEncrypted(encryption, answer.encryption)) {
    await confirmEncryption(context, call, key, etag, encryption);
  }
  return { size: bytes.length, etag };
}

export async function getObject(
  context: Context,
  key: ObjectKey,
  options: GetOptions,
): Promise<OpenObject> {
  const { range, when, signal } = options;
  const call: Call = { operation: "get", key, when, signal };
  const request = context.checked(call, () => ({
    key,
    signal,
    range: rangeHeader(range),
    ifMatch: conditionsOf(when).ifMatch,
  }));
  try {
    const answer = await context.send(call, (wire) => wire.getObject(request));
    try {
      const { info, length } = toldObject(context, call, key, answer, options);
      return { info, ...bodyOf(context, call, answer.body, length) };
    } catch (error) {
      answer.body.destroy();
      throw error;
    }
  } catch (error) {
    // Servers have nothing to send for any range of an object of no bytes.
    const fromStart = range !== undefined && (range.start === 0 || range.suffix !== undefined);
    if (!fromStart || !isUnsatisfiable(error)) throw error;
    const info = await headObject(context, key, { signal }, call);
    if (info.size > 0) throw error;
    if (when !== undefined && when.etag !== info.etag) {
      throw context.refusal(call, "precondition-failed", "the object was replaced meanwhile");
    }
    return { info, ...emptyBody() };
  }
}

export async function headObject(
  context: Context,
  key: ObjectKey,
  { signal }: CallOptions,
  call: Call = { operation: "head", key, signal },
): Promise<ObjectInfo> {
  const answer = await context.send(call, (wire) => wire.headObject({ key, signal }));
  return toldObject(context, call, key, answer, {}).info;
}

export async function deleteObject(
  context: Context,
  key: ObjectKey,
  { when, signal }: DeleteOptions,
): Promise<void> {
  const call: Call = { operation: "delete", key, when, signal };
  context.expect(when === undefined || context.facts.honours.conditions.delete, call, "when");
  const request = context.checked(call, () => ({ key, signal, ...conditionsOf(when) }));
  try {
    await context.send(call, (wire) => wire.deleteObject(request));
  } catch (error) {
    // Amazon S3 answers 204 where there is no object; some others answer NoSuchKey.
    const gone = error instanceof StowageError && error.providerCode === "NoSuchKey";
    if (!gone || when !== undefined) throw error;
  }
}

export function expectEncryption(
  context: Context,
  call: Call,
  encryption: Encryption | undefined,
): void {
  if (encryption === undefined) return;
  const { algorithm } = encryption;
  const honoured = context.facts.honours.encryption.includes(algorithm);
  const remedy = "Use a server that encrypts, or set STOWAGE_ENCRYPTION=none.";
  context.expect(honoured, call, `encryption by ${algorithm}`, remedy);
}

/**
 * Looks at an object whose write did not tell its encryption, and removes it when it has none.
 *
 * @throws `not-encrypted`; what the look itself throws, with the outcome `applied`.
 */
export async function confirmEncryption(
  context: Context,
  call: Call,
  key: ObjectKey,
  etag: string,
  encryption: Encryption,
): Promise<void> {
  const confirmed = await isConfirmed(context, call, key, etag, encryption).catch(
    (error: unknown) => {
      // That the object could not be looked at says nothing about it, so it stays.
      if (!(error instanceof StowageError)) throw error;
      throw error.with({ operation: call.operation, outcome: "applied" });
    },
  );
  if (confirmed) return;
  const { honours } = context.facts;
  const when = honours.conditions.delete ? { etag } : undefined;
  const removed = await deleteObject(context, key, { when }).then(
    () => true,
    () => false,
  );
  const why = `the server does not confirm the encryption asked for (${encryption.algorithm})`;
  throw context.refusal(
    call,
    "not-encrypted",
    removed ? `${why}; it was removed` : `${why}, and it could not be removed; remove it`,
    {
      outcome: removed ? "not-applied" : "applied",
      remedy: "Use a server that encrypts, or set STOWAGE_ENCRYPTION=none.",
    },
  );
}

/** Whether nothing stands under the key that this write has left without its encryption. */
async function isConfirmed(
  context: Context,
  { signal }: Call,
  key: ObjectKey,
  etag: string,
  encryption: Encryption,
): Promise<boolean> {
  const call: Call = { operation: "head", key, signal };
  try {
    const found = await context.send(call, (wire) => wire.headObject({ key, signal }));
    // Another write has come in between: what it left is not for this one to judge.
    return toldEtag(found.etag) !== etag || isEncrypted(encryption, found.encryption);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof StowageError && error.code === "not-found") return true;
    throw error;
  }
}

/** What an answer tells of an object, and how long its body is. */
function toldObject(
  context: Context,
  call: Call,
  key: ObjectKey,
  answer: FoundObject,
  { range }: GetOptions,
): { readonly info: ObjectInfo; readonly length: number } {
  const { length, lastModified } = answer;
  const etag = toldEtag(answer.etag);
  const part = toldRange(answer.contentRange);
  if (etag === undefined) throw context.badAnswer(call, "the answer tells no ETag");
  if (length === undefined) throw context.badAnswer(call, "the answer tells no length");
  if (lastModified === undefined || Number.isNaN(lastModified.getTime())) {
    throw context.badAnswer(call, "the answer tells no time of the last write");
  }
  const size = part?.size ?? length;
  if (range !== undefined) {
    const { start, end } = context.checked(call, () => resolveRange(range, size));
    const given = part ?? { start: 0, end: length };
    if (given.start !== start || given.end !== end || length !== end - start) {
      const why = `bytes ${start} to ${end} of ${size} were asked for, and ${length} from ${given.start} are answered`;
      throw context.badAnswer(call, why);
    }
  }
  const checksum = toldObjectChecksum(answer);
  const encryption = toldEncryption(answer.encryption);
  const info: ObjectInfo = {
    key,
    size,
    etag,
    lastModified,
    contentType: toldContentType(answer.contentType),
    metadata: toldMetadata(answer.metadata),
    checksum,
    encryption,
  };
  return { info, length };
}

function isUnsatisfiable(error: unknown): boolean {
  return error instanceof StowageError && error.code === "range-not-satisfiable";
}
