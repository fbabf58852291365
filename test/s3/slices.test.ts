import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { crc32 } from "node:zlib";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { RetryingStore } from "../../src/app/retrying-store.js";
import { crc32Checksum } from "../../src/domain/checksum.js";
import { StowageError } from "../../src/domain/errors.js";
import { DEFAULT_RETRY } from "../../src/domain/retry.js";
import type { Upload } from "../../src/ports/multipart-store.js";
import type { Slice } from "../../src/ports/slice.js";
import { stillClock } from "../app/scripted-store.js";
import { someBytes } from "../local/fixtures.js";
import { type Answer, error, object, scriptedServer } from "./scripted-server.js";
import { failureOf, KEY, STORES } from "./stores.js";

const upload: Upload = { key: KEY, uploadId: "upload-1" };
/** Some pieces of 256 KiB, and of 1 MiB, and a rest. */
const bytes = someBytes(5_000_004);
const checksum = crc32Checksum(crc32(bytes));
const sha256 = createHash("sha256").update(bytes).digest("hex");
const stored: Answer = (_, response) => {
  response.writeHead(200, { etag: '"e"' }).end();
};
const lost: Answer = (_request, _response, socket) => {
  socket.resetAndDestroy();
};

/** Bytes as a slice, with how often it was opened and how much was read of it. */
function sliceOf(
  of: Uint8Array = bytes,
  before: (at: number, pass: number) => unknown = () => undefined,
): Slice & { passes: number; readBytes: number } {
  const slice = {
    size: of.length,
    passes: 0,
    readBytes: 0,
    open: () => {
      slice.passes += 1;
      const pass = slice.passes;
      let at = 0;
      return async (memory: Uint8Array) => {
        await before(at, pass);
        memory.set(of.subarray(at, at + memory.length));
        at += memory.length;
        slice.readBytes += memory.length;
      };
    },
  };
  return slice;
}

describe.each(STORES)("%s sends a slice", (_, open) => {
  test("with its length and its hash, which is taken in a pass of its own", async () => {
    await using server = await scriptedServer(stored);
    await using store = open(server.url);
    const slice = sliceOf();
    const part = await store.uploadPart(upload, 3, slice, { checksum });
    expect(part).toMatchObject({ partNumber: 3, size: bytes.length, etag: "e" });
    const [{ headers, bytes: arrived } = { headers: {}, bytes: Buffer.alloc(0) }] = server.received;
    expect(Buffer.compare(arrived, bytes)).toBe(0);
    expect(headers).toMatchObject({
      "content-length": String(bytes.length),
      "x-amz-content-sha256": sha256,
      "x-amz-checksum-crc32": checksum.value,
    });
    for (const name of ["transfer-encoding", "content-encoding", "x-amz-trailer", "expect"]) {
      expect(headers).not.toHaveProperty(name);
    }
    expect(slice.passes).toBe(2);
  });

  test("in one pass where the bytes are not signed", async () => {
    await using server = await scriptedServer(stored);
    await using store = open(server.url, { payloadSigning: "never" });
    const slice = sliceOf();
    await store.uploadPart(upload, 1, slice, { checksum });
    expect(server.received[0]?.headers["x-amz-content-sha256"]).toBe("UNSIGNED-PAYLOAD");
    expect(slice.passes).toBe(1);
  });

  test("again from its beginning when the answer is lost", async () => {
    await using server = await scriptedServer([lost, error(503, "SlowDown"), stored]);
    await using plain = open(server.url);
    const store = new RetryingStore(plain, stillClock(), { retry: DEFAULT_RETRY });
    const slice = sliceOf();
    const complaints = vi.spyOn(console, "warn");
    await store.uploadPart(upload, 1, slice, { checksum });
    expect(complaints).not.toHaveBeenCalled();
    expect(server.received).toHaveLength(3);
    for (const { bytes: arrived } of server.received) {
      expect(Buffer.compare(arrived, bytes)).toBe(0);
    }
    expect(slice.passes).toBe(6);
  });

  test.each([1, 2])(
    "never to its end when reading it fails in pass %i, and tells why",
    async (pass) => {
      await using server = await scriptedServer(stored);
      await using store = open(server.url);
      const fault = new StowageError(
        "source-changed",
        "Cannot go on with the file: it has changed",
      );
      const slice = sliceOf(bytes, (at, now) => {
        if (now === pass && at > 4_000_000) throw fault;
      });
      const failed = await failureOf(store.uploadPart(upload, 1, slice, { checksum }));
      expect(failed).toBe(fault);
      expect(Object.keys(fault.facts())).toEqual(["retryable"]);
      await until(() => server.sockets.size === 0);
      expect(server.received).toEqual([]);
    },
  );

  test("never to its end to a server that verifies nothing, when it has another checksum", async () => {
    await using server = await scriptedServer(stored);
    await using store = open(server.url, { profile: "ceph" });
    const other = crc32Checksum(crc32(Buffer.from("other")));
    const sent = store.uploadPart(upload, 1, sliceOf(), { checksum: other });
    expect(await failureOf(sent)).toMatchObject({
      code: "checksum-mismatch",
      outcome: "not-applied",
    });
    expect(server.received).toEqual([]);
  });

  test("no further when it is aborted", async () => {
    await using server = await scriptedServer(stored);
    await using store = open(server.url);
    const leaving = new AbortController();
    const reason = new Error("enough");
    const slice = sliceOf(bytes, (at, pass) => {
      if (pass === 2 && at > 1_000_000) leaving.abort(reason);
    });
    const { signal } = leaving;
    expect(await failureOf(store.uploadPart(upload, 1, slice, { checksum, signal }))).toBe(reason);
    await until(() => server.sockets.size === 0);
    expect(slice.readBytes).toBeLessThan(bytes.length + 2_000_000);
    expect(server.received).toEqual([]);
  });

  test("no further when the server has answered, and lets go of the connection", async () => {
    const early = await earlyServer();
    await using store = open(early.url, { maxSockets: 1 });
    const slice = sliceOf(someBytes(60_000_000));
    const call = store.uploadPart(upload, 1, slice);
    expect(await failureOf(call)).toMatchObject({ code: "access-denied", status: 403 });
    const { readBytes } = slice;
    expect(readBytes).toBeLessThan(2 * slice.size);
    // The one connection that there may be is free for another request.
    await store.head(KEY);
    expect(slice.readBytes - readBytes).toBeLessThan(1_000_000);
  });
});

/** Waits until a thing that is under way has come about. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

/** A server that refuses parts by their headers, and takes nothing of their bodies. */
async function earlyServer(): Promise<{ url: string }> {
  const server = createServer((request, response) => {
    if (request.method === "HEAD") {
      object("")({ ...request, method: "HEAD" } as never, response, request.socket);
      return;
    }
    request.pause();
    response.writeHead(403, { "content-type": "application/xml" });
    response.end("<Error><Code>AccessDenied</Code><Message>no</Message></Error>");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}
