import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import type { OpenStore } from "../../ports/store.js";
import { type Agents, watchfulAgents } from "../s3-protocol/agents.js";
import { checkBucket, endpointUrl } from "../s3-protocol/location.js";
import type { PayloadSigning } from "../s3-protocol/payloads.js";
import { type Profile, profileOf } from "../s3-protocol/profiles.js";
import { Renewal } from "../s3-protocol/renewal.js";
import { type Identity, identityOf, type S3Credentials } from "./credentials.js";
import { SignalledHandler, SteadyClient } from "./send.js";
import { S3ObjectStore } from "./store.js";

export type { S3Credentials };

export interface OpenS3Options {
  readonly bucket: string;
  /** Default: with an endpoint, `us-east-1`; without one, what the SDK finds (`AWS_REGION`). */
  readonly region?: string | undefined;
  /** URL of a server other than Amazon S3. */
  readonly endpoint?: string | undefined;
  /** Where signed URLs lead, if others reach the server by another URL. Default: the endpoint. */
  readonly publicEndpoint?: string | undefined;
  /** Whether the bucket stands in the path of URLs, not in the host's name. Default: with an endpoint. */
  readonly pathStyle?: boolean | undefined;
  /**
   * What the server honours: `aws`, `minio`, `localstack`, `versity`, `ceph`, `generic`, or a
   * profile as data. Default: `generic` with an endpoint, else `aws`.
   */
  readonly profile?: string | Profile | undefined;
  /** Default: the SDK's provider chain. */
  readonly credentials?: S3Credentials | (() => Promise<S3Credentials>) | undefined;
  /** Milliseconds. Default: 3,000. */
  readonly connectTimeoutMs?: number | undefined;
  /** Milliseconds in which no byte comes or goes. Default: 20,000. */
  readonly idleTimeoutMs?: number | undefined;
  /** Milliseconds until an answer begins. Default: no limit but the idle time. */
  readonly requestTimeoutMs?: number | undefined;
  /** Default: `auto`. */
  readonly payloadSigning?: PayloadSigning | undefined;
  /** Connections at once; further requests wait for one. Default: 50. */
  readonly maxSockets?: number | undefined;
}

/**
 * Opens a bucket. No request is sent yet.
 *
 * @throws `invalid-config`.
 */
export function openS3Store(options: OpenS3Options): OpenStore {
  const { bucket, endpoint, profile = endpoint === undefined ? "aws" : "generic" } = options;
  checkBucket(bucket);
  const url = endpoint === undefined ? undefined : endpointUrl(endpoint);
  const { publicEndpoint } = options;
  const publicUrl = publicEndpoint === undefined ? undefined : endpointUrl(publicEndpoint);
  const known = profileOf(profile);
  const { maxSockets = 50 } = options;
  const agents = watchfulAgents({
    connectTimeoutMs: options.connectTimeoutMs ?? 3_000,
    idleTimeoutMs: options.idleTimeoutMs ?? 20_000,
    maxSockets,
  });
  const { credentials } = options;
  const renewal =
    typeof credentials === "function"
      ? new Renewal(
          () => identityOf(credentials),
          ({ accessKeyId, sessionToken = "" }: Identity) => `${accessKeyId} ${sessionToken}`,
        )
      : undefined;
  const config = clientConfig(options, url, agents, renewal);
  const client = new SteadyClient(config);
  const signingClient = publicUrl === undefined ? undefined : clientAt(publicUrl, config, client);
  const { payloadSigning } = options;
  const named = { bucket, profile: known, server: url };
  return new OpenS3Store(
    { client, signingClient, ...named, payloadSigning, renewal, maxSockets },
    agents,
  );
}

class OpenS3Store extends S3ObjectStore implements OpenStore {
  readonly #close: () => void;

  constructor(options: ConstructorParameters<typeof S3ObjectStore>[0], agents: Agents) {
    super(options);
    this.#close = () => {
      options.client.destroy();
      options.signingClient?.destroy();
      agents.destroy();
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end();
    this.#close();
  }
}

function clientConfig(
  { bucket, region, pathStyle, credentials, requestTimeoutMs }: OpenS3Options,
  url: string | undefined,
  agents: Agents,
  renewal: Renewal<Identity> | undefined,
): S3ClientConfig {
  const requestTimeout =
    requestTimeoutMs === undefined
      ? {}
      : { requestTimeout: requestTimeoutMs, throwOnRequestTimeout: true };
  const config: S3ClientConfig = {
    // Whether a request is sent again is decided by whoever calls the store.
    maxAttempts: 1,
    // Not for a directory bucket: a request could be signed with the session of another.
    cacheMiddleware: !bucket.endsWith("--x-s3"),
    // Checksums are sent on purpose: those that the SDK adds break some servers.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    // Servers that never answer 100 would cost six seconds for each part.
    expectContinueHeader: false,
    requestHandler: new SignalledHandler({
      httpAgent: agents.http,
      httpsAgent: agents.https,
      // Off: the agents do it.
      connectionTimeout: 0,
      socketTimeout: 0,
      // Its warning on the console is of no use: requests wait for a socket as they should.
      socketAcquisitionWarningTimeout: 2_147_483_647,
      ...requestTimeout,
    }),
    forcePathStyle: pathStyle ?? url !== undefined,
    // One of the environment would be spoken to as if it were Amazon S3.
    ignoreConfiguredEndpointUrls: true,
  };
  if (url !== undefined) config.endpoint = endpointOf(new URL(url));
  const known = region ?? (url === undefined ? undefined : "us-east-1");
  if (known !== undefined) config.region = known;
  if (renewal !== undefined) {
    // Kept by the renewal: what the SDK keeps, it would not ask for again when it is refused.
    config.credentials = Object.assign(() => renewal.credentials(), { memoized: true });
  } else if (credentials !== undefined) config.credentials = async () => identityOf(credentials);
  return config;
}

/** In parts: a text would be parsed for each request. */
function endpointOf({ protocol, hostname, port, pathname: path }: URL) {
  return { protocol, hostname, path, ...(port === "" ? {} : { port: Number(port) }) };
}

/** A client that signs as another does, for another host. */
function clientAt(endpoint: string, config: S3ClientConfig, { config: own }: S3Client): S3Client {
  return new S3Client({ ...config, endpoint, region: own.region, credentials: own.credentials });
}
