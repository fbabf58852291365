import type { ObjectKey } from "../../domain/object-key.js";
import type { CreateUploadOptions, Part, Upload } from "../multipart-store.js";
import type { ContractContext } from "./case.js";
import { checksumOf } from "./sample.js";

/** An upload whose parts are sent, ready to be completed. */
export interface SentUpload {
  readonly upload: Upload;
  readonly parts: readonly Part[];
}

/** Begins an upload and sends its parts, numbered from 1, one after the other. */
export async function send(
  { store }: ContractContext,
  key: ObjectKey,
  bodies: readonly Uint8Array[],
  options?: CreateUploadOptions,
): Promise<SentUpload> {
  const upload = await store.createUpload(key, options);
  const parts: Part[] = [];
  for (const [at, bytes] of bodies.entries()) {
    const checksum = options?.checksummed ? checksumOf(bytes) : undefined;
    parts.push(await store.uploadPart(upload, at + 1, bytes, { checksum }));
  }
  return { upload, parts };
}

/** An upload that the store had, and has no longer. */
export async function abortedUpload(context: ContractContext, key: ObjectKey): Promise<Upload> {
  const upload = await context.store.createUpload(key);
  await context.store.abortUpload(upload);
  return upload;
}

/** An upload that no store ever had. */
export function unknownUpload(key: ObjectKey): Upload {
  return { key, uploadId: "no-such-upload" };
}
