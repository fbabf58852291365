import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { crc32 } from "node:zlib";
import { describe, expect, it, onTestFinished } from "vitest";
import { S3_LIMITS } from "../../src/domain/upload-plan.js";
import type { Part, Upload } from "../../src/ports/multipart-store.js";
import { bytes, key, listed, openIn, temporaryFolder, textOf } from "./fixtures.js";

const LIMITS = { ...S3_LIMITS, minPartBytes: 1 };

function start(act: string, directory: string, name = act): ChildProcess {
  const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));
  const hooks = new URL("typescript-sources.mjs", import.meta.url).href;
  const args = ["--import", hooks, here("actor.ts"), act, directory, name];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  return child;
}

/** What a process says until it ends, as it should. */
async function outputOf(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error("The process has no output");
  const [said, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  expect(code).toBe(0);
  return said;
}

async function ready(child: ChildProcess): Promise<void> {
  if (child.stdout === null) throw new Error("The process has no output");
  await once(createInterface(child.stdout), "line");
}

describe("processes that share a directory", () => {
  it("create each object once, whoever wins", async () => {
    const directory = await temporaryFolder();
    const names = ["anna", "berta", "carla"];
    const won = await Promise.all(
      names.map(async (name) => (await outputOf(start("create", directory, name))).split("\n")),
    );
    const store = await openIn(directory);
    for (let round = 0; round < 20; round++) {
      const winners = names.filter((_, at) => won[at]?.includes(String(round)));
      expect(winners, `round ${round}`).toHaveLength(1);
      expect(await textOf(store, `race/${round}/object`)).toBe(winners[0]);
    }
  });

  it("lose no change that is made by compare-and-swap", async () => {
    const directory = await temporaryFolder();
    const store = await openIn(directory);
    await store.put(key("race/counter"), bytes("0"));
    await Promise.all([1, 2, 3].map(() => outputOf(start("count", directory))));
    expect(await textOf(store, "race/counter")).toBe("60");
  });

  it("go on with each other's uploads", async () => {
    const directory = await temporaryFolder();
    const said = await outputOf(start("begin", directory, "joined"));
    const { upload, part }: { upload: Upload; part: Part } = JSON.parse(said);
    const store = await openIn(directory, { limits: LIMITS });
    expect(await Array.fromAsync(store.listParts(upload))).toEqual([part]);
    const second = await store.uploadPart(upload, 2, bytes("second"));
    await store.completeUpload(upload, [part, second]);
    expect(await textOf(store, "joined")).toBe("first second");
    expect((await store.head(key("joined"))).contentType).toBe("text/plain");
  });
});

describe("a process that is killed with SIGKILL", () => {
  it("leaves whole objects, and its locks to the others", { timeout: 120_000 }, async () => {
    const directory = await temporaryFolder();
    const store = await openIn(directory, { limits: LIMITS });
    for (let kill = 0; kill < 8; kill++) {
      const children = ["one", "two"].map((name) => start("churn", directory, name));
      await Promise.all(children.map(ready));
      await new Promise((resolve) => setTimeout(resolve, 40 + 17 * kill));
      const ended = children.map((child) => once(child, "exit"));
      for (const child of children) child.kill("SIGKILL");
      await Promise.all(ended);

      for (const name of await listed(store)) {
        const found = await textOf(store, name);
        const { metadata } = await store.head(key(name));
        expect(metadata).toEqual({ crc: String(crc32(found)), size: String(found.length) });
      }
      const started = performance.now();
      for (const at of [0, 1, 2]) await store.put(key(`churn/${at}/object`), bytes(""), at0());
      expect(performance.now() - started).toBeLessThan(5_000);
    }
    const again = await openIn(directory, { limits: LIMITS });
    for await (const upload of again.listUploads({ prefix: "" })) await again.abortUpload(upload);
    await again.deleteMany([0, 1, 2].map((at) => key(`churn/${at}/object`)));
    const own = join(directory, ".stowage");
    for (const folder of ["locks", "uploads"]) {
      expect(await readdir(join(own, folder))).toEqual([]);
    }
    const sidecars = await readdir(join(own, "sidecars"), { recursive: true });
    expect(sidecars.filter((name) => name.endsWith(".json"))).toEqual([]);
    expect(await readdir(directory)).toEqual([".stowage"]);
  });

  function at0() {
    return { metadata: { crc: "0", size: "0" } };
  }
});
