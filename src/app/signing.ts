import { quote, StowageError } from "../domain/errors.js";
import type { ObjectKey } from "../domain/object-key.js";
import { ownerId } from "../domain/owner.js";
import { checkFilename, parseUploadKey, uploadKey } from "../domain/upload-key.js";
import type { Clock } from "../ports/clock.js";
import type { Encryption } from "../ports/object-store.js";
import type { Store } from "../ports/store.js";
import type { UrlSigner } from "../ports/url-signer.js";
import { ownKey, type Roots, rootOf } from "./references.js";
import type {
  SignDownloadRequest,
  SignedDownload,
  SignedUpload,
  SignUploadRequest,
} from "./stowage.js";
import { attributesFor, checkWords } from "./upload-attributes.js";

/** What URLs are signed with. */
export interface Signing {
  readonly store: Store;
  readonly clock: Clock;
  readonly roots: Roots;
  readonly encryption: Encryption | undefined;
}

/** Signs a URL by which a browser saves a user's object under its own name. */
export async function signDownload(
  { store, clock, roots }: Signing,
  request: SignDownloadRequest,
): Promise<SignedDownload> {
  const key = ownKey(store, roots, "signGet", request);
  const { expiresInSeconds } = request;
  // As a file: a page that somebody has uploaded is never to run in the place of the store.
  const filename = request.filename ?? filenameOf(key);
  const options = { expiresInSeconds, startsAt: clock.now(), filename };
  const signed = await signerOf(store, "signGet", key).signGet(key, options);
  return { ...signed, key };
}

/**
 * Signs a URL by which a browser stores one object of a user: create-only, and with all that an
 * upload keeps with its object.
 */
export async function signUpload(
  { store, clock, roots, encryption }: Signing,
  request: SignUploadRequest,
): Promise<SignedUpload> {
  const { kind = "dataset", name, size, checksum, expiresInSeconds } = request;
  const root = rootOf(roots, kind, "sign an upload of kind");
  const owner = ownerId(request.userId);
  checkFilename(name);
  checkWords(request);
  const at = clock.now();
  const key = uploadKey({ root, owner, at, filename: name, attempt: 1 });
  const { contentType, metadata } = attributesFor(clock, at, name, request);
  const signed = await signerOf(store, "signPut", key).signPut(key, {
    size,
    contentType,
    metadata,
    encryption,
    checksum,
    when: { absent: true },
    expiresInSeconds,
    startsAt: at,
  });
  return { ...signed, key, uri: store.uri(key), contentType, metadata };
}

function signerOf(
  { signer, facts }: Store,
  operation: "signGet" | "signPut",
  key: ObjectKey,
): UrlSigner {
  if (signer !== undefined) return signer;
  throw new StowageError(
    "unsupported",
    `Cannot sign a URL of ${quote(key)}: a store of kind ${facts.kind} has none; use one on S3 or MinIO`,
    { operation, store: facts.kind, bucket: facts.bucket, key },
  );
}

/** The name that an object was uploaded under; what others put there has the last of its key. */
export function filenameOf(key: ObjectKey): string {
  return parseUploadKey(key)?.filename ?? key.slice(key.lastIndexOf("/") + 1);
}
