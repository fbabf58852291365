import { describe, expect, test, vi } from "vitest";
import { openMemoryStore } from "../../src/adapters/memory/index.js";
import {
  type ContractCase,
  type ContractProfile,
  type ContractReport,
  contractCases,
  contractTests,
  type DeclaredFailure,
  runCase,
  runContract,
} from "../../src/ports/contract/index.js";
import type { OpenStore } from "../../src/ports/store.js";
import { nextTurn } from "./broken/broken-store.js";
import { limitedSubject, objectsOnly } from "./limited-store.js";

const ids = (report: ContractReport, outcome: string): string[] =>
  report.rows.filter((row) => row.outcome === outcome).map(({ id }) => id);

function only(...wanted: readonly string[]): (contractCase: ContractCase) => boolean {
  return ({ id }) => wanted.includes(id);
}

function trial(run: ContractCase["run"], ...needs: NonNullable<ContractCase["needs"]>) {
  return { id: "T01", promise: "A promise.", needs, run };
}

test("a store that honours little passes what it declares, and all twins", async () => {
  const report = await runContract(limitedSubject);
  expect(ids(report, "failed")).toEqual([]);
  // Those of signers: test/contract/signing-store.test.ts.
  const twins = contractCases.filter(
    ({ needs = [] }) => needs.some((need) => need.startsWith("!")) && !needs.includes("signer"),
  );
  expect(ids(report, "passed")).toEqual(
    expect.arrayContaining([...twins.map(({ id }) => id), "E01", "E01-uploads", "M03-no-io"]),
  );
}, 60_000);

test("a store without uploads in parts is held to the rest, and told why", async () => {
  const report = await runContract({ store: objectsOnly(openMemoryStore()) });
  expect(ids(report, "failed")).toEqual([]);
  const ofUploads = contractCases.filter(({ needs }) => needs?.includes("multipart"));
  const skipped = report.rows.filter(
    ({ reason }) => reason === "the store has no uploads in parts",
  );
  expect(skipped.map(({ id }) => id)).toEqual(ofUploads.map(({ id }) => id));
  expect(report.counts.passed).toBeGreaterThan(120);
}, 60_000);

test("a store that takes its time passes, whatever its calls do meanwhile", async () => {
  const report = await runContract({ store: unhurried(openMemoryStore()) });
  expect(ids(report, "failed")).toEqual([]);
}, 60_000);

test("a report tells every case once, in order, and is told of each as it ends", async () => {
  const onResult = vi.fn();
  const store = openMemoryStore();
  const report = await runContract({ name: "mine", store }, { onResult });
  expect(report).toMatchObject({ name: "mine", kind: "memory", location: "memory:///", ok: true });
  expect(report.rows.map(({ id }) => id)).toEqual(contractCases.map(({ id }) => id));
  expect(report.counts.passed + report.counts.skipped).toBe(contractCases.length);
  expect(onResult.mock.calls.map(([{ id }]) => id)).toEqual(report.rows.map(({ id }) => id));
  expect(JSON.parse(JSON.stringify(report))).toEqual(report);
}, 60_000);

test("a filter chooses, and what chooses nothing is no success", async () => {
  const store = openMemoryStore();
  const report = await runContract({ store }, { filter: only("P01", "G05") });
  expect(report.rows.map(({ id }) => id)).toEqual(["P01", "G05"]);
  expect((await runContract({ store }, { filter: only() })).ok).toBe(false);
});

describe("a case", () => {
  test("that does not end has failed", async () => {
    const store = openMemoryStore();
    const late = await runCase(trial(nothing), { store }, { timeoutMs: 10 });
    expect(late).toMatchObject({ outcome: "failed", error: { message: /T01 has not ended/ } });
  });

  test("that cannot be cleared has failed, after what it says itself", async () => {
    const store = openMemoryStore();
    store.deleteMany = async (keys) => keys.map((key) => ({ key }));
    store.delete = async () => undefined;
    const put: ContractCase["run"] = async ({ store, key }) => {
      await store.put(key("object"), new Uint8Array(1));
    };
    const left = await runCase(trial(put), { store });
    expect(left).toMatchObject({ outcome: "failed", error: { message: /Cannot clear .*T01/ } });
    const own = await runCase(
      trial(async (context) => {
        await put(context);
        throw new Error("its own");
      }),
      { store },
      { profile: declaring({ id: "T01" }) },
    );
    expect(own).toMatchObject({ outcome: "failed", error: { message: "its own" } });
  });

  test("that does not apply is skipped, and says why", async () => {
    const run = vi.fn();
    const store = openMemoryStore();
    expect(await runCase(trial(run, "multipart", "encryption.AES256"), { store })).toMatchObject({
      outcome: "skipped",
      reason: "the store has no encryption by AES256",
    });
    expect(await runCase(trial(run, "!conditions.put"), { store })).toMatchObject({
      outcome: "skipped",
      reason: "the store has conditions on put",
    });
    expect(run).not.toHaveBeenCalled();
  });

  test("fails for a store with a bucket whose subject opens none without", async () => {
    const report = await runContract({ store: limitedSubject.store }, { filter: only("E01") });
    expect(report.rows).toMatchObject([{ failure: /give openWithoutBucket/ }]);
  });
});

