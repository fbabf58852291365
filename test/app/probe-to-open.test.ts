import { describe, expect, it } from "vitest";
import { PROFILE_NAMES } from "../../src/adapters/s3-protocol/profiles.js";
import { SERVER_PROFILES, serverProfile } from "../../src/app/config/location.js";
import { readSettings } from "../../src/app/config/settings.js";
import { examineStore } from "../../src/app/modules/examine-store.js";
import { openStowage } from "../../src/app/modules/open-stowage.js";
import { type Answer, error, scriptedServer, xml } from "../s3/scripted-server.js";

const EMPTY_LIST = "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>";
const credentials = {
  s3Credentials: { accessKeyId: "someone", secretAccessKey: "something" },
  minioCredentials: { accessKey: "someone", secretKey: "something" },
};

/** A server that lists nothing, and answers all else so. */
function listing(answer: Answer): Answer {
  return (request, response, socket) => {
    const isList = request.method === "GET" && request.url.includes("list-type=2");
    (isList ? xml(200, EMPTY_LIST) : answer)(request, response, socket);
  };
}

function storesAt(url: string): string[] {
  return [
    `s3://bucket?region=us-east-1&endpoint=${url}&profile=probe`,
    `minio://${new URL(url).host}/bucket?tls=false&profile=probe`,
  ];
}

describe("the profile of a location", () => {
  it("is one of those that the stores know, or is to be found out", () => {
    expect(SERVER_PROFILES.filter((name) => name !== "probe").toSorted()).toEqual(
      PROFILE_NAMES.toSorted(),
    );
  });

  it.each([
    ["s3://bucket", "aws"],
    ["s3://bucket?endpoint=http://127.0.0.1:9000", "generic"],
    ["s3://bucket?endpoint=http://127.0.0.1:9000&profile=probe", "probe"],
    ["minio://127.0.0.1:9000/bucket", "minio"],
    ["minio://127.0.0.1:9000/bucket?profile=probe", "probe"],
    ["memory:", undefined],
    ["./dir", undefined],
  ])("of %s is %s", (store, profile) => {
    const { location } = readSettings({ store, ...credentials }, {}, "/");
    expect(serverProfile(location)).toBe(profile);
  });

  it("that is unknown is refused with those that there are", () => {
    expect(() => readSettings({ store: "s3://bucket?profile=azure" }, {}, "/")).toThrow(
      /has the unknown profile "azure"; known are aws, minio, .*generic, and probe, which finds out/,
    );
  });
});

describe("opening by profile=probe", () => {
  it("is refused where a server in trouble leaves open what it does", async () => {
    await using server = await scriptedServer(listing(error(503, "ServiceUnavailable")));
    for (const store of storesAt(server.url)) {
      const opening = openStowage({ store, maxAttempts: 1, ...credentials }, {});
      await expect(opening).rejects.toMatchObject({
        code: "unavailable",
        operation: "open",
        retryable: true,
        message: expect.stringMatching(
          /^Cannot open the store by profile=probe: whether write works was not found out \(http.* answers 503/,
        ),
      });
    }
  });

  it("sends a request again, as all others are", async () => {
    const answers = [error(503, "SlowDown"), listing(error(403, "AccessDenied"))];
    await using server = await scriptedServer(answers);
    const [store = ""] = storesAt(server.url);
    await using stowage = await openStowage({ store, ...credentials }, {});
    expect(stowage.store.facts.kind).toBe("s3");
  });

  it("lets those in who may read alone, and claims nothing", async () => {
    await using server = await scriptedServer(listing(error(403, "AccessDenied")));
    for (const store of storesAt(server.url)) {
      await using stowage = await openStowage({ store, ...credentials }, {});
      const { conditions, encryption } = stowage.store.facts.honours;
      expect(Object.values(conditions)).toEqual([false, false, false, false]);
      expect(encryption).toEqual([]);
      await expect(Array.fromAsync(stowage.list({ userId: 1 }))).resolves.toEqual([]);
    }
  });

  it("sends nothing where another profile is named", async () => {
    await using server = await scriptedServer(error(500, "InternalError"));
    const [store = ""] = storesAt(server.url).map((one) => one.replace("=probe", "=minio"));
    await using _ = await openStowage({ store, ...credentials }, {});
    expect(server.received).toEqual([]);
  });
});

describe("examining", () => {
  it("a server that takes everything, and does nothing, finds what is dangerous", async () => {
    const stored = new Map<string, { body: string; headers: Record<string, string> }>();
    await using server = await scriptedServer(careless(stored));
    const [store = ""] = storesAt(server.url);
    const { ok, findings, profile } = await examineStore({ store, ...credentials }, {});
    expect(ok).toBe(false);
    expect(findings.filter(({ dangerous }) => dangerous).map(({ id }) => id)).toEqual([
      "conditions.put.absent",
      "conditions.put.etag",
      "checksum.put",
      "encryption.AES256",
      "encryption.aws:kms",
      "signed.expiry",
      "signed.needed",
    ]);
    expect(findings.find(({ id }) => id === "checksum.harmless")).toMatchObject({
      result: "unknown",
      detail: "nothing is refused",
    });
    expect(profile.verifies).toEqual([]);
    expect([...stored.keys()]).toEqual([]);
  });

  it("a server that says nothing ends with its time", async () => {
    await using server = await scriptedServer(() => undefined);
    const [store = ""] = storesAt(server.url);
    const began = performance.now();
    await expect(
      examineStore({ store, ...credentials }, {}, { timeoutMs: 200 }),
    ).rejects.toMatchObject({ code: "timeout", message: expect.stringContaining("within 200 ms") });
    expect(performance.now() - began).toBeLessThan(2_000);
  });
});

/** Stores and deletes objects, whatever else is asked for, and knows no uploads in parts. */
function careless(stored: Map<string, { body: string; headers: Record<string, string> }>): Answer {
  return (request, response, socket) => {
    const { method, url, body } = request;
    const { pathname: path, searchParams: query } = new URL(url, "http://host");
    const found = stored.get(path);
    const answer = (status: number, more: Record<string, string> = {}): void => {
      response.writeHead(status, { "x-amz-request-id": "R", ...more });
      response.end(method === "GET" ? found?.body : undefined);
    };
    // Without deletes of many at once, one after the other are to do.
    if (["uploads", "uploadId", "delete"].some((name) => query.has(name))) {
      error(501, "NotImplemented")(request, response, socket);
    } else if (query.has("list-type")) {
      xml(200, EMPTY_LIST)(request, response, socket);
    } else if (method === "PUT") {
      const etag = `"${String(stored.size)}-${body.length}"`;
      stored.set(path, { body, headers: { etag, "last-modified": new Date().toUTCString() } });
      answer(200, { etag });
    } else if (method === "DELETE") {
      stored.delete(path);
      answer(204);
    } else if (found === undefined) {
      error(404, "NoSuchKey")(request, response, socket);
    } else {
      answer(200, { "content-length": String(found.body.length), ...found.headers });
    }
  };
}
