import { resolve } from "node:path";
import * as v from "valibot";
import { quote, StowageError } from "../../domain/errors.js";
import { DEFAULT_RETRY, type RetryPolicy } from "../../domain/retry.js";
import { checkRoot } from "../../domain/upload-key.js";
import {
  MULTIPART_PART_BYTES,
  MULTIPART_THRESHOLD_BYTES,
  S3_LIMITS,
  STREAM_PART_CAP_BYTES,
  type UploadWishes,
} from "../../domain/upload-plan.js";
import type { Encryption } from "../../ports/object-store.js";
import type { MinioCredentials, S3Credentials, StowageConfig } from "./config.js";
import { readLocation, type StoreLocation, withEndpointOf } from "./location.js";

/** A configuration that has been checked, with every default filled in. */
export interface Settings {
  readonly location: StoreLocation;
  readonly datasetsPrefix: string;
  readonly modelsPrefix: string;
  readonly encryption: Encryption | undefined;
  readonly payloadSigning: "auto" | "always" | "never";
  readonly wishes: UploadWishes;
  readonly concurrency: number;
  readonly retry: RetryPolicy;
  readonly connectTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly cleanupTimeoutMs: number;
  readonly callTimeoutMs: number;
  readonly memoryBudgetBytes: number;
  /** Absolute. `undefined` for no journal. */
  readonly journal: string | undefined;
  readonly s3Credentials: S3Credentials | (() => Promise<S3Credentials>) | undefined;
  readonly minioCredentials: MinioCredentials | (() => Promise<MinioCredentials>) | undefined;
}

export type Environment = Readonly<Record<string, string | undefined>>;

const DEFAULT_STORE = "./stowage-data";

/** The fields that have a variable: `partBytes` is `STOWAGE_PART_BYTES`. */
const FIELDS = {
  store: text(),
  datasetsPrefix: prefix(),
  modelsPrefix: prefix(),
  encryption: v.pipe(
    v.string("use AES256, aws:kms, aws:kms:KEY_ID or none"),
    v.regex(/^(none|AES256|aws:kms(:.+)?)$/, "use AES256, aws:kms, aws:kms:KEY_ID or none"),
  ),
  payloadSigning: v.picklist(["auto", "always", "never"], "use auto, always or never"),
  multipartThresholdBytes: whole(1, S3_LIMITS.maxPutBytes, "bytes"),
  partBytes: whole(S3_LIMITS.minPartBytes, S3_LIMITS.maxPartBytes, "bytes"),
  streamPartCapBytes: whole(S3_LIMITS.minPartBytes, S3_LIMITS.maxPartBytes, "bytes"),
  concurrency: whole(1, 64, "parts"),
  maxAttempts: whole(1, 20, "sendings"),
  connectTimeoutMs: whole(1, 600_000, "milliseconds"),
  idleTimeoutMs: whole(1, 3_600_000, "milliseconds"),
  cleanupTimeoutMs: whole(1, 3_600_000, "milliseconds"),
  callTimeoutMs: whole(1, 86_400_000, "milliseconds"),
  memoryBudgetBytes: whole(1, Number.MAX_SAFE_INTEGER, "bytes"),
  journal: v.pipe(v.string("use a folder, or none"), v.regex(/^[^\0]+$/, "use a folder, or none")),
} as const;

type FieldName = keyof typeof FIELDS;
const FIELD_NAMES = Object.keys(FIELDS) as readonly FieldName[];
const CREDENTIAL_FIELDS = ["s3Credentials", "minioCredentials"];
/** Variables of the project's own tests. */
const TEST_VARIABLE = /^STOWAGE_TEST_/;

/** Something wrong in a configuration: where, what stands there, and the right form. */
interface Mistake {
  readonly name: string;
  readonly shown?: string | undefined;
  readonly rule: string;
}

/**
 * Checks a configuration, filled up from the environment, before anything is opened.
 *
 * @param cwd the folder from which a relative directory is taken.
 * @throws `invalid-config`, telling every mistake at once.
 */
