import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { type BuiltCli, buildCli, type Ended, type Running, start } from "../cli/built-cli.js";
import { credentialsOf, locationOf, makeBucket } from "./buckets.js";

/** The command killed while it uploads, and what it does about that the next time. */

const MIB = 1_048_576;
const server = inject("minio");
let cli: BuiltCli;
let folder: string;

beforeAll(async () => {
  cli = await buildCli();
  folder = await mkdtemp(join(tmpdir(), "stowage-resume-cli-"));
  await writeFile(join(folder, "large.bin"), randomBytes(32 * MIB));
});

afterAll(async () => {
  await cli[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** A way to the server on which no more than so many bytes pass until it is opened. */
interface Narrows extends AsyncDisposable {
  readonly endpoint: string;
  /** Resolves when as many have passed. */
  readonly blocked: Promise<void>;
  open(): void;
  /** Bytes that have passed. */
  passed(): number;
}

async function openNarrows(most: number): Promise<Narrows> {
  const { hostname, port } = new URL(server.endpoint);
  const { promise: blocked, resolve } = Promise.withResolvers<void>();
  let passed = 0;
  let limit = most;
  const sockets = new Set<Socket>();
  const listener = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => sockets.delete(socket));
    }
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => client.destroy());
    client.on("data", (bytes: Buffer) => {
      if (passed >= limit) {
        resolve();
        client.pause();
        return;
      }
      passed += bytes.length;
      upstream.write(bytes);
    });
    upstream.pipe(client);
  }).listen(0, "127.0.0.1");
  await once(listener, "listening");
  return {
    endpoint: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    blocked,
    open: () => {
      limit = Number.POSITIVE_INFINITY;
    },
    passed: () => passed,
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((done) => listener.close(done));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

describe.each(["s3", "minio"] as const)("the command, by %s,", (way) => {
  let narrows: Narrows;
  let store: string;

  beforeAll(async () => {
    narrows = await openNarrows(17 * MIB);
    store = locationOf(way, server, await makeBucket(server), "minio", narrows.endpoint);
  });

  afterAll(() => narrows[Symbol.asyncDispose]());

  function run(args: string): Running {
    const env = {
      PATH: process.env["PATH"],
      STOWAGE_CONCURRENCY: "1",
      XDG_STATE_HOME: join(folder, way),
      ...credentialsOf(server),
    };
    const all = [cli.main, ...args.split(" "), "--store", store];
    return start(process.execPath, all, { cwd: folder, env });
  }

  async function done(args: string): Promise<Ended> {
    const ended = await run(args).ended;
    expect(ended).toMatchObject({ code: 0 });
    return ended;
  }

  it("killed in the midst of an upload, goes on with it", async () => {
    const { child, ended } = run("upload large.bin --user 7");
    await Promise.race([narrows.blocked, ended.then(({ err }) => Promise.reject(new Error(err)))]);
    child.kill("SIGKILL");
    expect(await ended).toMatchObject({ code: null, out: "" });
    narrows.open();

    expect((await done("list --user 7")).out).toBe("");
    expect(await done("uploads clean")).toMatchObject({
      out: "",
      err: expect.stringContaining("only those on record here are found"),
    });
    const left = await done("uploads list --older-than 0");
    expect(left.out).toMatch(/ MiB {2}journal {2}datasets\/user_7\/\S+_large\.bin\n$/);
    const before = narrows.passed();
    const { out, err } = await done("upload --resume large.bin --user 7 --json");
    expect(err).toBe("");
    expect(JSON.parse(out)).toMatchObject({ size: 32 * MIB, parts: 7 });
    // One part after the other: three of five MiB had arrived.
    expect(narrows.passed() - before).toBeLessThan(18 * MIB);
    const { key } = JSON.parse(out);
    await done(`download ${key} ${way}.bin`);
    const [sent, got] = await Promise.all(
      ["large.bin", `${way}.bin`].map((name) => readFile(join(folder, name))),
    );
    expect(sent?.equals(got ?? Buffer.alloc(0))).toBe(true);
    expect((await done("uploads list --older-than 0")).out).toBe("");
    expect((await done("list --user 7")).out.trimEnd().split("\n")).toHaveLength(1);
  });
});
