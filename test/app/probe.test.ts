import { describe, expect, it } from "vitest";
import { openMemoryStore } from "../../src/adapters/memory/index.js";
import { checkup } from "../../src/app/probe/checkup.js";
import { FINDING_IDS, type FindingId } from "../../src/app/probe/findings.js";
import { type Probed, type ProbedProfile, probe } from "../../src/app/probe/probe.js";
import { objectKey } from "../../src/domain/object-key.js";
import type { OpenStore, Store } from "../../src/ports/store.js";
import { GALLERY } from "../contract/broken/gallery.js";
import { keysOf, refused, scripted, unavailable, uploadsOf } from "./scripted-store.js";
import { storesThatMislead } from "./stores-that-mislead.js";

/** Of stores that sign, as memory does not: test/app/probe-signed.test.ts. */
const UNSIGNED: readonly FindingId[] = [
  "checksum.content-md5",
  "signed.get",
  "signed.put",
  "signed.expiry",
  "signed.needed",
];

/** What memory cannot do. */
const NEVER: readonly FindingId[] = [
  "encryption.AES256",
  "encryption.AES256.parts",
  "encryption.aws:kms",
  "encryption.aws:kms.parts",
  ...UNSIGNED,
];

/** A store of the contract's gallery, by its fault, and what the probe is to notice of it. */
const NOTICED: readonly (readonly [fault: string, ids: readonly FindingId[]])[] = [
  [
    "ignores the condition of a put",
    ["conditions.put.absent", "conditions.put.etag", "conditions.put.etag-missing"],
  ],
  [
    "ignores the condition of a complete",
    ["conditions.complete.absent", "conditions.complete.etag", "conditions.complete.etag-missing"],
  ],
  ["ignores the condition of a copy", ["conditions.copy.absent", "conditions.copy.etag"]],
  ["ignores the condition of a delete", ["conditions.delete.etag"]],
  ["ignores the checksum", ["checksum.put", "checksum.kept"]],
  ["ignores the checksum of a part", ["checksum.part"]],
  ["ignores the checksum of a complete", ["checksum.complete", "checksum.kept-parts"]],
  ["empties an object before a refused write", ["checksum.harmless"]],
  ["drops metadata", ["access.metadata"]],
  ["takes the end of a range as included", ["read.range"]],
  ["takes a suffix for a start", ["read.range"]],
  ["sorts by UTF-16", ["list.pages", "list.order", "list.start-after", "list.delimiter"]],
  ["gives the first page alone", ["list.pages"]],
  ["gives the key to start after once more", ["list.start-after"]],
  ["decodes percent signs", ["list.names", "list.pages", "list.delimiter"]],
  ["takes plus signs for spaces", ["list.names", "list.pages", "list.delimiter"]],
  ["lists uploads of all keys that begin with the key", ["uploads.key"]],
  ["says that it lists uploads of one key alone, and gives none for a prefix", ["uploads.prefix"]],
  ["holds no key beside its prefix, and lists the longer one alone", ["list.beside"]],
  ["holds no key beside its prefix, and replaces one by the other", ["list.beside"]],
];

