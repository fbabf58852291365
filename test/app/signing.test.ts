import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { openFilesystemStore } from "../../src/adapters/filesystem/index.js";
import { MemoryObjectStore } from "../../src/adapters/memory/index.js";
import { systemClock } from "../../src/adapters/system/clock.js";
import { readSettings } from "../../src/app/config/settings.js";
import { RetryingStore } from "../../src/app/retrying-store.js";
import type { SignUploadRequest, Stowage } from "../../src/app/stowage.js";
import { crc32Checksum } from "../../src/domain/checksum.js";
import type { Encryption } from "../../src/ports/object-store.js";
import type { Store } from "../../src/ports/store.js";
import { SigningStore } from "../contract/signing-store.js";
import { failure } from "./engine-rig.js";
import { stowageOn } from "./stowage-on.js";

const CSV = Buffer.from("a,b\n1,2\n");
/** Of the clock here: signed URLs are looked at by a server with a real one. */
const NOW = new Date(Math.floor(Date.now() / 1_000) * 1_000);
const UPLOAD: SignUploadRequest = { userId: 7, name: "housing.csv", size: CSV.length };

let store: SigningStore;

beforeEach(() => {
  store = new SigningStore();
});
afterEach(async () => {
  await store[Symbol.asyncDispose]();
});

function open(beneath: Store = store, encryption?: Encryption): Stowage {
  const clock = {
    now: () => NOW,
    sleep: async () => undefined,
    random: () => 0,
    token: () => "0123456789abcdef0123456789abcdef",
  };
  return stowageOn(beneath, { encryption }, { clock });
}

function stored(userId = 7): Promise<{ key: string; uri: string }> {
  return open().uploadDataset({ userId, source: CSV, name: "Größe 日本.csv" });
}

describe("signDownload", () => {
  it("gives a URL that brings the object, as a file of the name it was uploaded under", async () => {
    const { key, uri } = await stored();
    for (const object of [key, uri]) {
      const signed = await open().signDownload({ userId: "7", object });
      expect(signed).toMatchObject({ method: "GET", key, headers: {} });
      expect(signed.expiresAt).toEqual(new Date(NOW.getTime() + 900_000));
      const answer = await fetch(signed.url);
      expect(Buffer.from(await answer.arrayBuffer())).toEqual(CSV);
      expect(answer.headers.get("content-disposition")).toBe(
        "attachment; filename=\"Gr__e __.csv\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%E6%97%A5%E6%9C%AC.csv",
      );
    }
  });

  it("takes another name and another expiry", async () => {
    const { key } = await stored();
    const request = { userId: 7, object: key, filename: "prices.csv", expiresInSeconds: 60 };
    const { url, expiresAt } = await open().signDownload(request);
    expect(expiresAt).toEqual(new Date(NOW.getTime() + 60_000));
    const { headers } = await fetch(url);
    expect(headers.get("content-disposition")).toBe('attachment; filename="prices.csv"');
  });

  it("signs nothing for another user, whatever is there", async () => {
    const { key, uri } = await stored();
    const asked: string[] = [];
    const watched = watching(store, asked);
    for (const object of [key, uri, "datasets/user_77/20251023_143045_x.csv", "other/x"]) {
      for (const userId of [77, "8", "70"]) {
        if (object.includes(`user_${userId}/`)) continue;
        const error = await failure(open(watched).signDownload({ userId, object }));
        expect(error.code).toBe("access-denied");
      }
    }
    expect(asked).toEqual([]);
  });

  it("refuses an expiry out of bounds", async () => {
    const { key } = await stored();
    for (const expiresInSeconds of [0, 604_801]) {
      const error = await failure(
        open().signDownload({ userId: 7, object: key, expiresInSeconds }),
      );
      expect(error.code).toBe("invalid-argument");
    }
  });
});

