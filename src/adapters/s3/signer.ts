import { GetObjectCommand, HeadBucketCommand, type S3Client } from "@aws-sdk/client-s3";
import { percentEncoded } from "../s3-protocol/headers.js";
import type {
  Signatory,
  SignedPolicy,
  SigningWire,
  UnsignedRequest,
} from "../s3-protocol/signing-wire.js";

/** A request as the SDK's signer takes it and gives it back. */
interface HttpRequest {
  method: string;
  readonly protocol: string;
  readonly path: string;
  query: Record<string, string>;
  headers: Record<string, string>;
}

/** Any command: all are stopped alike. */
type Command = GetObjectCommand;

/** What of the client's own signer is used. Its type in the client's configuration says less. */
interface Signer {
  presign(request: HttpRequest, options: object): Promise<HttpRequest>;
  sign(text: string, options: object): Promise<string>;
}

/** As the SDK's signer has it among the parameters of a URL. */
const PAYLOAD_HASH = "X-Amz-Content-Sha256";

/** Signs by the signer that the client signs its own requests with. */
export class SdkSigningWire implements SigningWire {
  readonly #client: S3Client;
  readonly #bucket: string;

  constructor(client: S3Client, bucket: string) {
    this.#client = client;
    this.#bucket = bucket;
  }

  async signatory(): Promise<Signatory> {
    const { config } = this.#client;
    const [identity, region] = await Promise.all([config.credentials(), config.region()]);
    const { accessKeyId: accessKey, sessionToken, expiration: expiresAt } = identity;
    return { accessKey, region, sessionToken, expiresAt };
  }

  async presign(unsigned: UnsignedRequest): Promise<string> {
    const { method, key, query, headers, at, expiresInSeconds } = unsigned;
    const request = await this.#request(new GetObjectCommand({ Bucket: this.#bucket, Key: key }));
    request.method = method;
    request.query = { ...query };
    const { host = "" } = request.headers;
    request.headers = { host, ...headers, [PAYLOAD_HASH]: "UNSIGNED-PAYLOAD" };
    const signer = await this.#signer();
    const signed = await signer.presign(request, {
      signingDate: at,
      expiresIn: expiresInSeconds,
      // Headers that are moved into the query are not looked at by every server.
      unhoistableHeaders: new Set(Object.keys(headers)),
    });
    return `${urlOf(signed)}?${queryText(signed.query)}`;
  }

  async signPolicy(policy: string, at: Date): Promise<SignedPolicy> {
    const ofBucket = new HeadBucketCommand({ Bucket: this.#bucket }) as unknown as Command;
    const request = await this.#request(ofBucket);
    const signer = await this.#signer();
    const signature = await signer.sign(policy, { signingDate: at });
    return { url: urlOf(request), signature };
  }

  async #signer(): Promise<Signer> {
    return (await this.#client.config.signer()) as unknown as Signer;
  }

  /** What the SDK would send: it knows where, and is stopped before it signs. */
  async #request(command: Command): Promise<HttpRequest> {
    let request: HttpRequest | undefined;
    command.middlewareStack.add(
      () => async (args) => {
        request = args.request as HttpRequest;
        return { response: undefined, output: { $metadata: {} } };
      },
      { step: "finalizeRequest", priority: "high", name: "stowageStop" },
    );
    // With options, however empty, the SDK does not take what it has resolved for another command.
    await this.#client.send(command, {});
    if (request === undefined) throw new Error("The SDK makes no request to sign");
    return request;
  }
}

function urlOf({ protocol, headers, path }: HttpRequest): string {
  return `${protocol}//${headers["host"]}${path}`;
}

function queryText(query: Readonly<Record<string, string>>): string {
  return Object.entries(query)
    .map(([name, value]) => `${percentEncoded(name)}=${percentEncoded(value)}`)
    .join("&");
}
