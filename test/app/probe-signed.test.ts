import { describe, expect, it } from "vitest";
import { openMemoryStore } from "../../src/adapters/memory/index.js";
import type { FindingId } from "../../src/app/probe/findings.js";
import { type Probed, probe } from "../../src/app/probe/probe.js";
import type { ObjectKey } from "../../src/domain/object-key.js";
import type { SignGetOptions } from "../../src/ports/url-signer.js";
import { type Check, SigningStore } from "../contract/signing-store.js";
import { keysOf } from "./scripted-store.js";

const IDS: readonly FindingId[] = [
  "checksum.content-md5",
  "signed.get",
  "signed.put",
  "signed.expiry",
  "signed.needed",
];

/** What was found of signed URLs: `signed.get honoured`, … */
function told({ findings }: Probed): string[] {
  return findings
    .filter(({ id }) => IDS.includes(id))
    .map(({ id, result, dangerous }) => `${id} ${result}${dangerous ? "!" : ""}`);
}

/** A store whose server looks at less than it should. */
class Overlooking extends SigningStore {
  readonly #checks: readonly Check[];

  constructor(...checks: readonly Check[]) {
    super();
    this.#checks = checks;
  }

  override get ignored(): readonly Check[] {
    return this.#checks;
  }
}

describe("a probe of a store that signs URLs", () => {
  it("finds them good, and leaves nothing", async () => {
    await using store = new SigningStore();
    const probed = await probe(store);
    expect(told(probed)).toEqual(IDS.map((id) => `${id} honoured`));
    expect(probed.left).toEqual([]);
    expect(await keysOf(store)).toEqual([]);
  });

  it.each<[string, readonly Check[], FindingId, string]>([
    ["URLs never expire", ["expiry"], "signed.expiry", "ignored!"],
    ["no signature is needed", ["signature"], "signed.needed", "ignored!"],
    ["any number of bytes is taken", ["size"], "signed.put", "ignored"],
    ["no Content-MD5 is looked at", ["digest"], "checksum.content-md5", "ignored"],
  ])("notices that %s", async (_, checks, id, result) => {
    await using store = new Overlooking(...checks);
    const probed = await probe(store);
    const others = IDS.filter((other) => other !== id).map((other) => `${other} honoured`);
    expect(told(probed).sort()).toEqual([...others, `${id} ${result}`].sort());
    expect(await keysOf(store)).toEqual([]);
  });

  it("notices that URLs lead to nothing", async () => {
    class Elsewhere extends SigningStore {
      override async signGet(key: ObjectKey, options?: SignGetOptions) {
        return super.signGet(`${key}-2` as ObjectKey, options);
      }
    }
    await using store = new Elsewhere();
    expect(told(await probe(store))).toEqual([
      "checksum.content-md5 honoured",
      "signed.get refused",
      "signed.put honoured",
      "signed.expiry unknown",
      "signed.needed unknown",
    ]);
  });

  it("says that URLs cannot be reached, and shows none of them", async () => {
    class Unreachable extends SigningStore {
      override async signGet(key: ObjectKey, options?: SignGetOptions) {
        const signed = await super.signGet(key, options);
        return { ...signed, url: signed.url.replace(/127\.0\.0\.1:\d+/, "127.0.0.1:1") };
      }
    }
    await using store = new Unreachable();
    const { findings } = await probe(store);
    const [get] = findings.filter(({ id }) => id === "signed.get");
    expect(get?.result).toBe("unknown");
    expect(get?.detail).toMatch(/^the URL cannot be reached from here/);
    expect(JSON.stringify(findings)).not.toMatch(/signature=/);
  });

  it("ends in time where a URL leads to what never answers", async () => {
    class Silent extends SigningStore {
      override async signGet(key: ObjectKey, options?: SignGetOptions) {
        const signed = await super.signGet(key, options);
        return { ...signed, url: `${signed.url}&silent=1` };
      }
    }
    await using store = new Silent();
    const original = globalThis.fetch;
    globalThis.fetch = (input, init) =>
      String(input).includes("silent=1")
        ? new Promise((_, reject) => {
            init?.signal?.addEventListener("abort", () => reject(init.signal?.reason));
          })
        : original(input, init);
    try {
      const probed = await probe(store, { timeoutMs: 300 });
      expect(told(probed)).toContain("signed.get unknown");
      expect(probed.ms).toBeLessThan(4_000);
      expect(await keysOf(store)).toEqual([]);
    } finally {
      globalThis.fetch = original;
    }
  });
});

it("a probe of a store without URLs says so", async () => {
  expect(told(await probe(openMemoryStore()))).toEqual(IDS.map((id) => `${id} refused`));
});
