import assert from "node:assert/strict";
import { absent, read, refused, sameBytes, taken } from "./assertions.js";
import type { ContractCase } from "./case.js";
import { checksumOf, sampleBytes, utf8 } from "./sample.js";
import { denied, good, refusedWith, send, sendForm, signerOf } from "./signed.js";
import { longAgo } from "./signing.js";

const HEADERS = "A signed PUT with other headers than were signed is denied.";
const CHECKSUM =
  "A signed PUT whose bytes do not have the checksum that was signed is refused, and stores nothing.";
const CREATE = "A signed PUT with `when.absent` on a taken key is refused, and replaces nothing.";
const FIELDS = "A signed form with another field than was signed is denied.";
const UNSUPPORTED =
  "A store that cannot honour an option refuses it with `unsupported` before any I/O.";
const METADATA = { source: "Zürich", other_name: "x" };

/** Of signed PUTs. */
const putCases: readonly ContractCase[] = [
  {
    id: "S13",
    promise: "A signed PUT stores what a put does: bytes, content type and metadata.",
    needs: ["signer"],
    run: async ({ store, key }) => {
      const bytes = sampleBytes(70_000);
      const options = { size: bytes.length, contentType: "text/x-table", metadata: METADATA };
      const put = await signerOf(store).signPut(key("object"), options);
      const { headers } = good(await send(put, bytes));
      const { info, bytes: stored } = await read(store, key("object"));
      sameBytes(stored, bytes);
      assert.equal(info.contentType, "text/x-table");
      assert.deepEqual(info.metadata, METADATA);
      assert.equal(headers.get("etag")?.replaceAll('"', ""), info.etag);
    },
  },
  {
    id: "S13-empty",
    promise: "A signed PUT stores what a put does: bytes, content type and metadata.",
    needs: ["signer"],
    run: async ({ store, key }) => {
      const put = await signerOf(store).signPut(key("object"), { size: 0 });
      good(await send(put, utf8("")));
      const { info, bytes } = await read(store, key("object"));
      assert.equal(bytes.length, 0);
      assert.equal(info.contentType, "application/octet-stream");
    },
  },
  {
    id: "S05",
    promise: HEADERS,
    needs: ["signer"],
    run: async ({ store, key }) => {
      const options = { size: 5, contentType: "text/csv", metadata: METADATA };
      const put = await signerOf(store).signPut(key("object"), options);
      const [name = ""] = Object.keys(put.headers).filter((header) => header.includes("source"));
      assert.notEqual(name, "", "the metadata is not among the headers");
      for (const [what, change] of [
        ["another content type", { "content-type": "text/html" }],
        ["another value of metadata", { [name]: "other" }],
      ] as const) {
        const headers = { ...put.headers, ...change };
        denied(await send({ ...put, headers }, utf8("bytes")), what);
      }
      await absent(store, key("object"));
      good(await send(put, utf8("bytes")));
    },
  },
  {
    id: "S05-less",
    promise: HEADERS,
    needs: ["signer"],
    run: async ({ store, key }) => {
      const options = { size: 5, contentType: "text/csv", metadata: METADATA };
      const put = await signerOf(store).signPut(key("object"), options);
      for (const name of Object.keys(put.headers)) {
        const { [name]: _, ...headers } = put.headers;
        denied(await send({ ...put, headers }, utf8("bytes")), `a PUT without ${name}`);
      }
      await absent(store, key("object"));
    },
  },
  {
    id: "S05-size",
    promise: "A signed PUT of more or fewer bytes than were signed is denied.",
    needs: ["signer"],
    run: async ({ store, key }) => {
      const put = await signerOf(store).signPut(key("object"), { size: 5 });
      for (const text of ["bytes, and more", "byte", ""]) {
        denied(await send(put, utf8(text)), `a PUT of ${text.length} bytes by a URL for 5`);
      }
      await absent(store, key("object"));
      good(await send(put, utf8("bytes")));
    },
  },
  {
    id: "S05-checksum",
    promise: CHECKSUM,
    needs: ["signer", "signer.checksums"],
    run: async ({ store, key }) => {
      const checksum = checksumOf(utf8("bytes"));
      const put = await signerOf(store).signPut(key("object"), { size: 5, checksum });
      refusedWith(await send(put, utf8("bytez")), "a PUT of other bytes than were signed");
      await absent(store, key("object"));
      good(await send(put, utf8("bytes")));
      assert.deepEqual((await store.head(key("object"))).checksum, checksum);
    },
  },
  {
    id: "S06",
    promise: CREATE,
    needs: ["signer", "conditions.put"],
    run: async ({ store, key }) => {
      const options = { size: 5, when: { absent: true } } as const;
      const put = await signerOf(store).signPut(key("object"), options);
      good(await send(put, utf8("first")));
      refusedWith(await send(put, utf8("other")), "a PUT onto a taken key");
      sameBytes((await read(store, key("object"))).bytes, utf8("first"));
    },
  },
  {
    id: "S06-without",
    promise: HEADERS,
    needs: ["signer", "conditions.put"],
    run: async ({ store, key }) => {
      await store.put(key("object"), utf8("first"));
      const options = { size: 5, when: { absent: true } } as const;
      const put = await signerOf(store).signPut(key("object"), options);
      const { "if-none-match": condition, ...headers } = put.headers;
      assert.notEqual(condition, undefined, "the condition is not among the headers");
      denied(await send({ ...put, headers }, utf8("other")), "a PUT without its condition");
      sameBytes((await read(store, key("object"))).bytes, utf8("first"));
    },
  },
  {
    id: "S14",
    promise: "A signed PUT that asks for encryption stores an encrypted object.",
    needs: ["signer", "encryption.AES256"],
    run: async ({ store, key }) => {
      const options = { size: 5, encryption: { algorithm: "AES256" } } as const;
      const put = await signerOf(store).signPut(key("object"), options);
      good(await send(put, utf8("bytes")));
      assert.equal((await store.head(key("object"))).encryption, "AES256");
    },
  },
];

