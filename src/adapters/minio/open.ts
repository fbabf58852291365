import { StowageError } from "../../domain/errors.js";
import type { OpenStore } from "../../ports/store.js";
import { type Agents, watchfulAgents } from "../s3-protocol/agents.js";
import { checkBucket, endpointUrl } from "../s3-protocol/location.js";
import type { PayloadSigning } from "../s3-protocol/payloads.js";
import { type Profile, profileOf } from "../s3-protocol/profiles.js";
import { Renewal } from "../s3-protocol/renewal.js";
import { Client } from "./package.js";
import type { MinioKeys } from "./requests.js";
import { MinioObjectStore, type MinioStoreOptions } from "./store.js";
import { minioTransport } from "./transport.js";

export interface OpenMinioOptions {
  /** Such as `http://127.0.0.1:9000`. */
  readonly endpoint: string;
  /** Where signed URLs lead, if others reach the server by another URL. Default: the endpoint. */
  readonly publicEndpoint?: string | undefined;
  readonly bucket: string;
  readonly accessKey?: string | undefined;
  readonly secretKey?: string | undefined;
  /** In place of the keys: asked again before they end, and when the server refuses them as expired. */
  readonly credentials?: (() => Promise<MinioKeys>) | undefined;
  /** Of temporary credentials. */
  readonly sessionToken?: string | undefined;
  /** Default: `us-east-1`, which is MinIO's own. */
  readonly region?: string | undefined;
  /**
   * What the server honours: `minio`, `aws`, `localstack`, `versity`, `ceph`, `generic`, or a
   * profile as data. Default: `minio`.
   */
  readonly profile?: string | Profile | undefined;
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
export function openMinioStore(options: OpenMinioOptions): OpenStore {
  const {
    bucket,
    accessKey = "",
    secretKey = "",
    credentials,
    region,
    requestTimeoutMs,
    profile = "minio",
  } = options;
  checkBucket(bucket);
  const server = endpointUrl(options.endpoint);
  const known = profileOf(profile);
  if (credentials === undefined && (accessKey === "" || secretKey === "")) {
    throw invalid("Cannot use MinIO: the access key or the secret key is missing; give both");
  }
  const { maxSockets = 50 } = options;
  const agents = watchfulAgents({
    connectTimeoutMs: options.connectTimeoutMs ?? 3_000,
    idleTimeoutMs: options.idleTimeoutMs ?? 20_000,
    maxSockets,
  });
  const client = clientOf(options, new URL(server), agents);
  const signingClient =
    options.publicEndpoint === undefined
      ? undefined
      : clientOf(options, new URL(endpointUrl(options.publicEndpoint)), agents);
  const { payloadSigning } = options;
  const renewal =
    credentials === undefined
      ? undefined
      : new Renewal(credentials, (keys) => `${keys.accessKey} ${keys.sessionToken ?? ""}`);
  const store = {
    client,
    signingClient,
    bucket,
    region,
    profile: known,
    server,
    requestTimeoutMs,
    payloadSigning,
    renewal,
    maxSockets,
  };
  return new OpenMinioStore(store, agents);
}

class OpenMinioStore extends MinioObjectStore implements OpenStore {
  readonly #agents: Agents;

  constructor(options: MinioStoreOptions, agents: Agents) {
    super(options);
    this.#agents = agents;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end();
    this.#agents.destroy();
  }
}

function clientOf(options: OpenMinioOptions, url: URL, agents: Agents): Client {
  // A client without keys would not sign at all.
  const { accessKey = "renewed", secretKey = "renewed", sessionToken } = options;
  if (url.pathname !== "/") throw invalid("Cannot use the endpoint: it has a path; leave it out");
  const useSSL = url.protocol === "https:";
  return new Client({
    // An address of IPv6 stands in brackets in a URL, and without them here.
    endPoint: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? (useSSL ? 443 : 80) : Number(url.port),
    useSSL,
    accessKey,
    secretKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    pathStyle: true,
    transport: minioTransport,
    transportAgent: useSSL ? agents.https : agents.http,
    // Whether a request is sent again is decided by whoever calls the store.
    retryOptions: { disableRetry: true },
  });
}

function invalid(message: string): StowageError {
  return new StowageError("invalid-config", message, { operation: "open" });
}
