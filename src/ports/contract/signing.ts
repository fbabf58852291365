import assert from "node:assert/strict";
import { absent, read, refused, sameBytes } from "./assertions.js";
import type { ContractCase, ContractContext } from "./case.js";
import { NASTY } from "./keys.js";
import { sampleBytes, utf8 } from "./sample.js";
import { altered, bare, denied, good, send, signerOf } from "./signed.js";

const OWN = "A signed URL is good for its own method and key alone.";
const CHANGED = "A signed URL that was changed is denied.";
const EXPIRED = "A signed URL that has expired is denied.";
const SEVEN_DAYS = 604_800;
const TOLD =
  "A signed GET tells the content type, the disposition and the file name that were signed with it.";
const NOTHING_ADDED = "No content type and no file name can add to the headers of a signed GET.";

/** The header as RFC 6266 has it, with the name in ASCII and the whole of it. */
const DISPOSITION =
  /^(inline|attachment); filename="([^"\\]*)"(?:; filename\*=UTF-8''([\w!#$&+.^`|~%-]+))?$/;

const FILENAMES: readonly string[] = [
  "housing data.csv",
  "住宅 データ 🏠.csv",
  'a"; filename="evil.exe',
  'a\\"b\\',
  "100%.csv; x=y",
  "%0d%0aset-cookie: a=b",
];

