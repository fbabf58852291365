import { quote, StowageError } from "../../domain/errors.js";
import { isObjectKey, type ObjectKey } from "../../domain/object-key.js";
import type {
  CompleteUploadOptions,
  CreateUploadOptions,
  Part,
  PartBody,
  Upload,
  UploadFilter,
  UploadPartOptions,
  UploadSummary,
} from "../../ports/multipart-store.js";
import type { CallOptions, WriteResult } from "../../ports/object-store.js";
import { crc32Of, expectChecksumOfPart, expectChecksumOfParts, toldChecksum } from "./checksums.js";
import type { Context } from "./context.js";
import type { Call } from "./errors.js";
import { textOf } from "./failure.js";
import { attributesOf, conditionsOf, isEncrypted, percentDecoded, toldEtag } from "./headers.js";
import { confirmEncryption, expectEncryption, headObject } from "./objects.js";
import { doesVerify, hasQuirk } from "./profiles.js";
import type { Attributes, Completed, UploadMarker } from "./wire.js";

export async function createUpload(
  context: Context,
  key: ObjectKey,
  options: CreateUploadOptions,
): Promise<Upload> {
  const { checksummed = false, encryption, signal } = options;
  const call: Call = { operation: "createUpload", key, signal };
  expectEncryption(context, call, encryption);
  const foldsUnderscores = hasQuirk(context.profile, "folds-underscores");
  const attributes = context.checked(call, () => attributesOf(options, foldsUnderscores));
  return beginUpload(context, call, key, { ...attributes, checksummed });
}

/**
 * Begins an upload, and drops it again when its encryption is not confirmed.
 *
 * @throws `not-encrypted`.
 */
export async function beginUpload(
  context: Context,
  call: Call,
  key: ObjectKey,
  attributes: Attributes & { readonly checksummed: boolean },
): Promise<Upload> {
  const { encryption } = attributes;
  const { signal } = call;
  const { confirmsUploads } = context.profile;
  const answer = await context.send(call, (wire) =>
    wire.createUpload({ key, signal, ...attributes }),
  );
  const { uploadId } = answer;
  if (uploadId === undefined || uploadId === "") {
    throw context.badAnswer(call, "the answer tells no upload id");
  }
  const upload = { key, uploadId };
  if (encryption === undefined || isEncrypted(encryption, answer.encryption)) return upload;
  if (answer.encryption === undefined && !confirmsUploads) return upload;
  const cleanup = await abortUpload(context, upload, {}).then(
    () => "done" as const,
    () => "pending" as const,
  );
  const why = `the server does not confirm the encryption asked for (${encryption.algorithm})`;
  throw context.refusal(call, "not-encrypted", why, {
    cleanup,
    remedy: "Use a server that encrypts, or set STOWAGE_ENCRYPTION=none.",
  });
}

export async function uploadPart(
  context: Context,
  { key, uploadId }: Upload,
  partNumber: number,
  given: PartBody,
  { checksum, signal }: UploadPartOptions,
): Promise<Part> {
  const call: Call = { operation: "uploadPart", key, signal };
  const { maxParts, maxPartBytes } = context.facts.limits;
  if (!Number.isInteger(partNumber) || partNumber < 1 || partNumber > maxParts) {
    const why = `it is numbered ${partNumber}; parts are numbered from 1 to ${maxParts}`;
    throw context.refusal(call, "invalid-argument", why);
  }
  const size = "open" in given ? given.size : given.length;
  if (size > maxPartBytes) {
    const why = `${size} bytes are more than the ${maxPartBytes} of one part`;
    throw context.refusal(call, "too-large", why);
  }
  const crc32 = context.checked(call, () => crc32Of(checksum));
  const body = expectChecksumOfPart(context, call, given, checksum);
  const md5 = await context.contentMd5(body, crc32, signal);
  const answer = await context.send(call, (wire) =>
    wire.uploadPart({ key, uploadId, partNumber, body, crc32, md5, signal }),
  );
  const etag = toldEtag(answer.etag);
  if (etag === undefined) throw context.badAnswer(call, "the answer tells no ETag");
  // What the server does not verify was verified here.
  const verified = doesVerify(context.profile, "crc32") ? undefined : checksum;
  const kept = toldChecksum(answer.crc32) ?? verified;
  return { partNumber, size, etag, checksum: kept };
}

