import { checkContentType } from "../../domain/content-type.js";
import { contentDisposition } from "../../domain/disposition.js";
import { DEFAULT_EXPIRY_SECONDS, type Validity, validityOf } from "../../domain/expiry.js";
import type { ObjectKey } from "../../domain/object-key.js";
import type { Upload } from "../../ports/multipart-store.js";
import type { ObjectAttributes } from "../../ports/object-store.js";
import type {
  SignedForm,
  SignedRequest,
  SignerHonours,
  SignGetOptions,
  SignOptions,
  SignPartOptions,
  SignPostOptions,
  SignPutOptions,
  UrlSigner,
} from "../../ports/url-signer.js";
import { crc32Of } from "./checksums.js";
import type { Context } from "./context.js";
import type { Call } from "./errors.js";
import { formFields } from "./forms.js";
import { attributesOf, conditionsOf } from "./headers.js";
import { expectEncryption } from "./objects.js";
import { doesVerify, hasQuirk } from "./profiles.js";
import type { SigningWire, UnsignedRequest } from "./signing-wire.js";
import type { Attributes } from "./wire.js";

/** Signs URLs of a bucket behind the S3 protocol, whoever computes the signature. */
export class ProtocolSigner implements UrlSigner {
  readonly honours: SignerHonours;
  readonly #context: Context;
  readonly #wire: SigningWire;

  constructor(context: Context, wire: SigningWire) {
    this.honours = { checksums: doesVerify(context.profile, "crc32") };
    this.#context = context;
    this.#wire = wire;
  }

