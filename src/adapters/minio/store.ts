import type { Client } from "minio";
import { type PayloadSigning, payloadRule } from "../s3-protocol/payloads.js";
import { type Profile, type ProfileName, profileOf } from "../s3-protocol/profiles.js";
import type { Renewal } from "../s3-protocol/renewal.js";
import { ProtocolStore } from "../s3-protocol/store.js";
import { type MinioKeys, Requests } from "./requests.js";
import { MinioSigningWire } from "./signer.js";
import { MinioWire } from "./wire.js";

export interface MinioStoreOptions {
  /** Made with `transport: minioTransport`. Stays the caller's own. */
  readonly client: Client;
  readonly bucket: string;
  /** Default: `us-east-1`, which is MinIO's own. */
  readonly region?: string | undefined;
  /** What the server honours. Default: `minio`. */
  readonly profile?: ProfileName | Profile | undefined;
  /** The server's name in messages, without credentials. Default: `MinIO`. */
  readonly server?: string | undefined;
  /** Milliseconds until an answer begins. Default: no limit. */
  readonly requestTimeoutMs?: number | undefined;
  /** To whose endpoint signed URLs lead. Nothing is sent by it. Default: `client`. */
  readonly signingClient?: Client | undefined;
  /** In place of the keys of the client, which is then to have any. */
  readonly renewal?: Renewal<MinioKeys> | undefined;
  /** Default: `auto`. */
  readonly payloadSigning?: PayloadSigning | undefined;
  /**
   * Connections that the client has at once: further requests wait for one before they are signed.
   * Default: not known, and a request that waits for one in the client has been signed by then.
   */
  readonly maxSockets?: number | undefined;
}

/** A bucket of MinIO, or of a server that speaks S3, by the client of MinIO. */
export class MinioObjectStore extends ProtocolStore {
  constructor(options: MinioStoreOptions) {
    const { client, bucket, region = "us-east-1", profile = "minio", server = "MinIO" } = options;
    const requests = new Requests(
      client,
      bucket,
      region,
      options.requestTimeoutMs,
      options.renewal,
    );
    const known = profileOf(profile);
    const wire = new MinioWire(requests, bucket, payloadRule(options.payloadSigning, known));
    const signer = options.signingClient ?? client;
    const signing = new MinioSigningWire(signer, bucket, region, options.renewal);
    super(wire, signing, { kind: "minio", bucket, server }, known, options);
  }
}