export function readSettings(config: StowageConfig, env: Environment, cwd: string): Settings {
  const mistakes: Mistake[] = [...unknownNames(config, env)];
  const values: Partial<Record<FieldName, string | number>> = {};
  const names: Partial<Record<FieldName, string>> = {};
  for (const field of FIELD_NAMES) {
    const own = config[field];
    const variable = variableOf(field);
    const given = own ?? (env[variable] === "" ? undefined : env[variable]);
    names[field] = own === undefined ? variable : field;
    if (given === undefined) continue;
    const result = v.safeParse(FIELDS[field], given);
    if (result.success) values[field] = result.output;
    else {
      const shown = field === "store" ? undefined : quote(given);
      mistakes.push({ name: names[field], shown, rule: result.issues[0].message });
    }
  }

  const store = String(values.store ?? DEFAULT_STORE);
  const own = readLocation(store, cwd);
  const read = "fault" in own ? own : withEndpointOf(env, own.location);
  if ("fault" in read) {
    mistakes.push({
      name: names.store ?? "store",
      shown: quote(read.shown),
      rule: `it ${read.fault}`,
    });
  }
  const location = "location" in read ? read.location : undefined;
  const encryption = encryptionOf(values.encryption, location);
  if (encryption === "impossible") {
    mistakes.push({
      name: names.encryption ?? "encryption",
      shown: quote(values.encryption),
      rule: "a store in a directory or in memory cannot encrypt; use none, or a store that can",
    });
  }
  if (values.datasetsPrefix !== undefined || values.modelsPrefix !== undefined) {
    mistakes.push(...overlap(prefixes(values), names));
  }
  mistakes.push(...credentialFaults(config));
  const minioCredentials = minioCredentialsOf(config, env, location, mistakes);
  if (mistakes.length > 0 || location === undefined || encryption === "impossible") {
    throw invalidConfig(mistakes);
  }
  const number = (field: FieldName, fallback: number): number => Number(values[field] ?? fallback);
  return {
    location,
    ...prefixes(values),
    encryption,
    payloadSigning: (values.payloadSigning ?? "auto") as Settings["payloadSigning"],
    wishes: {
      thresholdBytes: number("multipartThresholdBytes", MULTIPART_THRESHOLD_BYTES),
      partBytes: number("partBytes", MULTIPART_PART_BYTES),
      streamPartCapBytes: number("streamPartCapBytes", STREAM_PART_CAP_BYTES),
    },
    concurrency: number("concurrency", 4),
    retry: { ...DEFAULT_RETRY, maxAttempts: number("maxAttempts", DEFAULT_RETRY.maxAttempts) },
    connectTimeoutMs: number("connectTimeoutMs", 3_000),
    idleTimeoutMs: number("idleTimeoutMs", 20_000),
    cleanupTimeoutMs: number("cleanupTimeoutMs", 15_000),
    callTimeoutMs: number("callTimeoutMs", 900_000),
    memoryBudgetBytes: number("memoryBudgetBytes", 268_435_456),
    journal: journalOf(values.journal, cwd),
    s3Credentials: config.s3Credentials,
    minioCredentials,
  };
}

function journalOf(given: string | number | undefined, cwd: string): string | undefined {
  return given === undefined || given === "none" ? undefined : resolve(cwd, String(given));
}

