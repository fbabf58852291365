import { quote } from "../../domain/errors.js";
import type { StoreLimits } from "../../domain/upload-plan.js";
import { compareUtf8 } from "../../domain/utf8.js";
import type { Part, Upload, UploadFilter, UploadSummary } from "../../ports/multipart-store.js";
import { type Call, refusal } from "./errors.js";
import type { Attributes } from "./objects.js";

export interface StoredPart extends Part {
  readonly bytes: Uint8Array;
}

/** An upload in progress. */
export interface OpenUpload extends UploadSummary {
  readonly attributes: Attributes;
  readonly parts: Map<number, StoredPart>;
}

/** The uploads in progress, by id. */
export class Uploads {
  readonly #uploads = new Map<string, OpenUpload>();

  add(upload: OpenUpload): void {
    this.#uploads.set(upload.uploadId, upload);
  }

  remove({ key, uploadId }: Upload): void {
    if (this.#uploads.get(uploadId)?.key === key) this.#uploads.delete(uploadId);
  }

  /** @throws `upload-not-found`. */
  find(call: Call, { key, uploadId }: Upload): OpenUpload {
    const upload = this.#uploads.get(uploadId);
    if (upload?.key === key) return upload;
    throw refusal(
      call,
      "upload-not-found",
      `Cannot find upload ${quote(uploadId)} of ${quote(key)}: it was never begun, or is completed or aborted`,
    );
  }

  select(of: UploadFilter): readonly OpenUpload[] {
    return [...this.#uploads.values()]
      .filter(({ key }) => (of.key === undefined ? key.startsWith(of.prefix) : key === of.key))
      .sort((a, b) => compareUtf8(a.key, b.key));
  }
}

/**
 * The parts that a complete names, as the upload holds them.
 *
 * @throws `invalid-part`.
 */
export function partsToJoin(
  call: Call,
  upload: OpenUpload,
  named: readonly Part[],
  limits: StoreLimits,
): readonly StoredPart[] {
  const refuse = (why: string): never => {
    throw refusal(call, "invalid-part", `Cannot complete ${quote(upload.key)}: ${why}`);
  };
  if (named.length === 0) refuse("no part is named; name at least one");
  return named.map(({ partNumber, etag }, at) => {
    const part = upload.parts.get(partNumber);
    const before = named[at - 1]?.partNumber ?? 0;
    if (partNumber <= before) refuse(`part ${partNumber} follows part ${before}; sort the parts`);
    if (part?.etag !== etag) return refuse(`there is no part ${partNumber} of ETag ${quote(etag)}`);
    if (at < named.length - 1 && part.size < limits.minPartBytes) {
      refuse(
        `part ${partNumber} has ${part.size} bytes; all but the last have at least ${limits.minPartBytes}`,
      );
    }
    return part;
  });
}

/** The part as it is told to callers: without its bytes. */
export function toldPart({ bytes, ...part }: StoredPart): Part {
  return part;
}