  async signGet(key: ObjectKey, options: SignGetOptions = {}): Promise<SignedRequest> {
    const call: Call = { operation: "signGet", key };
    const { contentType, filename, disposition } = options;
    const query = this.#context.checked(call, () => {
      if (contentType !== undefined) checkContentType(contentType);
      const told = disposition ?? (filename === undefined ? undefined : "attachment");
      return defined({
        "response-content-type": contentType,
        "response-content-disposition":
          told === undefined ? undefined : contentDisposition(told, filename),
      });
    });
    return this.#sign(call, { method: "GET", key, query, headers: {} }, options);
  }

  async signPut(key: ObjectKey, options: SignPutOptions): Promise<SignedRequest> {
    const call: Call = { operation: "signPut", key, when: options.when };
    const { when, size, checksum } = options;
    const { honours, limits } = this.#context.facts;
    this.#context.expect(when === undefined || honours.conditions.put, call, "when");
    this.#expectChecksums(checksum !== undefined, call);
    const attributes = this.#attributes(call, options);
    this.#expectSize(call, size, limits.maxPutBytes);
    const headers = this.#context.checked(call, () =>
      defined({
        ...attributeHeaders(attributes),
        "content-length": String(size),
        "if-none-match": conditionsOf(when).ifNoneMatch,
        "x-amz-checksum-crc32": crc32Of(checksum),
      }),
    );
    return this.#sign(call, { method: "PUT", key, query: {}, headers }, options);
  }

  async signPart(
    upload: Upload,
    partNumber: number,
    options: SignPartOptions,
  ): Promise<SignedRequest> {
    const { key, uploadId } = upload;
    const call: Call = { operation: "signPart", key };
    const { size, checksum } = options;
    const { maxParts, maxPartBytes } = this.#context.facts.limits;
    this.#expectChecksums(checksum !== undefined, call);
    if (!Number.isInteger(partNumber) || partNumber < 1 || partNumber > maxParts) {
      const why = `there is no part ${partNumber}; parts are numbered from 1 to ${maxParts}`;
      throw this.#context.refusal(call, "invalid-argument", why);
    }
    this.#expectSize(call, size, maxPartBytes);
    const headers = this.#context.checked(call, () =>
      defined({ "content-length": String(size), "x-amz-checksum-crc32": crc32Of(checksum) }),
    );
    const query = { partNumber: String(partNumber), uploadId };
    return this.#sign(call, { method: "PUT", key, query, headers }, options);
  }

  async signPost(key: ObjectKey, options: SignPostOptions): Promise<SignedForm> {
    const call: Call = { operation: "signPost", key };
    const { minBytes = 0, maxBytes } = options;
    if (/\$\{filename\}/.test(key)) {
      const why = `a server would put the file's own name in place of "$\{filename}"`;
      throw this.#context.refusal(call, "invalid-key", why);
    }
    const attributes = this.#attributes(call, options);
    this.#expectSize(call, maxBytes, this.#context.facts.limits.maxPutBytes);
    if (!Number.isInteger(minBytes) || minBytes < 0 || minBytes > maxBytes) {
      const why = `minBytes is ${minBytes}; use a whole number from 0 to maxBytes, ${maxBytes}`;
      throw this.#context.refusal(call, "invalid-argument", why);
    }
    const validity = this.#validity(call, options);
    return this.#context.send(call, async () => {
      const signatory = await this.#wire.signatory();
      const expiresAt = earlier(validity.expiresAt, signatory.expiresAt);
      const { bucket } = this.#context.site;
      const range = [minBytes, maxBytes] as const;
      const named = { key, ...attributeFields(attributes) };
      const form = formFields({ bucket, fields: named, range, signatory, validity, expiresAt });
      const { url, signature } = await this.#wire.signPolicy(form.policy, validity.startsAt);
      return { url, fields: { ...form.fields, "x-amz-signature": signature }, expiresAt };
    });
  }

  async #sign(
    call: Call,
    request: Omit<UnsignedRequest, "at" | "expiresInSeconds">,
    options: SignOptions,
  ): Promise<SignedRequest> {
    const { startsAt: at, expiresInSeconds, expiresAt } = this.#validity(call, options);
    return this.#context.send(call, async () => {
      const signatory = await this.#wire.signatory();
      const url = await this.#wire.presign({ ...request, at, expiresInSeconds });
      // Every client sends it by itself, and browsers let nobody else do so.
      const { "content-length": _, ...headers } = request.headers;
      const { method } = request;
      return { method, url, headers, expiresAt: earlier(expiresAt, signatory.expiresAt) };
    });
  }

  #validity(call: Call, options: SignOptions): Validity {
    const { startsAt = new Date(), expiresInSeconds = DEFAULT_EXPIRY_SECONDS } = options;
    return this.#context.checked(call, () => validityOf(startsAt, expiresInSeconds));
  }

  #attributes(call: Call, options: ObjectAttributes): Attributes {
    expectEncryption(this.#context, call, options.encryption);
    const folds = hasQuirk(this.#context.profile, "folds-underscores");
    return this.#context.checked(call, () => attributesOf(options, folds));
  }

  #expectChecksums(asked: boolean, call: Call): void {
    this.#context.expect(!asked || this.honours.checksums, call, "a checksum that was signed");
  }

  #expectSize(call: Call, size: number, most: number): void {
    if (!Number.isInteger(size) || size < 0) {
      const why = `${size} is no number of bytes; use a whole number from 0`;
      throw this.#context.refusal(call, "invalid-argument", why);
    }
    if (size <= most) return;
    throw this.#context.refusal(call, "too-large", `${size} bytes are more than ${most}`);
  }
}

function attributeHeaders({ contentType, metadata, encryption }: Attributes) {
  const named = Object.entries(metadata).map(([name, value]) => [`x-amz-meta-${name}`, value]);
  return {
    ...(Object.fromEntries(named) as Record<string, string>),
    "content-type": contentType,
    "x-amz-server-side-encryption": encryption?.algorithm,
    "x-amz-server-side-encryption-aws-kms-key-id":
      encryption?.algorithm === "aws:kms" ? encryption.keyId : undefined,
  };
}

/** As headers, but for the case of one name, which a policy is particular about. */
function attributeFields(attributes: Attributes): Record<string, string> {
  const { "content-type": contentType, ...headers } = attributeHeaders(attributes);
  return defined({ "Content-Type": contentType, ...headers });
}

function defined(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function earlier(a: Date, b: Date | undefined): Date {
  return b !== undefined && b < a ? b : a;
}
