import { quote, StowageError } from "../domain/errors.js";
import type { ObjectKey } from "../domain/object-key.js";
import { type RetryPolicy, retryDelayMs } from "../domain/retry.js";
import type { Clock } from "../ports/clock.js";
import type { ObjectInfo, OpenObject } from "../ports/object-store.js";
import type { Store } from "../ports/store.js";
import { ReadingProof } from "./reading-proof.js";

/** What objects are read with. */
export interface Reader {
  readonly store: Store;
  readonly clock: Clock;
  readonly retry: RetryPolicy;
}

/** An object whose body is verified as it is read. */
export interface VerifiedObject extends OpenObject {
  /** Of the bytes that have been read so far. */
  readonly proof: ReadingProof;
}

/**
 * Opens a whole object. A body that breaks off is taken up again where it broke off, at the same
 * version; it ends well only when every byte has come and what was kept of them, the store's checksum
 * or a SHA-256, is right.
 */
export async function openVerified(
  reader: Reader,
  key: ObjectKey,
  signal: AbortSignal | undefined,
): Promise<VerifiedObject> {
  const first = await reader.store.get(key, { signal });
  const proof = await ReadingProof.of(first.info);
  const body = verified(reader, key, signal, first, proof);
  return {
    info: first.info,
    body,
    proof,
    [Symbol.asyncDispose]: async () => {
      await body.return(undefined);
      await first[Symbol.asyncDispose]();
    },
  };
}

async function* verified(
  reader: Reader,
  key: ObjectKey,
  signal: AbortSignal | undefined,
  first: OpenObject,
  proof: ReadingProof,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { info } = first;
  let failures = 0;
  let current: OpenObject | undefined = first;
  while (current !== undefined) {
    await using object: OpenObject = current;
    current = undefined;
    try {
      for await (const bytes of object.body) {
        proof.add(bytes);
        failures = 0;
        yield bytes;
      }
      if (proof.bytes < info.size) throw brokenOff(reader.store, key, proof.bytes, info.size);
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof StowageError)) throw error;
      if (proof.bytes >= info.size) break;
      failures += 1;
      const delay = retryDelayMs(error, failures, reader.clock.random(), reader.retry);
      if (delay === undefined) throw error;
      await reader.clock.sleep(delay, signal);
      current = await reader.store.get(key, {
        range: { start: proof.bytes },
        when: { etag: info.etag },
        signal,
      });
    }
  }
  checkBody(reader.store, info, proof);
}

function brokenOff(store: Store, key: ObjectKey, read: number, size: number): StowageError {
  return new StowageError(
    "unavailable",
    `Cannot read ${quote(key)}: the store ended after ${read} of ${size} bytes`,
    { operation: "get", store: store.facts.kind, bucket: store.facts.bucket, key },
  );
}

function checkBody(store: Store, info: ObjectInfo, proof: ReadingProof): void {
  const fault = proof.fault();
  if (fault === undefined) return;
  throw new StowageError("checksum-mismatch", `Cannot trust ${quote(info.key)}: ${fault}`, {
    operation: "get",
    store: store.facts.kind,
    bucket: store.facts.bucket,
    key: info.key,
    remedy: "Download it again; if that does not help, the stored bytes are damaged.",
  });
}
