import { createHash, createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { objectKey } from "../../src/domain/object-key.js";
import type { SignedRequest, UrlSigner } from "../../src/ports/url-signer.js";
import { CANARIES, STORES } from "./stores.js";

/** The signature that a URL is to have, by the "Authenticating Requests" of Amazon S3's API reference. */
function signatureOf(
  method: string,
  url: string,
  headers: Readonly<Record<string, string>>,
  secret: string,
): string {
  const { host, pathname, search, searchParams } = new URL(url);
  const parameters = search.slice(1).split("&");
  const query = parameters.filter((one) => !one.startsWith("X-Amz-Signature=")).sort();
  const names = (searchParams.get("X-Amz-SignedHeaders") ?? "").split(";");
  const values = names.map((name) => `${name}:${name === "host" ? host : headers[name]}\n`);
  const canonical = [
    method,
    pathname,
    query.join("&"),
    values.join(""),
    names.join(";"),
    "UNSIGNED-PAYLOAD",
  ].join("\n");
  const [, ...scope] = (searchParams.get("X-Amz-Credential") ?? "").split("/");
  const text = [
    "AWS4-HMAC-SHA256",
    searchParams.get("X-Amz-Date"),
    scope.join("/"),
    createHash("sha256").update(canonical).digest("hex"),
  ].join("\n");
  return hmac(signingKey(secret, scope), text).toString("hex");
}

function signingKey(secret: string, scope: readonly string[]): Buffer {
  return scope.reduce<Buffer>((key, part) => hmac(key, part), Buffer.from(`AWS4${secret}`));
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

test("the example of Amazon S3's API reference has its signature", () => {
  const url =
    "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host";
  expect(signatureOf("GET", url, {}, "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")).toBe(
    "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
  );
});

const [, secret = ""] = CANARIES;
const KEY = objectKey("a b/ü'(*)+&=?/%2e/x;y");

const SIGNINGS: readonly [string, (signer: UrlSigner) => Promise<SignedRequest>][] = [
  ["GET", (signer) => signer.signGet(KEY, { filename: "ü ~.csv", contentType: "text/csv" })],
  [
    "PUT",
    (signer) =>
      signer.signPut(KEY, {
        size: 5,
        contentType: "text/csv; charset=utf-8",
        metadata: { a: "b c", z: "ü" },
        when: { absent: true },
      }),
  ],
  ["part", (signer) => signer.signPart({ key: KEY, uploadId: "u+/=~" }, 3, { size: 5 })],
];

test.each(
  STORES.flatMap(([kind, open]) => SIGNINGS.map(([what, sign]) => ({ kind, open, what, sign }))),
)("$kind signs a $what as the reference says", async ({ open, sign }) => {
  await using store = open("http://minio.internal:9000");
  if (store.signer === undefined) throw new Error("the store has no signer");
  const { method, url, headers } = await sign(store.signer);
  const sent = { ...headers, ...(method === "PUT" ? { "content-length": "5" } : {}) };
  const told = new URL(url).searchParams.get("X-Amz-Signature");
  expect(told).toBe(signatureOf(method, url, sent, secret));
});

test.each(STORES)("%s signs the policy of a form as the reference says", async (_, open) => {
  await using store = open("http://minio.internal:9000");
  const form = await store.signer?.signPost(KEY, { maxBytes: 5 });
  const { policy = "", "x-amz-credential": credential = "" } = form?.fields ?? {};
  const [, ...scope] = credential.split("/");
  const expected = hmac(signingKey(secret, scope), policy).toString("hex");
  expect(form?.fields["x-amz-signature"]).toBe(expected);
});
