import { createHmac, hash, randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { isDeepStrictEqual } from "node:util";
import { MemoryObjectStore } from "../../src/adapters/memory/index.js";
import { type Checksum, crc32Number } from "../../src/domain/checksum.js";
import { checkContentType } from "../../src/domain/content-type.js";
import { contentDisposition } from "../../src/domain/disposition.js";
import { type ErrorCode, StowageError } from "../../src/domain/errors.js";
import { validityOf } from "../../src/domain/expiry.js";
import type { Metadata } from "../../src/domain/metadata.js";
import { type ObjectKey, objectKey } from "../../src/domain/object-key.js";
import type { Upload } from "../../src/ports/multipart-store.js";
import type { Encryption, ObjectAttributes } from "../../src/ports/object-store.js";
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
} from "../../src/ports/url-signer.js";

/** What its server looks at before it does what a URL says. */
export type Check =
  | "method"
  | "key"
  | "signature"
  | "query"
  | "expiry"
  | "headers"
  | "size"
  | "checksum"
  | "digest"
  | "condition"
  | "range"
  | "fields";

/** What a URL allows, as it stands in it. */
interface Claims {
  readonly method: "GET" | "PUT" | "POST";
  readonly key: string;
  readonly from: number;
  readonly until: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly size?: number | undefined;
  readonly range?: readonly [number, number] | undefined;
  readonly told?: Readonly<Record<string, string>> | undefined;
  readonly part?: { readonly uploadId: string; readonly partNumber: number } | undefined;
}

/**
 * A memory store whose objects can be reached by signed URLs, from a server on this machine: the
 * least that keeps the promises of `UrlSigner`, and not in the manner of S3.
 *
 * A test has it leave out a check, or sign in another way, to see that somebody notices.
 */
export class SigningStore extends MemoryObjectStore {
  readonly signer: UrlSigner = {
    honours: this.signs(),
    signGet: (key, options) => this.signGet(key, options),
    signPut: (key, options) => this.signPut(key, options),
    signPost: (key, options) => this.signPost(key, options),
    signPart: (upload, partNumber, options) => this.signPart(upload, partNumber, options),
  };
  readonly #secret = randomBytes(32);
  #listening: Promise<Server> | undefined;

  /** What the server does not look at. */
  protected get ignored(): readonly Check[] {
    return [];
  }

  protected signs(): SignerHonours {
    return { checksums: true };
  }

  protected async signGet(key: ObjectKey, options: SignGetOptions = {}): Promise<SignedRequest> {
    const { contentType, filename, disposition } = options;
    if (contentType !== undefined) checkContentType(contentType);
    const kind = disposition ?? (filename === undefined ? undefined : "attachment");
    const told = {
      ...(contentType === undefined ? {} : { "content-type": contentType }),
      ...(kind === undefined ? {} : { "content-disposition": this.disposed(kind, filename) }),
    };
    return this.#signed({ method: "GET", key, headers: {}, told }, options);
  }

  protected disposed(kind: "inline" | "attachment", filename: string | undefined): string {
    return contentDisposition(kind, filename);
  }

  protected async signPut(key: ObjectKey, options: SignPutOptions): Promise<SignedRequest> {
    const { size, checksum, when } = options;
    this.#expect(when === undefined || this.facts.honours.conditions.put, "when");
    const headers = {
      ...this.#attributes(options),
      ...this.#summed(checksum),
      ...(when === undefined ? {} : { "if-none-match": "*" }),
    };
    return this.#signed({ method: "PUT", key, headers, size }, options);
  }

  protected async signPart(
    { key, uploadId }: Upload,
    partNumber: number,
    options: SignPartOptions,
  ): Promise<SignedRequest> {
    const { size, checksum } = options;
    const part = { uploadId, partNumber };
    return this.#signed(
      { method: "PUT", key, headers: this.#summed(checksum), size, part },
      options,
    );
  }