export async function completeUpload(
  context: Context,
  { key, uploadId }: Upload,
  parts: readonly Part[],
  options: CompleteUploadOptions,
): Promise<WriteResult> {
  const { when, checksum, encryption, signal } = options;
  const call: Call = { operation: "completeUpload", key, when, signal };
  context.expect(when === undefined || context.facts.honours.conditions.complete, call, "when");
  expectEncryption(context, call, encryption);
  checkParts(context, call, parts);
  const request = context.checked(call, () => ({
    key,
    uploadId,
    signal,
    crc32: crc32Of(checksum),
    ...conditionsOf(when),
    // An upload without a checksum of the whole does not take those of its parts.
    parts: parts.map((part) => ({
      partNumber: part.partNumber,
      etag: `"${part.etag}"`,
      crc32: checksum === undefined ? undefined : crc32Of(part.checksum),
    })),
  }));
  expectChecksumOfParts(context, call, parts, checksum);
  const answer = await context
    .send(call, (wire) => wire.completeUpload(request))
    .catch(async (error: unknown) => {
      throw await refusedByUpload(context, { key, uploadId }, call, error);
    });
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  const etag = await completedEtag(context, call, key, answer);
  if (encryption !== undefined && !context.profile.confirmsUploads) {
    await confirmEncryption(context, call, key, etag, encryption);
  }
  return { size, etag };
}

/** What Ceph RGW says when it has not even begun, be the upload another's at that time or no more. */
const BUSY = "This multipart completion is already in progress";

/** Looks for an upload that the server calls busy, and may be missing. */
async function refusedByUpload(
  context: Context,
  upload: Upload,
  call: Call,
  error: unknown,
): Promise<unknown> {
  if (!hasQuirk(context.profile, "busy-without-upload")) return error;
  if (!(error instanceof StowageError) || !error.message.includes(BUSY)) return error;
  const { signal } = call;
  const missing = await listParts(context, upload, { signal })
    .next()
    .then(
      () => false,
      (fault: unknown) => fault instanceof StowageError && fault.code === "upload-not-found",
    );
  signal?.throwIfAborted();
  if (!missing) return error;
  const { providerCode, status, requestId } = error;
  const why = "there is no such upload; it was never begun, or is completed or aborted";
  return context.refusal(call, "upload-not-found", why, { providerCode, status, requestId });
}

/**
 * The ETag of a completed upload. A success that names neither it nor the key is not believed.
 *
 * @throws `bad-answer`.
 */
export async function completedEtag(
  context: Context,
  call: Call,
  key: ObjectKey,
  answer: Completed,
): Promise<string> {
  const etag = toldEtag(answer.etag);
  if (etag !== undefined) return etag;
  if (answer.key === undefined) {
    throw context.badAnswer(call, "the answer names neither the object nor its ETag");
  }
  // Ceph RGW: the object is there, and its ETag is told by a HEAD alone.
  const { signal } = call;
  const info = await headObject(context, key, { signal }).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw context.badAnswer(
      call,
      `the answer tells no ETag, nor does the object (${textOf(error)})`,
    );
  });
  return info.etag;
}

function checkParts(context: Context, call: Call, parts: readonly Part[]): void {
  const { maxParts } = context.facts.limits;
  const refuse = (why: string) => context.refusal(call, "invalid-part", why);
  if (parts.length === 0) throw refuse("no part is named; name at least one");
  let before = 0;
  for (const { partNumber, etag } of parts) {
    if (!Number.isInteger(partNumber) || partNumber <= before || partNumber > maxParts) {
      throw refuse(
        `part ${partNumber} stands after part ${before}; parts are numbered from 1 to ${maxParts} and named in that order`,
      );
    }
    if (!/^[\x21\x23-\x7e]+$/.test(etag)) {
      throw refuse(`part ${partNumber} has the ETag ${quote(etag)}, which no server gives`);
    }
    before = partNumber;
  }
}

