import { crc32 } from "node:zlib";
import { crc32Checksum } from "../domain/checksum.js";
import { quote, StowageError } from "../domain/errors.js";
import type { ObjectKey } from "../domain/object-key.js";
import { type RetryPolicy, retryDelayMs } from "../domain/retry.js";
import type { Clock } from "../ports/clock.js";
import type { ObjectInfo, OpenObject } from "../ports/object-store.js";
import type { Store } from "../ports/store.js";

/** What objects are read with. */
export interface Reader {
  readonly store: Store;
  readonly clock: Clock;
  readonly retry: RetryPolicy;
}

/** An object whose body is verified as it is read. */
export interface VerifiedObject extends OpenObject {
  /** Of the bytes that have been read so far. */
  readonly soFar: { readonly bytes: number; readonly crc: number };
}

/**
 * Opens a whole object. A body that breaks off is taken up again where it broke off, at the same
 * version; it ends well only when every byte has come and the checksum, where the store kept one, is
 * right.
 */
export async function openVerified(
  reader: Reader,
  key: ObjectKey,
  signal: AbortSignal | undefined,
): Promise<VerifiedObject> {
  const first = await reader.store.get(key, { signal });
  const soFar = { bytes: 0, crc: 0 };
  const body = verified(reader, key, signal, first, soFar);
  return {
    info: first.info,
    body,
    soFar,
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
  soFar: { bytes: number; crc: number },
): AsyncGenerator<Uint8Array, void, undefined> {
  const { info } = first;
  let failures = 0;
  let current: OpenObject | undefined = first;
  while (current !== undefined) {
    await using object: OpenObject = current;
    current = undefined;
    try {
      for await (const bytes of object.body) {
        soFar.crc = crc32(bytes, soFar.crc);
        soFar.bytes += bytes.length;
        failures = 0;
        yield bytes;
      }
      if (soFar.bytes < info.size) throw brokenOff(reader.store, key, soFar.bytes, info.size);
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof StowageError)) throw error;
      if (soFar.bytes >= info.size) break;
      failures += 1;
      const delay = retryDelayMs(error, failures, reader.clock.random(), reader.retry);
      if (delay === undefined) throw error;
      await reader.clock.sleep(delay, signal);
      current = await reader.store.get(key, {
        range: { start: soFar.bytes },
        when: { etag: info.etag },
        signal,
      });
    }
  }
  checkBody(reader.store, info, soFar.bytes, soFar.crc);
}

function brokenOff(store: Store, key: ObjectKey, read: number, size: number): StowageError {
  return new StowageError(
    "unavailable",
    `Cannot read ${quote(key)}: the store ended after ${read} of ${size} bytes`,
    { operation: "get", store: store.facts.kind, bucket: store.facts.bucket, key },
  );
}

function checkBody(store: Store, info: ObjectInfo, read: number, crc: number): void {
  const checksum = crc32Checksum(crc);
  const right = info.checksum === undefined || info.checksum.value === checksum.value;
  if (right && read === info.size) return;
  throw new StowageError(
    "checksum-mismatch",
    `Cannot trust ${quote(info.key)}: ${read} bytes with CRC32 ${checksum.value} came, and ${info.size} with ${info.checksum?.value ?? "no checksum"} are stored`,
    {
      operation: "get",
      store: store.facts.kind,
      bucket: store.facts.bucket,
      key: info.key,
      remedy: "Download it again; if that does not help, the stored bytes are damaged.",
    },
  );
}
