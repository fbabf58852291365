import { ownerId, ownerPrefix } from "../domain/owner.js";
import type { Clock } from "../ports/clock.js";
import type { ObjectSummary } from "../ports/object-store.js";
import type { OpenSource, OpenTarget } from "../ports/source.js";
import type { Store } from "../ports/store.js";
import type { Settings } from "./config/settings.js";
import { download } from "./download.js";
import { openVerified } from "./reading.js";
import { ownKey, rootOf } from "./references.js";
import { RetryingStore } from "./retrying-store.js";
import { filenameOf, signDownload, signUpload } from "./signing.js";
import type { StoredSummary, Stowage } from "./stowage.js";
import { upload } from "./uploads.js";

/** Joins the use cases to a store. Disposing of the result calls `close`. */
export function createStowage(
  store: Store,
  settings: Settings,
  clock: Clock,
  openSource: OpenSource,
  openTarget: OpenTarget,
  close: () => Promise<void>,
): Stowage {
  const { retry, encryption, wishes, concurrency, cleanupTimeoutMs } = settings;
  const roots = { dataset: settings.datasetsPrefix, model: settings.modelsPrefix };
  const steady = new RetryingStore(store, clock, retry);
  const reader = { store: steady, clock, retry };
  const engine = { store: steady, clock, wishes, concurrency, cleanupTimeoutMs };
  const uploads = { ...engine, openSource, encryption };
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
      return { ...summary(info), contentType, metadata, checksum, encryption: atRest };
    },
    remove: async (request) => {
      await steady.delete(ownKey(store, roots, "delete", request), { signal: request.signal });
    },
    signDownload: (request) => signDownload(signing, request),
    signUpload: (request) => signUpload(signing, request),
    [Symbol.asyncDispose]: close,
  };
}
