import { describe, expect, test, vi } from "vitest";
import { openMemoryStore } from "../../src/adapters/memory/index.js";
import { objectKey } from "../../src/domain/object-key.js";
import {
  type ContractCase,
  contractCases,
  runCase,
  runContract,
} from "../../src/ports/contract/index.js";
import type { OpenStore } from "../../src/ports/store.js";
import { nextTurn } from "./broken/broken-store.js";
import { limitedSubject } from "./limited-store.js";

function trial(run: ContractCase["run"], needs?: ContractCase["needs"]): ContractCase {
  return { id: "T01", promise: "A promise.", needs, run };
}

test("a store that honours little passes what it declares, and all twins", async () => {
  const report = await runContract(limitedSubject);
  expect(report.failed).toEqual([]);
  const ids = report.passed.map(({ id }) => id);
  const twins = contractCases.filter(({ needs }) => needs?.startsWith("!")).map(({ id }) => id);
  expect(ids).toEqual(expect.arrayContaining([...twins, "E01", "M03-no-io"]));
});

test("a store that takes its time passes, whatever its calls do meanwhile", async () => {
  const report = await runContract({ store: unhurried(openMemoryStore()) });
  expect(report.failed).toEqual([]);
}, 60_000);

test("a report counts every case once, and is told of each as it ends", async () => {
  const onResult = vi.fn();
  const report = await runContract({ store: openMemoryStore() }, { onResult });
  expect(report.kind).toBe("memory");
  expect(report.results.map(({ id }) => id)).toEqual(contractCases.map(({ id }) => id));
  expect(report.passed.length + report.skipped.length).toBe(contractCases.length);
  expect(onResult.mock.calls.map(([result]) => result)).toEqual(report.results);
});

describe("a case", () => {
  test("that passes, fails or is late leaves nothing", async () => {
    const store = openMemoryStore();
    const stranger = objectKey("stranger");
    await store.put(stranger, new Uint8Array(1));
    const foreign = await store.createUpload(stranger);
    const endings = { passed, failed, late: nothing };
    for (const [name, end] of Object.entries(endings)) {
      const result = await runCase(
        trial(async (context) => {
          await context.store.put(context.key("object"), new Uint8Array(1));
          await context.begin(context.key("upload"));
          await context.store.createUpload(context.key("not/told"));
          await end();
        }),
        { store },
        { timeoutMs: 50 },
      );
      expect(result.outcome).toBe(name === "passed" ? "passed" : "failed");
    }
    const objects = await Array.fromAsync(store.list());
    expect(objects).toMatchObject([{ key: stranger }]);
    const uploads = await Array.fromAsync(store.listUploads({ prefix: "" }));
    expect(uploads).toMatchObject([{ uploadId: foreign.uploadId }]);
  });

  test("that does not end has failed", async () => {
    const store = openMemoryStore();
    const late = await runCase(trial(nothing), { store }, { timeoutMs: 10 });
    expect(late).toMatchObject({ outcome: "failed", error: { message: /T01 has not ended/ } });
  });

  test("that cannot be cleared has failed, after what it says itself", async () => {
    const store = openMemoryStore();
    store.deleteMany = async (keys) => keys.map((key) => ({ key }));
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
    );
    expect(own).toMatchObject({ outcome: "failed", error: { message: "its own" } });
  });

  test("that does not apply is skipped, and says why", async () => {
    const run = vi.fn();
    const store = openMemoryStore();
    expect(await runCase(trial(run, "encryption.AES256"), { store })).toMatchObject({
      outcome: "skipped",
      reason: "the store declares no encryption by AES256",
    });
    expect(await runCase(trial(run, "!conditions.put"), { store })).toMatchObject({
      outcome: "skipped",
      reason: "the store declares conditions on put",
    });
    expect(run).not.toHaveBeenCalled();
  });

  test("fails for a store with a bucket whose subject opens none without", async () => {
    const cases = contractCases.filter(({ id }) => id === "E01");
    const report = await runContract({ store: limitedSubject.store }, { cases });
    expect(report.failed).toMatchObject([{ error: { message: /give openWithoutBucket/ } }]);
  });
});

/** Gives others a turn before and after each call. */
function unhurried(store: OpenStore): OpenStore {
  return new Proxy(store, {
    get: (_, name) => {
      const method: unknown = Reflect.get(store, name);
      if (typeof method !== "function") return method;
      if (/^(uri|list)/.test(String(name))) return method.bind(store);
      return async (...args: unknown[]): Promise<unknown> => {
        await nextTurn();
        const answer: unknown = await Reflect.apply(method, store, args);
        await nextTurn();
        return answer;
      };
    },
  });
}

async function passed(): Promise<void> {}

async function failed(): Promise<void> {
  throw new Error("its own");
}

/** Never ends. */
async function nothing(): Promise<void> {
  return new Promise(() => {});
}