describe("a probe", () => {
  it("finds of memory what memory says of itself, and leaves nothing", async () => {
    const store = openMemoryStore();
    const stranger = objectKey("stowage-probe/stranger");
    await store.put(stranger, new Uint8Array(1));
    const probed = await probe(store);
    expect(missing(probed)).toEqual(inOrder(NEVER));
    expect(probed.profile).toEqual({
      honours: store.facts.honours,
      ways: [],
      verifies: ["crc32"],
    });
    expect(probed.findings.map(({ id }) => id)).toEqual(FINDING_IDS);
    expect(probed.left).toEqual([]);
    expect(await keysOf(store)).toEqual([stranger]);
    expect(await uploadsOf(store)).toEqual([]);
  });

  it.each(NOTICED)("notices a store that %s", async (fault, ids) => {
    const store = new (broken(fault))();
    const probed = await probe(store);
    expect(missing(probed)).toEqual(inOrder([...NEVER, ...ids]));
    expect(probed.left).toEqual([]);
  });

  it.each(storesThatMislead)("notices a store that $fault", async ({ store: Mislead, noticed }) => {
    const store = new Mislead();
    const probed = await probe(store);
    expect(told(probed)).toEqual(inOrder(noticed));
  });

  it("has a store for each thing that it finds", () => {
    const noticed = [
      ...NOTICED.flatMap(([, ids]) => ids),
      ...storesThatMislead.flatMap((store) => store.noticed.map((seen) => seen.split(" ")[0])),
    ];
    expect(FINDING_IDS.filter((id) => !noticed.includes(id))).toEqual(UNSIGNED);
  });

  it("marks what is dangerous, and nothing that is refused", async () => {
    const store = new (broken("ignores the condition of a put"))();
    const { findings } = await probe(store);
    const marked = findings.filter(({ dangerous }) => dangerous).map(({ id }) => id);
    expect(marked).toEqual(["conditions.put.absent", "conditions.put.etag"]);
  });

  it("claims nothing that was not found out", async () => {
    const store = scripted(openMemoryStore(), [
      { operation: "copy", run: () => unavailable() },
      { operation: "list", nth: 3, run: () => unavailable() },
    ]);
    const { findings, profile } = await probe(store);
    const copies = findings.filter(({ id }) => id.startsWith("conditions.copy"));
    expect(copies).toMatchObject([{ result: "unknown" }, { result: "unknown" }]);
    expect(copies[0]).toMatchObject({ detail: "the connection was reset", dangerous: false });
    expect(profile.honours.conditions).toMatchObject({ put: true, copy: false });
    expect(profile.ways).toEqual([]);
  });

  it("works under the prefix that it is given, and asks for the encryption that it is given", async () => {
    const keys: string[] = [];
    const asked: unknown[] = [];
    const memory = openMemoryStore();
    const put: Store["put"] = (key, bytes, options) => {
      keys.push(key);
      if (options?.encryption !== undefined) asked.push(options.encryption);
      return memory.put(key, bytes, options);
    };
    const store = withMethods(memory, { put });
    const encryption = { algorithm: "aws:kms", keyId: "alias/mine" } as const;
    await probe(store, { prefix: "mine/", encryption });
    expect(keys.every((key) => /^mine\/[\da-f-]{36}\//.test(key))).toBe(true);
    expect(asked).toEqual([{ algorithm: "AES256" }, encryption]);
  });

  it.each([
    ["gives the first page alone", "plain-lists", "list.pages"],
    ["drops metadata", "folds-underscores", "access.metadata"],
    ["ignores the condition of a put", "bare-put-etags", "conditions.put.etag"],
    [
      "says that it lists uploads of one key alone, and gives none for a prefix",
      "unmarked-upload-lists",
      "uploads.prefix",
    ],
  ])("asks a store that %s in another way, and tells which helped", async (fault, way, id) => {
    const store = new (broken(fault))();
    const otherwise = openMemoryStore();
    const probed = await probe(store, { otherwise });
    expect(probed.profile.ways).toEqual([way]);
    expect(probed.findings.find((found) => found.id === id)).toMatchObject({
      result: "honoured",
      detail: "when it is asked for in another way",
    });
    expect(await keysOf(otherwise)).toEqual([]);
    expect(await uploadsOf(otherwise)).toEqual([]);

    const claims = { honours: store.facts.honours, ways: [], verifies: ["crc32"] as const };
    const { faults } = checkup(probed, { encryption: undefined, claims, profile: "generic" });
    expect(faults).toContainEqual({
      problem: expect.stringMatching(
        /: honoured, but not in the way in which profile=generic asks for it$/,
      ),
      remedy: "Set profile=probe instead.",
    });
  });

  it("asks in no other way where that does not help, or is not needed", async () => {
    const untouched = scripted(openMemoryStore(), []);
    expect((await probe(openMemoryStore(), { otherwise: untouched })).profile.ways).toEqual([]);
    expect(new Set(untouched.calls)).toEqual(new Set(["list"]));
    const fault = "gives the first page alone";
    const otherwise = new (broken(fault))();
    const { profile, findings } = await probe(new (broken(fault))(), { otherwise });
    expect(profile.ways).toEqual([]);
    expect(findings.find(({ id }) => id === "list.pages")).toMatchObject({ result: "ignored" });
  });

  it("rejects with what a list fails with, and has made nothing", async () => {
    const store = scripted(openMemoryStore(), [{ operation: "list", run: () => unavailable() }]);
    await expect(probe(store)).rejects.toMatchObject({ code: "unavailable" });
    expect(store.calls).toEqual(["list"]);
  });

  it("goes on where nothing may be listed", async () => {
    const memory = openMemoryStore();
    const store = scripted(memory, [{ operation: "list", run: refused }]);
    const { findings, left } = await probe(store);
    expect(findings[0]).toMatchObject({ id: "access.list", result: "refused" });
    expect(findings[1]).toMatchObject({ id: "access.write", result: "honoured" });
    expect(left).toEqual([]);
    expect(await keysOf(memory)).toEqual([]);
  });
});

describe("a probe that is ended", () => {
  it("by its time tells what it knows, and leaves nothing", async () => {
    const memory = openMemoryStore();
    const store = withMethods(memory, { copy: () => new Promise(() => undefined) });
    const began = performance.now();
    const { findings, left } = await probe(store, { timeoutMs: 100 });
    expect(performance.now() - began).toBeLessThan(3_000);
    const copies = findings.filter(({ id }) => id.startsWith("conditions.copy"));
    expect(copies[0]).toMatchObject({
      result: "unknown",
      detail: "it has not answered all within 100 ms",
    });
    expect(left).toEqual([]);
    expect(await keysOf(memory)).toEqual([]);
    expect(await uploadsOf(memory)).toEqual([]);
  });

  it("by an abort rejects with the reason, and leaves nothing", async () => {
    const memory = openMemoryStore();
    const controller = new AbortController();
    const reason = new Error("enough");
    const store = scripted(memory, [
      { operation: "uploadPart", nth: 2, run: () => controller.abort(reason) },
    ]);
    await expect(probe(store, { signal: controller.signal })).rejects.toBe(reason);
    expect(store.calls).toContain("deleteMany");
    expect(await keysOf(memory)).toEqual([]);
    expect(await uploadsOf(memory)).toEqual([]);
  });

  it("before it begins asks for nothing", async () => {
    const store = scripted(openMemoryStore(), []);
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);
    await expect(probe(store, { signal })).rejects.toBe(reason);
    expect(store.calls).toEqual([]);
  });

  it("and cannot clean up says what is left", async () => {
    const memory = openMemoryStore();
    const controller = new AbortController();
    const store = scripted(memory, [
      { operation: "uploadPart", nth: 2, run: () => controller.abort(new Error("enough")) },
      { operation: "abortUpload", run: () => unavailable() },
    ]);
    const error = await probe(store, { signal: controller.signal }).catch((it: unknown) => it);
    expect(error).toMatchObject({
      code: "aborted",
      cleanup: "pending",
      cause: new Error("enough"),
    });
    expect(String(error)).toMatch(/upload \S+ of "stowage-probe\/.*" could not be removed/);
  });

  it("finds uploads whose begin was not answered", async () => {
    const memory = openMemoryStore();
    const store = scripted(memory, [
      { operation: "createUpload", when: "after", run: () => unavailable() },
    ]);
    const { left } = await probe(store);
    expect(left).toEqual([]);
    expect(await uploadsOf(memory)).toEqual([]);
  });

  it("tells what could not be removed", async () => {
    const memory = openMemoryStore();
    const store = scripted(memory, [
      { operation: "delete", run: refused },
      { operation: "deleteMany", run: refused },
    ]);
    const { left, findings } = await probe(store);
    expect(left).toHaveLength((await keysOf(memory)).length);
    expect(left[0]).toMatch(/^object "stowage-probe\//);
    expect(findings.find(({ id }) => id === "access.remove")).toMatchObject({ result: "refused" });
  });
});

describe("a checkup", () => {
  const encryption = { algorithm: "AES256" } as const;

  it("is good where all is done that is asked for", async () => {
    expect(checkup(await probe(openMemoryStore()), { encryption: undefined })).toMatchObject({
      ok: true,
      faults: [],
      advice: [],
    });
  });

  it("names what is asked for and not done, with what helps", async () => {
    const { ok, faults } = checkup(await probe(openMemoryStore()), { encryption });
    expect(ok).toBe(false);
    expect(faults).toEqual([
      {
        problem: "Encryption, AES256 of a put: refused",
        remedy: expect.stringContaining("STOWAGE_ENCRYPTION=none"),
      },
      { problem: "Encryption, AES256 of parts: refused", remedy: expect.any(String) },
    ]);
  });

  it("names what is claimed and ignored, and what to set instead", async () => {
    const store = new (broken("ignores the condition of a copy"))();
    const probed = await probe(store);
    const claims = { honours: store.facts.honours, ways: [], verifies: ["crc32"] as const };
    const held = checkup(probed, { encryption: undefined, claims, profile: "aws" });
    expect(held.faults).toEqual([
      {
        problem: "Conditions, copy to where nothing is: ignored, but profile=aws relies on it",
        remedy: "Set profile=probe instead.",
      },
      { problem: expect.stringContaining("a known version: ignored"), remedy: expect.any(String) },
    ]);
    const spared = checkup(probed, { encryption: undefined });
    expect(spared).toMatchObject({ ok: true, advice: [expect.stringContaining("never sent")] });
  });

  it("takes Content-MD5 for a checksum that is not verified, where it is sent", async () => {
    const probed = await probe(new (broken("ignores the checksum of a part"))());
    const isHonoured = probed.findings.map((finding) =>
      finding.id === "checksum.content-md5" ? { ...finding, result: "honoured" as const } : finding,
    );
    const problems = (found: Probed, verifies?: ProbedProfile["verifies"]): string[] => {
      const claims = verifies && { honours: probed.profile.honours, ways: [], verifies };
      return checkup(found, { encryption: undefined, claims }).faults.map(({ problem }) => problem);
    };
    const unverified = "Checksums, of a part, verified: ignored";
    expect(problems(probed)).toEqual([unverified]);
    const { profile } = probed;
    const mended = {
      ...probed,
      findings: isHonoured,
      profile: { ...profile, verifies: ["content-md5" as const] },
    };
    expect(problems(mended)).toEqual([]);
    expect(problems(mended, ["content-md5"])).toEqual([]);
    // Whoever takes the server to verify the checksum sends it nothing else.
    expect(problems(mended, ["crc32"])).toEqual([unverified]);
  });

  it("advises the profile that fits, where another is set", async () => {
    const probed = await probe(openMemoryStore());
    const { honours } = probed.profile;
    const claims = {
      honours: { ...honours, listUploads: "key" as const },
      ways: [],
      verifies: ["crc32"] as const,
    };
    const expected = { encryption: undefined, claims, profile: "generic", fitting: "aws" };
    const { ok, advice } = checkup(probed, expected);
    expect({ ok, advice }).toEqual({
      ok: true,
      advice: [
        "profile=generic does not fit: the server also has lists of uploads by prefix. Use profile=aws or profile=probe.",
      ],
    });
  });

  it("is bad where something is left", async () => {
    const probed = { ...(await probe(openMemoryStore())), left: ["object a"] };
    expect(checkup(probed, { encryption: undefined })).toMatchObject({
      ok: false,
      faults: [{ problem: "object a could not be removed after the probe" }],
    });
  });
});

function broken(fault: string): new () => OpenStore {
  const found = GALLERY.find((one) => one.fault === fault);
  if (found === undefined) throw new Error(`the gallery has no store that ${fault}`);
  return found.store;
}

function missing({ findings }: Probed): FindingId[] {
  return findings.filter(({ result }) => result !== "honoured").map(({ id }) => id);
}

/** What was not honoured, with its result, but for what memory cannot do and does not claim. */
function told({ findings }: Probed): string[] {
  return findings
    .filter(({ result }) => result !== "honoured")
    .map(({ id, result }) => `${id} ${result}`)
    .filter((seen) => !/^encryption\S+ refused$|^signed\.|^checksum\.content-md5/.test(seen));
}

/** In the order of the catalogue. */
function inOrder<T extends string>(seen: readonly T[]): T[] {
  const place = (one: T) => FINDING_IDS.indexOf(one.split(" ")[0] as FindingId);
  return seen.toSorted((a, b) => place(a) - place(b));
}

/** A store of which some methods are others. */
function withMethods(store: OpenStore, methods: Partial<Store>): OpenStore {
  return new Proxy(store, {
    get: (target, name) => {
      const member: unknown = Reflect.get(methods, name) ?? Reflect.get(target, name);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}
