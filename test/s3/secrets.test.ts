import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import type { Store } from "../../src/ports/store.js";
import { type Answer, error, object, plain, scriptedServer, xml } from "./scripted-server.js";
import { BYTES, CANARIES, expectNoSecret, KEY, STORES, taken } from "./stores.js";

/** Gives the signature back, as some servers do. */
const echo: Answer = (request, response, socket) => {
  const message = `got ${request.headers.authorization ?? "nothing"} in ${request.url}?X-Amz-Credential=canary-access-7d1f%2Fus-east-1&X-Amz-Signature=abcdef`;
  const answer = xml(
    403,
    `<Error><Code>SignatureDoesNotMatch</Code><Message>${message}</Message><AWSAccessKeyId>canary-access-7d1f</AWSAccessKeyId><StringToSign>AWS4-HMAC-SHA256</StringToSign></Error>`,
  );
  answer(request, response, socket);
};

const SCRIPTS: readonly (readonly [string, Answer])[] = [
  ["a signature that is sent back", echo],
  ["a refusal", error(403, "AccessDenied")],
  ["a failure", error(500, "InternalError")],
  ["a page", plain(200, "<html>")],
  ["a page with a failure", plain(503, "<html>")],
  ["half an answer", plain(200, "<ListBucketResult><Key>")],
  ["a wrong time", object("hello", { "last-modified": "yesterday" })],
  ["a reset", (_request, _response, socket) => socket.resetAndDestroy()],
  ["silence", () => undefined],
];

const ACTS: readonly ((store: Store) => Promise<unknown>)[] = [
  (store) => store.put(KEY, BYTES),
  (store) => store.head(KEY),
  (store) => store.get(KEY).then(({ body }) => taken(body)),
  (store) => taken(store.list()),
  (store) =>
    store.completeUpload({ key: KEY, uploadId: "u" }, [{ partNumber: 1, size: 5, etag: "e" }]),
];

describe.each(STORES)("%s tells no secret", (_, open) => {
  test.each(SCRIPTS)("in its errors: %s", async (__, answer) => {
    await using server = await scriptedServer(answer);
    await using store = open(server.url, { idleTimeoutMs: 100 });
    for (const act of ACTS) {
      const failure = await act(store).catch((caught: unknown) => caught);
      if (failure instanceof Error) expectNoSecret(failure);
    }
  });

  test("when it is looked at", async () => {
    await using server = await scriptedServer(object("hello"));
    await using store = open(server.url);
    await store.head(KEY);
    expectNoSecret(store);
    await using opened = await store.get(KEY);
    for (const canary of CANARIES) expect(inspect(opened.info)).not.toContain(canary);
  });
});