/** The variable of a field: `STOWAGE_PART_BYTES` of `partBytes`. */
export function variableOf(field: string): string {
  return `STOWAGE_${field.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

function prefixes(values: Partial<Record<FieldName, string | number>>): {
  datasetsPrefix: string;
  modelsPrefix: string;
} {
  return {
    datasetsPrefix: String(values.datasetsPrefix ?? "datasets"),
    modelsPrefix: String(values.modelsPrefix ?? "models"),
  };
}

function unknownNames(config: StowageConfig, env: Environment): Mistake[] {
  const fields: readonly string[] = [...FIELD_NAMES, ...CREDENTIAL_FIELDS];
  const variables = FIELD_NAMES.map(variableOf);
  const unknown = (name: string, known: readonly string[]): Mistake => ({
    name,
    rule: `is not known; known are ${known.join(", ")}`,
  });
  return [
    ...Object.keys(config)
      .filter((name) => !fields.includes(name))
      .map((name) => unknown(name, fields)),
    ...Object.keys(env)
      .filter((name) => name.startsWith("STOWAGE_") && !TEST_VARIABLE.test(name))
      .filter((name) => !variables.includes(name))
      .map((name) => unknown(name, variables)),
  ];
}

function encryptionOf(
  asked: string | number | undefined,
  location: StoreLocation | undefined,
): Encryption | undefined | "impossible" {
  const able = location?.kind === "s3" || location?.kind === "minio";
  const wanted = asked ?? (able ? "AES256" : "none");
  if (wanted === "none") return undefined;
  if (!able) return location === undefined ? undefined : "impossible";
  if (wanted === "AES256") return { algorithm: "AES256" };
  const keyId = String(wanted).slice("aws:kms:".length);
  return { algorithm: "aws:kms", keyId: keyId === "" ? undefined : keyId };
}

/** Datasets and models must not be taken for each other, so neither prefix holds the other. */
function overlap(
  { datasetsPrefix, modelsPrefix }: { datasetsPrefix: string; modelsPrefix: string },
  names: Partial<Record<FieldName, string>>,
): Mistake[] {
  const [a, b] = [`${datasetsPrefix}/`, `${modelsPrefix}/`];
  if (!a.startsWith(b) && !b.startsWith(a)) return [];
  return [
    {
      name: names.datasetsPrefix ?? "datasetsPrefix",
      shown: quote(datasetsPrefix),
      rule: `lies within the other prefix, ${quote(modelsPrefix)}, or holds it; use two that are apart`,
    },
  ];
}

/** A secret is never shown: not what it is, nor how long. */
function credentialFaults({ s3Credentials, minioCredentials }: StowageConfig): Mistake[] {
  const faults: Mistake[] = [];
  const lacks = (given: unknown, ...names: readonly string[]): boolean => {
    const fields = Object(given) as Record<string, unknown>;
    return names.some((name) => typeof fields[name] !== "string" || fields[name] === "");
  };
  if (s3Credentials !== undefined && typeof s3Credentials !== "function") {
    if (lacks(s3Credentials, "accessKeyId", "secretAccessKey")) {
      faults.push({ name: "s3Credentials", rule: "needs accessKeyId and secretAccessKey" });
    }
  }
  if (minioCredentials !== undefined && typeof minioCredentials !== "function") {
    if (lacks(minioCredentials, "accessKey", "secretKey")) {
      faults.push({ name: "minioCredentials", rule: "needs accessKey and secretKey" });
    }
  }
  return faults;
}

function minioCredentialsOf(
  config: StowageConfig,
  env: Environment,
  location: StoreLocation | undefined,
  mistakes: Mistake[],
): Settings["minioCredentials"] {
  if (config.minioCredentials !== undefined) return config.minioCredentials;
  if (location?.kind !== "minio") return undefined;
  const accessKey = env["MINIO_ACCESS_KEY"] ?? "";
  const secretKey = env["MINIO_SECRET_KEY"] ?? "";
  for (const [name, value] of Object.entries({
    MINIO_ACCESS_KEY: accessKey,
    MINIO_SECRET_KEY: secretKey,
  })) {
    if (value === "") mistakes.push({ name, rule: "is not set; a store on MinIO needs both" });
  }
  return { accessKey, secretKey };
}

function invalidConfig(mistakes: readonly Mistake[]): StowageError {
  const lines = mistakes.map(({ name, shown, rule }) =>
    shown === undefined ? `${name} ${rule}` : `${name} is ${shown}: ${rule}`,
  );
  const message =
    lines.length === 1
      ? `Cannot use the configuration: ${lines[0]}`
      : `Cannot use the configuration, for ${lines.length} reasons:\n${lines.map((line) => `- ${line}`).join("\n")}`;
  return new StowageError("invalid-config", message, { operation: "open" });
}

function text(): v.GenericSchema<unknown, string> {
  return v.string("is no text");
}

function prefix(): v.GenericSchema<unknown, string> {
  const rule = 'use a key such as "datasets" or "team/datasets", with no "user_…" in it';
  return v.pipe(v.string(rule), v.check(isRoot, rule));
}

function isRoot(value: string): boolean {
  try {
    checkRoot(value);
    return true;
  } catch {
    return false;
  }
}

/** A whole number, also as text: `4`, `"4"`, `"5_242_880"`. */
function whole(least: number, most: number, unit: string): v.GenericSchema<unknown, number> {
  const rule = `use a whole number of ${unit} from ${least} to ${most}`;
  return v.pipe(
    v.union(
      [
        v.number(),
        v.pipe(
          v.string(),
          v.regex(/^\d[\d_]*$/),
          v.transform((digits) => Number(digits.replaceAll("_", ""))),
        ),
      ],
      rule,
    ),
    v.integer(rule),
    v.minValue(least, rule),
    v.maxValue(most, rule),
  );
}
