import assert from "node:assert/strict";
import type { ObjectStore } from "../object-store.js";
import type { Store } from "../store.js";
import type { SignedForm, SignedRequest, UrlSigner } from "../url-signer.js";

/** What a server answers to whoever shows a URL that is not good. */
const DENIALS: readonly number[] = [400, 401, 403];

/** A case that signs needs `signer`, and is not run on a store without. */
export function signerOf(store: ObjectStore & Pick<Store, "signer">): UrlSigner {
  assert.ok(store.signer !== undefined, "the store has no signer");
  return store.signer;
}

/** An answer, read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
}

export interface Sending {
  readonly method: string;
  readonly url: string | URL;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Sends a request as anybody would who was given it. */
export async function send(request: Sending, body?: Uint8Array | FormData): Promise<Answer> {
  const { method, url, headers = {} } = request;
  const sent = body instanceof Uint8Array ? new Uint8Array(body) : body;
  const answer = await fetch(url, {
    method,
    headers,
    redirect: "manual",
    ...(sent === undefined ? {} : { body: sent }),
  });
  const bytes = new Uint8Array(await answer.arrayBuffer());
  return { status: answer.status, headers: answer.headers, bytes };
}

/** Sends a form with a file. */
export function sendForm({ url, fields }: SignedForm, bytes: Uint8Array): Promise<Answer> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append("file", new Blob([new Uint8Array(bytes)]), "name-of-the-file");
  return send({ method: "POST", url }, form);
}

/** Expects an answer of success. */
export function good({ status, headers, bytes }: Answer): Answer {
  const text = Buffer.from(bytes.subarray(0, 300)).toString();
  assert.ok(status >= 200 && status < 300, `the answer is ${status} ${text}`);
  return { status, headers, bytes };
}

/** Expects a request to be denied. */
export function denied({ status }: Answer, what: string): void {
  assert.ok(DENIALS.includes(status), `${what} is answered with ${status}; it is to be denied`);
}

/** Expects a request to be refused, for whatever reason. */
export function refusedWith({ status }: Answer, what: string): void {
  assert.ok(status >= 400 && status < 500, `${what} is answered with ${status}`);
}

/** The URL without what was signed. */
export function bare({ url }: SignedRequest): string {
  return url.replace(/\?.*$/, "");
}

/** The URL with each of its parameters changed in turn, and with one more. */
export function altered({ url }: SignedRequest): readonly (readonly [what: string, url: string])[] {
  const [path = "", query = ""] = url.split("?");
  const parameters = query.split("&");
  const changed = parameters.map((parameter, at) => {
    const others = parameters.with(at, `${parameter}0`);
    return [`a changed ${parameter.split("=")[0]}`, `${path}?${others.join("&")}`] as const;
  });
  return [
    ...changed,
    ["a response-content-type that was added", `${url}&response-content-type=text%2Fhtml`],
  ];
}
