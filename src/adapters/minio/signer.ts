import type { Client } from "minio";
import { percentEncoded } from "../s3-protocol/headers.js";
import type { Renewal } from "../s3-protocol/renewal.js";
import type {
  Signatory,
  SignedPolicy,
  SigningWire,
  UnsignedRequest,
} from "../s3-protocol/signing-wire.js";
import { postPresignSignatureV4, presignSignatureV4 } from "./package.js";
import type { MinioKeys } from "./requests.js";

/**
 * Signs by the functions that the client signs with. Its `presignedUrl` signs the host alone: whoever
 * had such a URL could store any number of bytes of any type.
 */
export class MinioSigningWire implements SigningWire {
  readonly #client: Client;
  readonly #bucket: string;
  readonly #region: string;
  readonly #renewal: Renewal<MinioKeys> | undefined;

  constructor(client: Client, bucket: string, region: string, renewal?: Renewal<MinioKeys>) {
    this.#client = client;
    this.#bucket = bucket;
    this.#region = region;
    this.#renewal = renewal;
  }

  async signatory(): Promise<Signatory> {
    const { accessKey, sessionToken } = await this.#keys();
    return { accessKey, region: this.#region, sessionToken };
  }

  async #keys(): Promise<MinioKeys> {
    if (this.#renewal !== undefined) return this.#renewal.credentials();
    const client = this.#client;
    await client["checkAndRefreshCreds"]();
    return {
      accessKey: client["accessKey"],
      secretKey: client["secretKey"],
      sessionToken: client["sessionToken"],
    };
  }

  async presign(unsigned: UnsignedRequest): Promise<string> {
    const { method, key, query, headers, at, expiresInSeconds } = unsigned;
    const client = this.#client;
    const {
      protocol,
      path,
      headers: own,
    } = client["getRequestOptions"]({
      method,
      bucketName: this.#bucket,
      objectName: key,
      query: queryText(query),
      region: this.#region,
    });
    const { host = "" } = own;
    const { accessKey, secretKey, sessionToken } = await this.#keys();
    return presignSignatureV4(
      { protocol, method, path, headers: { ...signable(headers), host } },
      accessKey,
      secretKey,
      sessionToken,
      this.#region,
      at,
      expiresInSeconds,
    );
  }

  async signPolicy(policy: string, at: Date): Promise<SignedPolicy> {
    const client = this.#client;
    const { protocol, path, headers } = client["getRequestOptions"]({
      method: "POST",
      bucketName: this.#bucket,
      region: this.#region,
    });
    const { secretKey } = await this.#keys();
    const signature = postPresignSignatureV4(this.#region, at, secretKey, policy);
    return { url: `${protocol}//${headers["host"]}${path}`, signature };
  }
}

/** Headers that are left unsigned when they are named in lower case. All others come after them. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  "content-length": "Content-Length",
  "content-type": "Content-Type",
};

function signable(headers: Readonly<Record<string, string>>): Record<string, string> {
  const named = Object.entries(headers).map(([name, value]) => [LEFT_OUT[name] ?? name, value]);
  return Object.fromEntries(named);
}

function queryText(query: Readonly<Record<string, string>>): string {
  return Object.entries(query)
    .map(([name, value]) => `${name}=${percentEncoded(value)}`)
    .join("&");
}