/** Of signed forms. */
const formCases: readonly ContractCase[] = [
  {
    id: "S10",
    promise: "A signed form stores its file with the content type and metadata that were signed.",
    needs: ["signer"],
    run: async ({ store, key }) => {
      const bytes = sampleBytes(70_000);
      const options = { maxBytes: 70_000, contentType: "text/x-table", metadata: METADATA };
      good(await sendForm(await signerOf(store).signPost(key("object"), options), bytes));
      const { info, bytes: stored } = await read(store, key("object"));
      sameBytes(stored, bytes);
      assert.equal(info.contentType, "text/x-table");
      assert.deepEqual(info.metadata, METADATA);
    },
  },
  {
    id: "S10-size",
    promise: "A signed form refuses a file of fewer bytes than its least, or more than its most.",
    needs: ["signer"],
    run: async ({ store, key }) => {
      const form = await signerOf(store).signPost(key("object"), { minBytes: 4, maxBytes: 6 });
      for (const text of ["abc", "abcdefg", ""]) {
        const answer = await sendForm(form, utf8(text));
        refusedWith(answer, `a file of ${text.length} bytes by a form for 4 to 6`);
      }
      await absent(store, key("object"));
      for (const text of ["abcd", "abcdef"]) good(await sendForm(form, utf8(text)));
    },
  },
  {
    id: "S10-fields",
    promise: FIELDS,
    needs: ["signer"],
    run: async ({ store, key }) => {
      const options = { maxBytes: 5, contentType: "text/csv", metadata: METADATA };
      const form = await signerOf(store).signPost(key("object"), options);
      const names = Object.keys(form.fields);
      const nameOf = (value: string): string =>
        names.find((name) => form.fields[name] === value) ?? assert.fail(`no field has ${value}`);
      for (const [name, value] of [
        [nameOf(key("object")), key("other")],
        [nameOf("text/csv"), "text/html"],
        [nameOf("x"), "y"],
      ] as const) {
        const fields = { ...form.fields, [name]: value };
        denied(await sendForm({ ...form, fields }, utf8("bytes")), `a form with another ${name}`);
      }
      await absent(store, key("object"));
      await absent(store, key("other"));
    },
  },
  {
    id: "S10-signature",
    promise: FIELDS,
    needs: ["signer"],
    run: async ({ store, key }) => {
      const form = await signerOf(store).signPost(key("object"), { maxBytes: 5 });
      for (const [name, value] of Object.entries(form.fields)) {
        // A form without its key is none; of that each server thinks its own.
        if (value === key("object")) continue;
        const { [name]: _, ...fields } = form.fields;
        denied(await sendForm({ ...form, fields }, utf8("bytes")), `a form without ${name}`);
        const changed = { ...form, fields: { ...form.fields, [name]: `${value}0` } };
        denied(await sendForm(changed, utf8("bytes")), `a form with another ${name}`);
      }
      await absent(store, key("object"));
    },
  },
  {
    id: "S10-added",
    promise: FIELDS,
    needs: ["signer"],
    run: async ({ store, key }) => {
      const options = { maxBytes: 5, metadata: { source: "x" } };
      const form = await signerOf(store).signPost(key("object"), options);
      const [name = ""] = Object.keys(form.fields).filter((field) => field.includes("source"));
      assert.notEqual(name, "", "the metadata is not among the fields");
      const fields = { ...form.fields, [name.replace("source", "added")]: "x" };
      denied(await sendForm({ ...form, fields }, utf8("bytes")), "a form with one field more");
      await absent(store, key("object"));
    },
  },
  {
    id: "S10-expired",
    promise: "A signed URL that has expired is denied.",
    needs: ["signer"],
    run: async ({ store, key }) => {
      const form = await signerOf(store).signPost(key("object"), { maxBytes: 5, ...longAgo() });
      denied(await sendForm(form, utf8("bytes")), "a form that has expired");
      await absent(store, key("object"));
    },
  },
  {
    id: "S10-filename",
    promise:
      "A form for a key that a server would put the file's name into is refused with `invalid-key`.",
    needs: ["signer"],
    run: async ({ store, key }) => {
      const sign = signerOf(store).signPost(key(`a/$\{filename}`), { maxBytes: 5 });
      await refused(sign, "invalid-key");
    },
  },
];