  protected async signPost(key: ObjectKey, options: SignPostOptions): Promise<SignedForm> {
    if (/\$\{filename\}/.test(key)) throw refusal("invalid-key");
    const fields = { key, ...this.#attributes(options) };
    const range = [options.minBytes ?? 0, options.maxBytes] as const;
    const claims = { method: "POST", key, headers: fields, range } as const;
    const { url, expiresAt } = await this.#signed(claims, options);
    const { origin, searchParams } = new URL(url);
    return { url: origin, fields: { ...fields, ...Object.fromEntries(searchParams) }, expiresAt };
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    const server = await this.#listening;
    if (server !== undefined) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
    await super[Symbol.asyncDispose]();
  }

  #expect(honoured: boolean, option: string): void {
    if (!honoured) throw refusal("unsupported", option);
  }

  #attributes({ contentType, metadata = {}, encryption }: ObjectAttributes) {
    const algorithms: readonly Encryption["algorithm"][] = this.facts.honours.encryption;
    this.#expect(encryption === undefined || algorithms.includes(encryption.algorithm), "sse");
    const kept = Object.entries(metadata).map(([name, value]) => [
      `meta-${name}`,
      // As `encodeURIComponent` has it, but that what is plain stays so.
      /^\w*$/.test(value) ? value : encodeURIComponent(value),
    ]);
    return {
      "content-type": contentType ?? "application/octet-stream",
      ...(Object.fromEntries(kept) as Record<string, string>),
    };
  }

  #summed(checksum: Checksum | undefined): Record<string, string> {
    this.#expect(checksum === undefined || this.signer.honours.checksums, "checksum");
    return checksum === undefined ? {} : { crc32: checksum.value };
  }

  async #signed(
    allowed: Omit<Claims, "from" | "until">,
    options: SignOptions,
  ): Promise<SignedRequest> {
    const { startsAt = new Date(), expiresInSeconds = 900 } = options;
    const validity = validityOf(startsAt, expiresInSeconds);
    const [from, until] = [validity.startsAt.getTime(), validity.expiresAt.getTime()];
    const claims = Buffer.from(JSON.stringify({ ...allowed, from, until })).toString("base64url");
    const path = allowed.key.split("/").map(encodeURIComponent).join("/");
    const told = Object.entries(allowed.told ?? {})
      .map(([name, value]) => `${name}=${encodeURIComponent(value)}&`)
      .join("");
    const signed = `claims=${claims}&signature=${this.#hash(claims)}`;
    const url = `${await this.#origin()}/${path}?${told}${signed}`;
    const method = allowed.method === "GET" ? "GET" : "PUT";
    return { method, url, headers: allowed.headers, expiresAt: validity.expiresAt };
  }

  #hash(claims: string): string {
    return createHmac("sha256", this.#secret).update(claims).digest("hex");
  }

  async #origin(): Promise<string> {
    this.#listening ??= new Promise((resolve) => {
      const server = createServer((request, response) => {
        void this.#answer(request, response).catch(() => response.writeHead(500).end());
      });
      server.listen(0, "127.0.0.1", () => resolve(server.unref()));
    });
    const { port } = (await this.#listening).address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>));
    try {
      const method = request.method ?? "";
      const arrived = method === "POST" ? await formOf(request, body) : plainOf(request, body);
      const claims = this.#allowed(method, arrived);
      // What is not looked at, the request says and not its URL.
      const kept = this.ignored.includes("headers") || this.ignored.includes("fields");
      await this.#carryOut(
        { ...claims, headers: kept ? arrived.values : claims.headers },
        response,
        {
          key: objectKey(arrived.key),
          method,
          bytes: arrived.bytes,
        },
      );
    } catch (error) {
      const code = error instanceof StowageError ? error.code : "unexpected";
      const status = { "access-denied": 403, "already-exists": 412, "not-found": 404 }[
        String(code)
      ];
      response.writeHead(status ?? 400).end();
    }
  }

  /** @throws `access-denied` unless the request is the one that was signed. */
  #allowed(method: string, { key, query, values, bytes }: Arrived): Claims {
    const look = (check: Check, right: boolean): void => {
      if (!right && !this.ignored.includes(check)) throw refusal("access-denied", check);
    };
    const { claims: text = "", signature, ...others } = query;
    if (text === "" && this.ignored.includes("signature")) {
      const claimed = { "content-type": "text/plain" };
      return { method: method as "GET", key, from: 0, until: 0, headers: claimed };
    }
    look("signature", signature === this.#hash(text));
    const claims = JSON.parse(Buffer.from(text, "base64url").toString()) as Claims;
    look("query", isDeepStrictEqual(others, claims.told ?? {}));
    const { headers, size = bytes.length, range = [0, bytes.length] } = claims;
    const { "content-md5": digest = hash("md5", bytes, "base64") } = values;
    look("digest", digest === hash("md5", bytes, "base64"));
    look("method", method === claims.method);
    look("key", key === claims.key);
    look("expiry", claims.from <= Date.now() && Date.now() < claims.until);
    look("size", bytes.length === size);
    look("range", range[0] <= bytes.length && bytes.length <= range[1]);
    const same = Object.entries(headers).every(([name, value]) => values[name] === value);
    const added = Object.keys(values).some((name) => name.startsWith("meta-") && !headers[name]);
    look(claims.method === "POST" ? "fields" : "headers", same && !added);
    return { ...claims, told: others };
  }

  async #carryOut(
    { headers, told, part }: Claims,
    response: ServerResponse,
    { key, method, bytes }: { key: ObjectKey; method: string; bytes: Buffer },
  ): Promise<void> {
    if (method === "DELETE") {
      await this.delete(key);
      response.writeHead(204).end();
    } else if (method === "GET" || method === "HEAD") {
      const object = await this.get(key);
      response.writeHead(200, { "content-type": object.info.contentType, ...told });
      response.end(Buffer.concat(await Array.fromAsync(object.body)));
    } else if (part !== undefined) {
      const { uploadId, partNumber } = part;
      const { etag } = await this.uploadPart({ key, uploadId }, partNumber, bytes);
      response.writeHead(200, { etag }).end();
    } else {
      const { etag } = await this.put(key, bytes, {
        contentType: headers["content-type"],
        metadata: metadataOf(headers),
        checksum: this.ignored.includes("checksum") ? undefined : checksumOf(headers["crc32"]),
        when:
          headers["if-none-match"] === undefined || this.ignored.includes("condition")
            ? undefined
            : { absent: true },
      });
      response.writeHead(200, { etag }).end();
    }
  }
}

