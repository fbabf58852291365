import type { S3Client } from "@aws-sdk/client-s3";
import { type PayloadSigning, payloadRule } from "../s3-protocol/payloads.js";
import { type Profile, type ProfileName, profileOf } from "../s3-protocol/profiles.js";
import type { Heeding } from "../s3-protocol/renewal.js";
import { ProtocolStore } from "../s3-protocol/store.js";
import { SdkSigningWire } from "./signer.js";
import { SdkWire } from "./wire.js";

export interface S3StoreOptions {
  /** Stays the caller's own. Its retries are to be off: `maxAttempts: 1`. */
  readonly client: S3Client;
  readonly bucket: string;
  /** What the server honours. Default: `aws`. */
  readonly profile?: ProfileName | Profile | undefined;
  /** The server's name in messages, without credentials. Default: `Amazon S3`. */
  readonly server?: string | undefined;
  /** To whose endpoint signed URLs lead. Nothing is sent by it. Default: `client`. */
  readonly signingClient?: S3Client | undefined;
  /** Where the client gets its credentials from, if they can be renewed. */
  readonly renewal?: Heeding | undefined;
  /** Default: `auto`. */
  readonly payloadSigning?: PayloadSigning | undefined;
  /**
   * Connections that the client has at once: further requests wait for one before they are signed.
   * Default: not known, and a request that waits for one in the client has been signed by then.
   */
  readonly maxSockets?: number | undefined;
}

/** A bucket of Amazon S3, or of a server that speaks its protocol, by the AWS SDK. */
export class S3ObjectStore extends ProtocolStore {
  constructor(options: S3StoreOptions) {
    const { client, bucket, profile = "aws", server = "Amazon S3", payloadSigning } = options;
    const known = profileOf(profile);
    const wire = new SdkWire(client, bucket, payloadRule(payloadSigning, known), options.renewal);
    const signing = new SdkSigningWire(options.signingClient ?? client, bucket);
    super(wire, signing, { kind: "s3", bucket, server }, known, options);
  }
}