/** Of signed parts. */
const partCases: readonly ContractCase[] = [
  {
    id: "S15",
    promise: "A signed part is stored as the part of its number.",
    needs: ["multipart", "signer"],
    run: async ({ store, key, partBytes }) => {
      const signer = signerOf(store);
      const upload = await store.createUpload(key("object"));
      const bodies = [sampleBytes(partBytes, 1), sampleBytes(100, 2)];
      for (const [at, bytes] of [...bodies.entries()].reverse()) {
        const part = await signer.signPart(upload, at + 1, { size: bytes.length });
        const { headers } = good(await send(part, bytes));
        assert.notEqual(headers.get("etag"), null);
      }
      const parts = await taken(store.listParts(upload));
      assert.deepEqual(
        parts.map(({ partNumber, size }) => [partNumber, size]),
        bodies.map((bytes, at) => [at + 1, bytes.length]),
      );
      await store.completeUpload(upload, parts);
      sameBytes((await read(store, key("object"))).bytes, Buffer.concat(bodies));
    },
  },
  {
    id: "S15-size",
    promise: "A signed part of more or fewer bytes than were signed is denied.",
    needs: ["multipart", "signer"],
    run: async ({ store, key }) => {
      const upload = await store.createUpload(key("object"));
      const part = await signerOf(store).signPart(upload, 1, { size: 5 });
      for (const text of ["bytes, and more", "byte"]) {
        denied(await send(part, utf8(text)), `a part of ${text.length} bytes by a URL for 5`);
      }
      assert.deepEqual(await taken(store.listParts(upload)), []);
    },
  },
  {
    id: "S15-other",
    promise: "A signed URL that was changed is denied.",
    needs: ["multipart", "signer"],
    run: async ({ store, key }) => {
      const upload = await store.createUpload(key("object"));
      const other = await store.createUpload(key("object"));
      const part = await signerOf(store).signPart(upload, 1, { size: 5 });
      const ofOther = await signerOf(store).signPart(other, 1, { size: 5 });
      const parametersOf = (url: string): readonly string[] => (url.split("?")[1] ?? "").split("&");
      const swaps = parametersOf(part.url).map((parameter, at) => [
        parameter,
        parametersOf(ofOther.url)[at] ?? parameter,
      ]);
      let url = part.url;
      for (const [from = "", to = ""] of swaps) {
        if (!/signature/i.test(from)) url = url.replace(from, to);
      }
      assert.notEqual(url, part.url);
      denied(await send({ ...part, url }, utf8("bytes")), "a part of another upload");
      assert.deepEqual(await taken(store.listParts(other)), []);
    },
  },
];

/** Of options that a store does not honour. */
const refusalCases: readonly ContractCase[] = [
  {
    id: "E09-sign-put",
    promise: UNSUPPORTED,
    needs: ["signer", "!conditions.put"],
    run: async ({ store, key }) => {
      const options = { size: 5, when: { absent: true } } as const;
      await refused(signerOf(store).signPut(key("object"), options), "unsupported");
    },
  },
  {
    id: "E09-sign-AES256",
    promise: UNSUPPORTED,
    needs: ["signer", "!encryption.AES256"],
    run: async ({ store, key }) => {
      const encryption = { algorithm: "AES256" } as const;
      const signer = signerOf(store);
      await refused(signer.signPut(key("object"), { size: 5, encryption }), "unsupported");
      await refused(signer.signPost(key("object"), { maxBytes: 5, encryption }), "unsupported");
    },
  },
  {
    id: "E09-sign-checksum",
    promise: UNSUPPORTED,
    needs: ["signer", "!signer.checksums"],
    run: async ({ store, key }) => {
      const options = { size: 5, checksum: checksumOf(utf8("bytes")) };
      const signer = signerOf(store);
      await refused(signer.signPut(key("object"), options), "unsupported");
      const upload = { key: key("object"), uploadId: "unknown" };
      await refused(signer.signPart(upload, 1, options), "unsupported");
    },
  },
];

export const signedWriteCases: readonly ContractCase[] = [
  ...putCases,
  ...formCases,
  ...partCases,
  ...refusalCases,
];
