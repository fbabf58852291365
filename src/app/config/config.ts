/**
 * How Stowage is set up. Every field may be missing; each also has a variable, and a field that is
 * given wins over its variable.
 */
export interface StowageConfig {
  /**
   * Where objects are kept: `./dir` or `file:///dir` · `memory:` ·
   * `s3://bucket?region=…&endpoint=…&pathStyle=…&profile=…` ·
   * `minio://host:port/bucket?tls=…&region=…&profile=…`, both with `publicEndpoint=https://host:port`
   * where browsers reach the server, and signed URLs are to lead, by another name.
   * Default: `./stowage-data`. `STOWAGE_STORE`.
   *
   * The profile says what the server honours: `aws` (default of S3), `minio` (default of MinIO),
   * `localstack`, `versity`, `ceph`, `generic` (default with an endpoint: what most do), or `probe`:
   * the server is tried whenever Stowage is opened, which takes about a second and the right to write
   * under `datasetsPrefix`, and Stowage goes by what it is found to do.
   */
  readonly store?: string | undefined;
  /** Default: `datasets`. `STOWAGE_DATASETS_PREFIX`. */
  readonly datasetsPrefix?: string | undefined;
  /** Default: `models`. `STOWAGE_MODELS_PREFIX`. */
  readonly modelsPrefix?: string | undefined;
  /**
   * Encryption at rest: `AES256`, `aws:kms`, `aws:kms:KEY_ID` or `none`. Default: `AES256` on S3 and
   * MinIO, `none` in a directory and in memory, which cannot encrypt. `STOWAGE_ENCRYPTION`.
   */
  readonly encryption?: string | undefined;
  /**
   * Whether the bytes sent to S3 and MinIO are hashed for the signature of their request, beside the
   * CRC32. `auto` (default): over plain HTTP, and over TLS where the server does not verify the
   * CRC32; `always`; `never`: a byte changed on the way over plain HTTP is then found by the CRC32
   * where the server verifies it, and else by `Content-MD5`. `STOWAGE_PAYLOAD_SIGNING`.
   */
  readonly payloadSigning?: "auto" | "always" | "never" | undefined;
  /** Bytes. Default: 5,242,880. `STOWAGE_MULTIPART_THRESHOLD_BYTES`. */
  readonly multipartThresholdBytes?: number | undefined;
  /** Bytes, 5 MiB to 5 GiB. Default: 5,242,880. `STOWAGE_PART_BYTES`. */
  readonly partBytes?: number | undefined;
  /** Bytes that a part of a stream of unknown length grows to. Default: 64 MiB. `STOWAGE_STREAM_PART_CAP_BYTES`. */
  readonly streamPartCapBytes?: number | undefined;
  /** Parts of one upload in flight, 1 to 64. Default: 4. `STOWAGE_CONCURRENCY`. */
  readonly concurrency?: number | undefined;
  /** Sendings of one request in all, 1 to 20. Default: 5. `STOWAGE_MAX_ATTEMPTS`. */
  readonly maxAttempts?: number | undefined;
  /** Milliseconds until a connection stands. Default: 3,000. `STOWAGE_CONNECT_TIMEOUT_MS`. */
  readonly connectTimeoutMs?: number | undefined;
  /** Milliseconds without a byte either way. Default: 20,000. `STOWAGE_IDLE_TIMEOUT_MS`. */
  readonly idleTimeoutMs?: number | undefined;
  /**
   * Milliseconds in which what a failed or aborted upload left behind is removed, while the store may
   * be away. Default: 15,000. `STOWAGE_CLEANUP_TIMEOUT_MS`.
   */
  readonly cleanupTimeoutMs?: number | undefined;
  /**
   * Milliseconds that one call of the store may take in all, sent again and waited for as often as it
   * is: what an answer that trickles for ever ends by. Default: 900,000. `STOWAGE_CALL_TIMEOUT_MS`.
   */
  readonly callTimeoutMs?: number | undefined;
  /**
   * Bytes that the parts of all uploads of the process take in memory, whoever opened them; further
   * parts wait. One part that is larger goes alone. Default: 256 MiB. `STOWAGE_MEMORY_BUDGET_BYTES`.
   */
  readonly memoryBudgetBytes?: number | undefined;
  /**
   * Folder in which uploads in parts are written down while they are made, or `none`. With it, what a
   * process that was killed has begun is resumed, or cleared away; without it, the parts stay on the
   * server until a rule of the bucket or `removeStaleUploads` finds them, and are sent again. Default:
   * `none`; of the command line `$XDG_STATE_HOME/stowage/uploads`. `STOWAGE_JOURNAL`.
   */
  readonly journal?: string | undefined;
  /**
   * Of S3, where the SDK's provider chain is not wanted. No variable: the chain has its own
   * (`AWS_ACCESS_KEY_ID`, `AWS_PROFILE`, …).
   */
  readonly s3Credentials?: S3Credentials | (() => Promise<S3Credentials>) | undefined;
  /** Of MinIO. `MINIO_ACCESS_KEY` and `MINIO_SECRET_KEY`. */
  readonly minioCredentials?: MinioCredentials | (() => Promise<MinioCredentials>) | undefined;
}

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  /** When they end, for credentials that a provider renews. */
  readonly expiration?: Date | undefined;
}

export interface MinioCredentials {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly sessionToken?: string | undefined;
  /** When they end, for credentials that a provider renews. */
  readonly expiration?: Date | undefined;
}