describe("signUpload", () => {
  it("gives a URL whose object is known as any other", async () => {
    const stowage = open();
    const checksum = crc32Checksum(crc32(CSV));
    const { method, url, headers, ...signed } = await stowage.signUpload({
      ...UPLOAD,
      checksum,
      metadata: { team: "Zürich" },
    });
    const metadata = {
      team: "Zürich",
      uploaded_at: NOW.toISOString(),
      original_filename: "housing.csv",
      write_token: "0123456789abcdef0123456789abcdef",
    };
    expect(signed).toMatchObject({ contentType: "text/csv", metadata });
    expect(signed.key).toMatch(/^datasets\/user_7\/\d{8}_\d{6}_housing\.csv$/);
    expect(await Array.fromAsync(stowage.list({ userId: 7 }))).toEqual([]);

    expect((await fetch(url, { method, headers, body: CSV })).status).toBe(200);
    const [listed] = await Array.fromAsync(stowage.list({ userId: 7 }));
    expect(listed).toMatchObject({ key: signed.key, uri: signed.uri, filename: "housing.csv" });
    const info = await stowage.info({ userId: 7, object: signed.uri });
    expect(info).toMatchObject({ contentType: "text/csv", metadata, checksum, size: 8 });
    await using object = await stowage.open({ userId: 7, object: signed.key });
    expect(Buffer.concat(await Array.fromAsync(object.body))).toEqual(CSV);
  });

  it("never replaces what is there", async () => {
    const stowage = open();
    const first = await stowage.signUpload(UPLOAD);
    const second = await stowage.signUpload(UPLOAD);
    expect(second.key).toBe(first.key);
    const { method, headers } = first;
    expect((await fetch(first.url, { method, headers, body: CSV })).status).toBe(200);
    const other = Buffer.from("a,b\n3,4\n");
    for (const { url } of [first, second]) {
      expect((await fetch(url, { method, headers, body: other })).status).toBe(412);
    }
    await using object = await stowage.open({ userId: 7, object: first.key });
    expect(Buffer.concat(await Array.fromAsync(object.body))).toEqual(CSV);
  });

  it("takes bytes of the size that was said alone", async () => {
    const { method, url, headers } = await open().signUpload(UPLOAD);
    for (const body of [CSV.subarray(1), Buffer.concat([CSV, CSV])]) {
      expect((await fetch(url, { method, headers, body })).status).toBe(403);
    }
  });

  it("stores a model below models", async () => {
    const { key } = await open().signUpload({ ...UPLOAD, kind: "model" });
    expect(key).toMatch(/^models\/user_7\//);
  });

  it("asks for the encryption of the settings", async () => {
    const encryption = { algorithm: "AES256" } as const;
    expect((await failure(open(store, encryption).signUpload(UPLOAD))).code).toBe("unsupported");
  });

  it.each<[string, Partial<SignUploadRequest>, string]>([
    ["a name with a folder", { name: "../x.csv" }, "invalid-key"],
    ["a user that is none", { userId: "../8" }, "invalid-argument"],
    ["a content type that is none", { contentType: "text/csv\r\nx: y" }, "invalid-argument"],
    ["metadata of Stowage's own", { metadata: { write_token: "x" } }, "invalid-metadata"],
    ["a kind that is none", { kind: "picture" as "model" }, "invalid-argument"],
  ])("refuses %s before it signs", async (_, wrong, code) => {
    const asked: string[] = [];
    const error = await failure(open(watching(store, asked)).signUpload({ ...UPLOAD, ...wrong }));
    expect(error.code).toBe(code);
    expect(asked).toEqual([]);
  });
});

it("says that a directory and memory have no URLs, before any I/O", async () => {
  const folder = await mkdtemp(join(tmpdir(), "stowage-signing-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await using directory = await openFilesystemStore({ directory: folder });
  for (const beneath of [directory, new MemoryObjectStore()]) {
    const stowage = open(beneath);
    const object = "datasets/user_7/20251023_143045_x.csv";
    for (const act of [stowage.signDownload({ userId: 7, object }), stowage.signUpload(UPLOAD)]) {
      const error = await failure(act);
      expect(error).toMatchObject({ code: "unsupported", store: beneath.facts.kind });
    }
  }
});

it("is the store's own also where its requests are sent again", () => {
  const { retry } = readSettings({ store: "memory:" }, {}, "/");
  expect(new RetryingStore(store, systemClock, { retry }).signer).toBe(store.signer);
});

/** A store that notes what it is asked, to sign and else. */
function watching(beneath: Store, asked: string[]): Store {
  const noting = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(of, name) {
        const member: unknown = Reflect.get(of, name, of);
        if (name === "signer") return noting(member as object);
        if (typeof member !== "function") return member;
        if (name === "uri" || name === "keyOf") return member.bind(of);
        return (...args: unknown[]) => {
          asked.push(String(name));
          return member.apply(of, args);
        };
      },
    });
  return noting(beneath);
}
