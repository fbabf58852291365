import { ownerId, ownerPrefix } from "../domain/owner.js";
import type { Clock } from "../ports/clock.js";
import type { Journal } from "../ports/journal.js";
import type { ObjectSummary } from "../ports/object-store.js";
import type { OpenSource, OpenTarget } from "../ports/source.js";
import type { Store } from "../ports/store.js";
import type { Settings } from "./config/settings.js";
import { download } from "./download.js";
import { listStale, removeStale } from "./janitor.js";
import { openVerified } from "./reading.js";
import { ownKey, rootOf } from "./references.js";
import { remove } from "./remove.js";
import { resume } from "./resume.js";
import { RetryingStore } from "./retrying-store.js";
import { unfinishedUploads } from "./sessions.js";
import { filenameOf, signDownload, signUpload } from "./signing.js";
import type { StoredSummary, Stowage } from "./stowage.js";
import { recordedSha256 } from "./upload-attributes.js";
import { Running } from "./uploader/lost-uploads.js";
import { upload } from "./uploads.js";

/** What the use cases stand on. */
export interface StowageParts {
  readonly store: Store;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly openSource: OpenSource;
  readonly openTarget: OpenTarget;
  /** Default: uploads are written down nowhere. */
  readonly journal?: Journal | undefined;
  /** What disposing of the result does. */
  readonly close: () => Promise<void>;
}

/** Joins the use cases to a store. */
export function createStowage(parts: StowageParts): Stowage {
  const { store, settings, clock, openSource, openTarget, journal, close } = parts;
  const { retry, encryption, wishes, concurrency, cleanupTimeoutMs, memoryBudgetBytes } = settings;
  const roots = { dataset: settings.datasetsPrefix, model: settings.modelsPrefix };
  const steady = new RetryingStore(store, clock, settings);
  const reader = { store: steady, clock, retry };
  const engine = {
    store: steady,
    clock,
    wishes,
    concurrency,
    cleanupTimeoutMs,
    running: new Running(),
  };
  const uploads = { ...engine, openSource, encryption, memoryBudgetBytes, journal };
  const signing = { store, clock, roots, encryption };

  const summary = (object: ObjectSummary): StoredSummary => {
    const { key, etag, size, lastModified } = object;
    return { uri: store.uri(key), key, etag, size, lastModified, filename: filenameOf(key) };
  };

  return {
    store,
    uploadDataset: (request) => upload(uploads, roots.dataset, request),
    uploadModel: (request) => upload(uploads, roots.model, request),
    download: async (request) => {
      const key = ownKey(store, roots, "download", request);
      return download({ ...reader, openTarget }, key, request);
    },
    open: async (request) =>
      openVerified(reader, ownKey(store, roots, "get", request), request.signal),
    async *list({ userId, kind = "dataset", signal }) {
      const prefix = ownerPrefix(rootOf(roots, kind, "list"), ownerId(userId));
      for await (const entry of steady.list({ prefix, delimiter: "/", signal })) {
        if (entry.kind === "object") yield summary(entry);
      }
    },
    info: async (request) => {
      const key = ownKey(store, roots, "head", request);
      const info = await steady.head(key, { signal: request.signal });
      const { contentType, metadata, checksum, encryption: atRest } = info;
      const sha256 = recordedSha256(metadata);
      return { ...summary(info), contentType, metadata, checksum, sha256, encryption: atRest };
    },
    remove: async (request) => remove(engine, ownKey(store, roots, "delete", request), request),
    resumeUpload: (request) => resume(uploads, roots, request),
    unfinishedUploads: (request = {}) => unfinishedUploads(uploads, roots, request),
    listStaleUploads: (request = {}) => listStale(uploads, roots, request),
    removeStaleUploads: (request = {}) => removeStale(uploads, roots, request),
    signDownload: (request) => signDownload(signing, request),
    signUpload: (request) => signUpload(signing, request),
    [Symbol.asyncDispose]: close,
  };
}