/** Of signed URLs, and of those for a GET. */
export const signingCases: readonly ContractCase[] = [
  {
    id: "S11",
    promise: "Nothing is sent to sign.",
    needs: ["signer", "bucket"],
    run: async ({ key, withoutBucket }) => {
      const store = await withoutBucket();
      assert.ok(store !== undefined);
      const signer = signerOf(store);
      await signer.signGet(key("object"));
      await signer.signPut(key("object"), { size: 1 });
      await signer.signPart({ key: key("object"), uploadId: "unknown" }, 1, { size: 1 });
    },
  },
  {
    id: "S01",
    promise: OWN,
    needs: ["signer"],
    run: async ({ store, key }) => {
      const bytes = utf8("bytes");
      await store.put(key("object"), bytes);
      const { url } = await signerOf(store).signGet(key("object"));
      for (const method of ["PUT", "DELETE", "HEAD"]) {
        const body = method === "PUT" ? utf8("other") : undefined;
        denied(await send({ method, url }, body), `a ${method} by the URL of a GET`);
      }
      sameBytes((await read(store, key("object"))).bytes, bytes);
    },
  },
  {
    id: "S01-put",
    promise: OWN,
    needs: ["signer"],
    run: async ({ store, key }) => {
      const bytes = utf8("bytes");
      await store.put(key("object"), bytes);
      const { url, headers } = await signerOf(store).signPut(key("object"), { size: 5 });
      for (const method of ["GET", "DELETE"]) {
        denied(await send({ method, url, headers }), `a ${method} by the URL of a PUT`);
      }
      sameBytes((await read(store, key("object"))).bytes, bytes);
    },
  },
  {
    id: "S01-key",
    promise: OWN,
    needs: ["signer"],
    run: async ({ store, key }) => {
      await store.put(key("object"), utf8("bytes"));
      await store.put(key("secret"), utf8("secret"));
      const { url } = await signerOf(store).signGet(key("object"));
      good(await send({ method: "GET", url }));
      const other = url.replace("/object?", "/secret?");
      assert.notEqual(other, url);
      denied(await send({ method: "GET", url: other }), "another key by the URL of one");
    },
  },
  {
    id: "S01-put-key",
    promise: OWN,
    needs: ["signer"],
    run: async ({ store, key }) => {
      const { url, headers } = await signerOf(store).signPut(key("object"), { size: 5 });
      const other = url.replace("/object?", "/secret?");
      assert.notEqual(other, url);
      denied(await send({ method: "PUT", url: other, headers }, utf8("bytes")), "another key");
      await absent(store, key("secret"));
    },
  },
  {
    id: "S02",
    promise: "A URL without its signature is denied.",
    needs: ["signer"],
    run: async ({ store, key }) => {
      const bytes = utf8("bytes");
      await store.put(key("object"), bytes);
      const get = await signerOf(store).signGet(key("object"));
      good(await send(get));
      denied(await send({ method: "GET", url: bare(get) }), "a GET without a signature");
      const put = await signerOf(store).signPut(key("object"), { size: 5 });
      const { headers } = put;
      const unsigned = { method: "PUT", url: bare(put), headers };
      denied(await send(unsigned, utf8("other")), "a PUT without a signature");
      sameBytes((await read(store, key("object"))).bytes, bytes);
    },
  },
  {
    id: "S03",
    promise:
      "An expiry outside 1 to 604,800 seconds is refused with `invalid-argument` before any I/O.",
    needs: ["signer"],
    run: async ({ store, key }) => {
      const signer = signerOf(store);
      const upload = { key: key("object"), uploadId: "unknown" };
      for (const expiresInSeconds of [0, -1, 1.5, SEVEN_DAYS + 1, Number.NaN, Infinity]) {
        const options = { expiresInSeconds, size: 1 };
        await refused(signer.signGet(key("object"), options), "invalid-argument");
        await refused(signer.signPut(key("object"), options), "invalid-argument");
        await refused(signer.signPart(upload, 1, options), "invalid-argument");
      }
      const startsAt = new Date(Math.floor(Date.now() / 1_000) * 1_000);
      for (const seconds of [1, SEVEN_DAYS, undefined]) {
        const options = { startsAt, expiresInSeconds: seconds };
        const { expiresAt } = await signer.signGet(key("object"), options);
        assert.equal(expiresAt.getTime() - startsAt.getTime(), (seconds ?? 900) * 1_000);
      }
    },
  },
  {
    id: "S03-expired",
    promise: EXPIRED,
    needs: ["signer"],
    run: async ({ store, key }) => {
      const bytes = utf8("bytes");
      await store.put(key("object"), bytes);
      const signer = signerOf(store);
      const get = await signer.signGet(key("object"), longAgo());
      denied(await send(get), "a GET that has expired");
      const put = await signer.signPut(key("object"), { size: 5, ...longAgo() });
      denied(await send(put, utf8("other")), "a PUT that has expired");
      sameBytes((await read(store, key("object"))).bytes, bytes);
    },
  },
  {
    id: "S04",
    promise: CHANGED,
    needs: ["signer"],
    run: async ({ store, key }) => {
      await store.put(key("object"), utf8("bytes"));
      const get = await signerOf(store).signGet(key("object"));
      good(await send(get));
      for (const [what, url] of altered(get)) denied(await send({ method: "GET", url }), what);
    },
  },
  {
    id: "S04-told",
    promise: CHANGED,
    needs: ["signer"],
    run: async ({ store, key }) => {
      await store.put(key("object"), utf8("bytes"));
      const options = { filename: "name.csv", contentType: "text/csv" };
      const get = await signerOf(store).signGet(key("object"), options);
      good(await send(get));
      for (const [from, to] of [
        ["name.csv", "name.exe"],
        ["text%2Fcsv", "text%2Fhtml"],
      ] as const) {
        const url = get.url.replace(from, to);
        // What stands in no URL in the clear, nobody can change there.
        if (url === get.url) continue;
        denied(await send({ method: "GET", url }), `${to} instead of ${from}`);
      }
    },
  },
  {
    id: "S08",
    promise: "Every key can be signed.",
    needs: ["signer"],
    run: async ({ store, key }) => {
      for (const [at, name] of Object.values(NASTY).entries()) {
        const bytes = sampleBytes(100, at + 1);
        await store.put(key(name), bytes);
        const answer = await send(await signerOf(store).signGet(key(name)));
        sameBytes(good(answer).bytes, bytes);
      }
    },
  },
  {
    id: "S08-put",
    promise: "Every key can be signed.",
    needs: ["signer"],
    run: async ({ store, key }) => {
      for (const [at, name] of Object.values(NASTY).entries()) {
        const bytes = sampleBytes(100, at + 1);
        const put = await signerOf(store).signPut(key(name), { size: bytes.length });
        good(await send(put, bytes));
        sameBytes((await read(store, key(name))).bytes, bytes);
      }
    },
  },
  {
    id: "S12",
    promise: "A signed GET gives the bytes and the content type of its object, as a get does.",
    needs: ["signer"],
    run: async ({ store, key }) => {
      const bytes = sampleBytes(70_000);
      await store.put(key("object"), bytes, { contentType: "text/x-table" });
      const get = await signerOf(store).signGet(key("object"));
      assert.deepEqual(
        { method: get.method, headers: get.headers },
        { method: "GET", headers: {} },
      );
      const { headers, bytes: got } = good(await send(get));
      sameBytes(got, bytes);
      assert.equal(headers.get("content-type"), "text/x-table");
    },
  },
  {
    id: "S09",
    promise: TOLD,
    needs: ["signer"],
    run: async (context) => {
      for (const filename of FILENAMES) {
        const header = await dispositionOf(context, { filename });
        const [, kind, plain = "", extended] = DISPOSITION.exec(header ?? "") ?? [];
        assert.equal(kind, "attachment", `${header} is no such header`);
        const told = extended === undefined ? plain : decodeURIComponent(extended);
        assert.equal(told, filename);
      }
      assert.equal(await dispositionOf(context, { disposition: "inline" }), "inline");
      assert.equal(await dispositionOf(context, {}), null);
    },
  },
  {
    id: "S09-type",
    promise: TOLD,
    needs: ["signer"],
    run: async ({ store, key }) => {
      await store.put(key("object"), utf8("a,b\n"), { contentType: "text/html" });
      const get = await signerOf(store).signGet(key("object"), { contentType: "text/x-table" });
      assert.equal(good(await send(get)).headers.get("content-type"), "text/x-table");
    },
  },
  {
    id: "S09-injection",
    promise: NOTHING_ADDED,
    needs: ["signer"],
    run: async (context) => {
      const { store, key } = context;
      const signer = signerOf(store);
      for (const control of ["\r\nset-cookie: a=b", "\n", "\r", "\0", "\u0085"]) {
        const [filename, contentType] = [`a${control}.csv`, `text/csv${control}`];
        await refused(signer.signGet(key("object"), { filename }), "invalid-argument");
        await refused(signer.signGet(key("object"), { contentType }), "invalid-argument");
      }
      for (const filename of FILENAMES) {
        const header = await dispositionOf(context, { filename });
        assert.match(header ?? "", DISPOSITION);
      }
    },
  },
];

/** A time that has been over for long, whatever the clocks of a server and this machine. */
export function longAgo(): { readonly startsAt: Date; readonly expiresInSeconds: number } {
  return { startsAt: new Date(Date.now() - 86_400_000), expiresInSeconds: 60 };
}

async function dispositionOf(
  { store, key }: ContractContext,
  options: { filename?: string; disposition?: "inline" },
): Promise<string | null> {
  await store.put(key("object"), utf8("a,b\n"));
  const get = await signerOf(store).signGet(key("object"), options);
  const { headers } = good(await send(get));
  assert.equal(headers.get("set-cookie"), null);
  return headers.get("content-disposition");
}
