import { inspect } from "node:util";
import { expect } from "vitest";
import { openMinioStore } from "../../src/adapters/minio/index.js";
import { openS3Store } from "../../src/adapters/s3/index.js";
import type { PayloadSigning } from "../../src/adapters/s3-protocol/payloads.js";
import { type ObjectKey, objectKey } from "../../src/domain/object-key.js";
import type { OpenStore } from "../../src/ports/store.js";

/** Must be found in nothing that is told. */
export const CANARIES: readonly string[] = ["canary-access-7d1f", "canary-secret-93ac"];
const [accessKey = "", secretKey = ""] = CANARIES;

export interface Overrides {
  readonly bucket?: string;
  readonly profile?: string;
  readonly region?: string;
  readonly connectTimeoutMs?: number;
  readonly idleTimeoutMs?: number;
  readonly requestTimeoutMs?: number;
  readonly maxSockets?: number;
  readonly payloadSigning?: PayloadSigning;
}

export type Open = (endpoint: string, overrides?: Overrides) => OpenStore;

/** Both stores, each opened on a server that the test scripts. */
export const STORES: readonly (readonly [kind: string, open: Open])[] = [
  [
    "s3",
    (endpoint, overrides) =>
      openS3Store({
        bucket: "bucket",
        endpoint,
        profile: "aws",
        credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
        ...overrides,
      }),
  ],
  [
    "minio",
    (endpoint, overrides) =>
      openMinioStore({
        bucket: "bucket",
        endpoint,
        profile: "aws",
        accessKey,
        secretKey,
        ...overrides,
      }),
  ],
];

export const KEY: ObjectKey = objectKey("folder/name");
export const BYTES: Uint8Array = new TextEncoder().encode("hello");

/** What a call rejects with. */
export async function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    (value) => {
      throw new Error(`resolved with ${JSON.stringify(value)}`);
    },
    (error: unknown) => error,
  );
}

export async function taken<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Expects no credential in a value, however it is looked at. */
export function expectNoSecret(value: unknown): void {
  const texts = [
    inspect(value, { showHidden: true, depth: 9, getters: true }),
    JSON.stringify(value) ?? "",
    String(value instanceof Error ? value.stack : value),
  ];
  for (const text of texts) {
    for (const canary of CANARIES) expect(text).not.toContain(canary);
    expect(text).not.toMatch(/AWS4-HMAC|Signature=[0-9a-f]|authorization/i);
  }
}