/** What came with a request: of a form, its fields. */
interface Arrived {
  readonly key: string;
  readonly query: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
}

function plainOf({ url = "", headers }: IncomingMessage, bytes: Buffer): Arrived {
  const [path = "", query = ""] = url.split("?");
  const values = Object.entries(headers).map(([name, value]) => [name, String(value)]);
  return {
    key: path.slice(1).split("/").map(decodeURIComponent).join("/"),
    query: Object.fromEntries(new URLSearchParams(query)),
    values: Object.fromEntries(values) as Record<string, string>,
    bytes,
  };
}

async function formOf({ headers }: IncomingMessage, body: Buffer): Promise<Arrived> {
  const type = { "content-type": String(headers["content-type"]) };
  const form = await new Response(new Uint8Array(body), { headers: type }).formData();
  const file = form.get("file");
  const bytes = file instanceof Blob ? Buffer.from(await file.arrayBuffer()) : Buffer.alloc(0);
  form.delete("file");
  const fields = [...form].map(([name, value]) => [name, String(value)]);
  const values = Object.fromEntries(fields) as Record<string, string>;
  const { claims = "", signature = "" } = values;
  return { key: values["key"] ?? "", query: { claims, signature }, values, bytes };
}

function metadataOf(headers: Readonly<Record<string, string>>): Metadata {
  const kept = Object.entries(headers).filter(([name]) => name.startsWith("meta-"));
  return Object.fromEntries(
    kept.map(([name, value]) => [name.slice("meta-".length), decodeURIComponent(value)]),
  );
}

function checksumOf(crc32: string | undefined): Checksum | undefined {
  if (crc32 === undefined) return undefined;
  const checksum: Checksum = { algorithm: "CRC32", value: crc32 };
  crc32Number(checksum);
  return checksum;
}

function refusal(code: ErrorCode, what = "the request"): StowageError {
  return new StowageError(code, `Cannot take ${what}: it is not what was signed`);
}