describe("a failure that a profile declares", () => {
  const store = openMemoryStore();
  const failing = trial(async () => Promise.reject(new Error("as known")));
  const passing = trial(async () => undefined);

  test("is run, and told apart with its reason", async () => {
    const options = { profile: declaring({ id: "T01" }) };
    expect(await runCase(failing, { store }, options)).toMatchObject({
      outcome: "declared",
      declared: { reason: "the server forgets" },
      error: { message: "as known" },
    });
  });

  test("that does not come about is no success, but for a race", async () => {
    const options = { profile: declaring({ id: "T01" }) };
    const better = await runCase(passing, { store }, options);
    expect(better.outcome).toBe("declared-but-passed");
    const race = { profile: declaring({ id: "T01", sometimes: true }) };
    expect(await runCase(passing, { store }, race)).toMatchObject({
      outcome: "passed",
      declared: { sometimes: true },
    });
    expect((await runCase(failing, { store }, race)).outcome).toBe("declared");
  });

  test("makes a report not ok when it passes, and no other failure is covered", async () => {
    const profile = declaring({ id: "P01" });
    const better = await runContract({ store }, { profile, filter: only("P01", "G05") });
    expect(better).toMatchObject({ profile: "mine", ok: false });
    expect(better.counts).toMatchObject({ passed: 1, "declared-but-passed": 1 });
    const forgetful = openMemoryStore();
    forgetful.get = async () => Promise.reject(new Error("forgotten"));
    const worse = await runContract({ store: forgetful }, { profile, filter: only("P01", "G05") });
    expect(worse.ok).toBe(false);
    expect(worse.rows).toMatchObject([
      { id: "P01", outcome: "declared", reason: "the server forgets", source: "measured here" },
      { id: "G05", outcome: "failed", failure: /forgotten/ },
    ]);
    const known = await runContract({ store: forgetful }, { profile, filter: only("P01", "H02") });
    expect(known).toMatchObject({ ok: true, counts: { declared: 1, passed: 1 } });
  });

  test.each([
    [[{ id: "P00" }], /"P00": there is no such case/],
    [[{ id: "P01" }, { id: "P01" }], /declared twice/],
    [[{ id: "P01", reason: "" }], /no reason/],
  ])("is refused where it makes no sense: %j", async (declared, message) => {
    const profile = declaring(...declared);
    await expect(runContract({ store }, { profile })).rejects.toThrow(message);
  });
});

describe("a subject", () => {
  test.each([
    ["contract", /does not end in "\/"; give "contract\/"/],
    ["/", /no key can begin with it/],
    ["a//", /no key can begin with it/],
    ["../", /no key can begin with it/],
    [`${"x".repeat(200)}/`.repeat(2), /more than 300 bytes/],
  ])("with the prefix %j is refused", async (prefix, message) => {
    await expect(runContract({ store: openMemoryStore(), prefix })).rejects.toThrow(message);
  });

  test("with half of the uploads is refused", () => {
    const { facts, ...half } = objectsOnly(openMemoryStore());
    const store = { ...half, facts, createUpload: openMemoryStore().createUpload };
    expect(() => contractTests({ store })).toThrow(/no uploadPart, .*: implement all of/);
  });
});

describe("a test of each case, for any runner,", () => {
  const store = openMemoryStore();

  test("has a name that tells what is known beforehand", () => {
    const profile = declaring({ id: "P01" });
    const tests = contractTests({ store }, { profile, filter: only("P01", "G05", "P30-AES256") });
    expect(tests.map(({ name, skip }) => [name, skip])).toEqual([
      [expect.stringMatching(/^P01 What .* \(declared to fail: the server forgets\)$/), undefined],
      [
        expect.stringMatching(/^P30-AES256 .* \(the store has no encryption by AES256\)$/),
        "the store has no encryption by AES256",
      ],
      [expect.stringMatching(/^G05 .*`not-found`\.$/), undefined],
    ]);
  });

  test("rejects with what the case says, and when a declaration is out of date", async () => {
    const forgetful = openMemoryStore();
    forgetful.get = async () => Promise.reject(new Error("forgotten"));
    const [fails] = contractTests({ store: forgetful }, { filter: only("P01") });
    await expect(fails?.run()).rejects.toThrow("forgotten");
    const profile = declaring({ id: "P01" });
    const [known] = contractTests({ store: forgetful }, { profile, filter: only("P01") });
    await expect(known?.run()).resolves.toBeUndefined();
    const [better] = contractTests({ store }, { profile, filter: only("P01") });
    await expect(better?.run()).rejects.toThrow(/although it is declared to fail/);
  });

  test("reports what is not run at once", () => {
    const onResult = vi.fn();
    contractTests({ store }, { onResult, filter: only("P01", "E01") });
    expect(onResult.mock.calls).toMatchObject([[{ id: "E01", outcome: "skipped" }]]);
  });
});

function declaring(...declared: readonly Partial<DeclaredFailure>[]): ContractProfile {
  const known = { id: "", reason: "the server forgets", source: "measured here" };
  return { name: "mine", declared: declared.map((each) => ({ ...known, ...each })) };
}

/** Gives others a turn before and after each call. */
function unhurried(store: OpenStore): OpenStore {
  return new Proxy(store, {
    get: (_, name) => {
      const method: unknown = Reflect.get(store, name);
      if (typeof method !== "function") return method;
      if (/^(uri|keyOf|list)/.test(String(name))) return method.bind(store);
      return async (...args: unknown[]): Promise<unknown> => {
        await nextTurn();
        const answer: unknown = await Reflect.apply(method, store, args);
        await nextTurn();
        return answer;
      };
    },
  });
}

/** Never ends. */
async function nothing(): Promise<void> {
  return new Promise(() => {});
}
