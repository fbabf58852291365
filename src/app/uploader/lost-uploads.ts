import type { ObjectKey } from "../../domain/object-key.js";
import type { Upload } from "../../ports/multipart-store.js";
import { cleanupLimit, drop } from "./outcome.js";
import type { Uploader } from "./uploader.js";

/** Milliseconds that a server's clock may be behind: requests of more than that are refused. */
export const CLOCK_SKEW_MS = 900_000;

/** How many uploads of each key this process makes. */
export class Running {
  readonly #counts = new Map<ObjectKey, number>();

  count(key: ObjectKey): number {
    return this.#counts.get(key) ?? 0;
  }

  /** Counts one until the result is disposed of. */
  one(key: ObjectKey): Disposable {
    this.#counts.set(key, this.count(key) + 1);
    return {
      [Symbol.dispose]: () => {
        const left = this.count(key) - 1;
        if (left > 0) this.#counts.set(key, left);
        else this.#counts.delete(key);
      },
    };
  }
}

/** Uploads that were begun, perhaps, without an answer. */
export interface Lost {
  readonly since: Date;
  /** How many there may be. */
  readonly lost: number;
  /** How many of them may yet come, as nobody has answered at all. */
  readonly open: number;
  /** The id of the upload that was answered. */
  readonly but?: string | undefined;
}

/**
 * Drops the uploads of a key whose ids are not known, since their answers were lost. They are known by
 * having no part, and by their time. Where there are more of those than were sent, some are another's,
 * and all are left alone; as they are while this process makes another upload of the key.
 *
 * Resolves to whether none is left, nor will come: one that is not there, and was not answered, may
 * never have arrived, or be yet to come. Never rejects.
 */
export async function dropLost(
  uploader: Uploader,
  key: ObjectKey,
  { since, lost, open, but }: Lost,
): Promise<boolean> {
  if (uploader.running.count(key) > 1) return false;
  const limit = cleanupLimit(uploader);
  try {
    const found: Upload[] = [];
    for await (const upload of uploader.store.listUploads({ key }, { signal: limit })) {
      const young = upload.startedAt.getTime() >= since.getTime() - CLOCK_SKEW_MS;
      if (young && upload.uploadId !== but && (await isEmpty(uploader, upload, limit))) {
        found.push(upload);
      }
    }
    if (found.length > lost) return false;
    const dropped = await Promise.all(found.map((upload) => drop(uploader, upload, limit)));
    return (open === 0 || found.length === lost) && dropped.every((gone) => gone);
  } catch {
    return false;
  }
}

/** Whether the store has no part of an upload. */
export async function isEmpty(
  { store }: Uploader,
  upload: Upload,
  signal: AbortSignal,
): Promise<boolean> {
  const parts = store.listParts(upload, { signal })[Symbol.asyncIterator]();
  const { done } = await parts.next();
  await parts.return?.();
  return done === true;
}
