import { createHash, createHmac, createSecretKey, type Hash, type Hmac } from "node:crypto";
import { SignatureV4 } from "@smithy/signature-v4";

/** A request as it is to be sent. */
export interface Unsigned {
  readonly method: string;
  readonly protocol: string;
  readonly host: string;
  /** Without the query, percent-encoded. */
  readonly path: string;
  /** Not yet percent-encoded. */
  readonly query: Record<string, string>;
  /** With `x-amz-content-sha256`. */
  readonly headers: Record<string, string>;
}

export interface SigningKeys {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly sessionToken?: string | undefined;
}

/**
 * The headers of a request, its signature among them, by the signer of the AWS SDK: it keeps the keys
 * that it derives, which the client's own derives anew for each request.
 */
export async function signedHeaders(
  { host: hostname, ...unsigned }: Unsigned,
  { accessKey: accessKeyId, secretKey: secretAccessKey, sessionToken }: SigningKeys,
  region: string,
  signingDate: Date,
): Promise<Record<string, string>> {
  const token = sessionToken === undefined ? {} : { sessionToken };
  const signer = new SignatureV4({
    credentials: { accessKeyId, secretAccessKey, ...token },
    region,
    service: "s3",
    sha256: Sha256,
    uriEscapePath: false,
    applyChecksum: false,
  });
  const { headers } = await signer.sign({ hostname, ...unsigned }, { signingDate });
  return headers;
}

/** SHA-256, or an HMAC by it, as the signer wants one. */
class Sha256 {
  readonly #hash: Hash | Hmac;

  /** @param secret a text, or what `digest` gave. */
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    if (secret === undefined) this.#hash = createHash("sha256");
    else if (typeof secret === "string") this.#hash = createHmac("sha256", secret);
    // Bytes that are no key object cost three times as much: Node looks what they are by exceptions.
    else this.#hash = createHmac("sha256", createSecretKey(secret as Uint8Array));
  }

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {
    throw new Error("A signature needs no second hash of one kind");
  }
}