export async function abortUpload(
  context: Context,
  { key, uploadId }: Upload,
  { signal }: CallOptions,
): Promise<void> {
  const call: Call = { operation: "abortUpload", key, signal };
  try {
    await context.send(call, (wire) => wire.abortUpload({ key, uploadId, signal }));
  } catch (error) {
    if (!(error instanceof StowageError) || error.code !== "upload-not-found") throw error;
  }
}

export async function* listParts(
  context: Context,
  { key, uploadId }: Upload,
  { signal }: CallOptions,
): AsyncGenerator<Part> {
  const call: Call = { operation: "listParts", key, signal };
  let after: string | undefined;
  let last = 0;
  do {
    const asked = { key, uploadId, after, signal };
    const page = await context.send(call, (wire) => wire.listParts(asked));
    for (const { partNumber, size, etag: quoted, crc32 } of page.parts) {
      const etag = toldEtag(quoted);
      if (partNumber === undefined || size === undefined || etag === undefined) {
        throw context.badAnswer(call, "the list has a part without number, size or ETag");
      }
      if (partNumber <= last) {
        throw context.badAnswer(call, `part ${partNumber} is answered after part ${last}`);
      }
      last = partNumber;
      yield { partNumber, size, etag, checksum: toldChecksum(crc32) };
      signal?.throwIfAborted();
    }
    if (page.isTruncated === undefined) {
      throw context.badAnswer(call, "the answer is no list of parts");
    }
    if (page.isTruncated && (page.next === undefined || page.next === after)) {
      throw context.badAnswer(call, "the list goes on, and the answer does not tell where");
    }
    after = page.isTruncated ? page.next : undefined;
  } while (after !== undefined);
}

export async function* listUploads(
  context: Context,
  of: UploadFilter,
  { signal }: CallOptions,
): AsyncGenerator<UploadSummary> {
  const call: Call = { operation: "listUploads", key: of.key, signal };
  signal?.throwIfAborted();
  const byPrefix = context.facts.honours.listUploads === "prefix";
  context.expect(of.key !== undefined || byPrefix, call, "a list of uploads by prefix");
  const prefix = of.key ?? of.prefix;
  const { encodedLists } = context.profile;
  const encoded = encodedLists && !hasQuirk(context.profile, "unmarked-upload-lists");
  let after: UploadMarker | undefined;
  do {
    const asked = { prefix, encoded, after, signal };
    const page = await context.send(call, (wire) => wire.listUploads(asked));
    if (page.isTruncated === undefined) {
      throw context.badAnswer(call, "the answer is no list of uploads");
    }
    const decoded = (name: string | undefined): string | undefined =>
      page.encoded && name !== undefined ? percentDecoded(name) : name;
    for (const { key: told, uploadId, startedAt } of page.uploads) {
      const key = decoded(told);
      if (key === undefined || uploadId === undefined || startedAt === undefined) {
        throw context.badAnswer(call, "the list has an upload without key, id or time");
      }
      if (!isObjectKey(key) || (of.key === undefined ? !key.startsWith(prefix) : key !== of.key)) {
        continue;
      }
      yield { key, uploadId, startedAt };
      signal?.throwIfAborted();
    }
    const next = { key: decoded(page.next.key), uploadId: page.next.uploadId };
    if (page.isTruncated && (next.key === undefined || isSame(next, after))) {
      throw context.badAnswer(call, "the list goes on, and the answer does not tell where");
    }
    after = page.isTruncated ? next : undefined;
  } while (after !== undefined);
}

function isSame(a: UploadMarker, b: UploadMarker | undefined): boolean {
  return a.key === b?.key && a.uploadId === b?.uploadId;
}
