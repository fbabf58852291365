import { createWriteStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough, Writable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { createGunzip, createGzip } from "node:zlib";
import { describe, expect, it, onTestFinished } from "vitest";
import { openLocalTarget } from "../../src/adapters/local/index.js";
import type { DownloadTarget, Target } from "../../src/ports/source.js";
import { mountSmallDisk } from "../filesystem/system.js";
import { pause, refusalOf, someBytes, temporaryFolder } from "./fixtures.js";
import { expectNoStrays } from "./strays.js";

expectNoStrays();

const OPTIONS = { overwrite: false };
const NEVER = new Promise<never>(() => undefined);
const failure = new Error("the cable is cut");

async function opened(stream: DownloadTarget): Promise<Target> {
  const target = await openLocalTarget(stream, OPTIONS);
  onTestFinished(() => target[Symbol.asyncDispose]());
  return target;
}

/** A target as it comes from code without types. */
function untyped(target: unknown): DownloadTarget {
  return target as DownloadTarget;
}

/** What a sink takes, and what becomes of it. */
interface Sink {
  write(bytes: Uint8Array): Promise<void> | void;
  end?(): Promise<void> | void;
}

interface Sunk {
  readonly stream: DownloadTarget;
  readonly state: () => "open" | "ended" | "destroyed";
}

const SORTS: readonly [string, (sink: Sink) => Sunk][] = [
  [
    "a Node stream",
    (sink) => {
      const asCallback = async (work: () => unknown, done: (error?: Error | null) => void) => {
        try {
          await work();
          done();
        } catch (error) {
          done(error as Error);
        }
      };
      const stream = new Writable({
        write: (chunk, _, done) => void asCallback(() => sink.write(chunk), done),
        final: (done) => void asCallback(() => sink.end?.(), done),
      });
      const state = () =>
        stream.writableFinished ? "ended" : stream.destroyed ? "destroyed" : "open";
      return { stream, state };
    },
  ],
  [
    "a web stream",
    (sink) => {
      let state: "open" | "ended" | "destroyed" = "open";
      const stream = new WritableStream<Uint8Array>({
        write: (chunk) => sink.write(chunk),
        close: async () => {
          await sink.end?.();
          state = "ended";
        },
        abort: () => {
          state = "destroyed";
        },
      });
      return { stream, state: () => state };
    },
  ],
];

describe.each(SORTS)("%s as a target", (_, make) => {
  it("gets every byte in order, and is ended by the commit", async () => {
    const got: Uint8Array[] = [];
    const { stream, state } = make({ write: (bytes) => void got.push(bytes) });
    const target = await opened(stream);
    await target.write(someBytes(1_000));
    await target.write(new Uint8Array());
    await Promise.all([target.write(someBytes(100_000)), target.write(someBytes(10))]);
    expect(state()).toBe("open");
    await target.commit();
    expect(state()).toBe("ended");
    const whole = Buffer.concat([someBytes(1_000), someBytes(100_000), someBytes(10)]);
    expect(Buffer.concat(got).equals(whole)).toBe(true);
  });

  it("is written to no faster than it takes", async () => {
    let took = 0;
    let most = 0;
    let sent = 0;
    const { stream } = make({
      write: async (bytes) => {
        most = Math.max(most, sent - took);
        await pause(1);
        took += bytes.length;
      },
    });
    const target = await opened(stream);
    for (let count = 0; count < 20; count++) {
      sent += 100_000;
      await target.write(Buffer.alloc(100_000));
    }
    await target.commit();
    expect(took).toBe(2_000_000);
    expect(most).toBeLessThanOrEqual(200_000);
  });

  it("is awaited to its end by the commit", async () => {
    const ending = Promise.withResolvers<void>();
    const { stream, state } = make({ write: () => undefined, end: () => ending.promise });
    const target = await opened(stream);
    await target.write(someBytes(10));
    const committed = target.commit().then(() => state());
    await pause(10);
    expect(state()).toBe("open");
    ending.resolve();
    expect(await committed).toBe("ended");
  });

  it("that is not committed is destroyed", async () => {
    const { stream, state } = make({ write: () => undefined });
    {
      await using target = await openLocalTarget(stream, OPTIONS);
      await target.write(someBytes(10));
    }
    await pause(1);
    expect(state()).toBe("destroyed");
  });

  it("is neither written to nor committed nor destroyed once it is committed", async () => {
    const { stream, state } = make({ write: () => undefined });
    const target = await opened(stream);
    await target.commit();
    expect((await refusalOf(target.write(someBytes(1)))).code).toBe("invalid-argument");
    expect((await refusalOf(target.commit())).code).toBe("invalid-argument");
    await target[Symbol.asyncDispose]();
    expect(state()).toBe("ended");
  });

  it("that fails at a write says so at that or the next, and at the commit", async () => {
    const write = () => {
      throw failure;
    };
    const target = await opened(make({ write }).stream);
    const writing = async () => {
      for (;;) await target.write(someBytes(10));
    };
    for (const attempt of [writing, () => target.commit()]) {
      const error = await refusalOf(attempt());
      expect(error.code).toBe("target-unwritable");
      expect(error.message).toBe("Cannot write to the stream: the cable is cut");
      expect(error.cause).toBe(failure);
    }
  });

  it("that fails while it is full ends the wait", async () => {
    const write = async () => {
      await pause(5);
      throw failure;
    };
    const target = await opened(make({ write }).stream);
    const both = [target.write(someBytes(100_000)), target.write(someBytes(100_000))];
    for (const written of both) expect((await refusalOf(written)).cause).toBe(failure);
  });

  it("that fails at its end fails the commit, and is destroyed", async () => {
    const end = async () => {
      throw failure;
    };
    const { stream } = make({ write: () => undefined, end });
    const target = await opened(stream);
    const error = await refusalOf(target.commit());
    expect(error).toMatchObject({ code: "target-unwritable", cause: failure });
    await target[Symbol.asyncDispose]();
  });

  it("that is stuck holds up nobody who lets go of it", async () => {
    const { stream } = make({ write: () => NEVER, end: () => NEVER });
    const target = await opened(stream);
    const written = [target.write(someBytes(100_000)), target.write(someBytes(100_000))];
    await pause(5);
    await target[Symbol.asyncDispose]();
    await target[Symbol.asyncDispose]();
    for (const each of written) expect((await refusalOf(each)).code).toBe("invalid-argument");
    expect((await refusalOf(target.commit())).code).toBe("invalid-argument");
  });

  it("that is stuck at its end holds up nobody either", async () => {
    const target = await opened(make({ write: () => undefined, end: () => NEVER }).stream);
    const committed = refusalOf(target.commit());
    await pause(5);
    await target[Symbol.asyncDispose]();
    expect((await committed).code).toBe("invalid-argument");
  });
});

describe("a Node stream", () => {
  it("that fails between two writes says so at the next", async () => {
    const stream = new PassThrough();
    const target = await opened(stream);
    await target.write(someBytes(10));
    stream.destroy(failure);
    await pause(5);
    expect((await refusalOf(target.write(someBytes(10)))).cause).toBe(failure);
    expect((await refusalOf(target.commit())).cause).toBe(failure);
  });

  it("that fails before the first write, as that of a missing folder, says so", async () => {
    const stream = createWriteStream(join(await temporaryFolder(), "missing/out"));
    const target = await opened(stream);
    await pause(20);
    expect(await refusalOf(target.write(someBytes(10)))).toMatchObject({
      code: "target-unwritable",
      providerCode: "ENOENT",
    });
  });

  it("that is closed or ended by somebody else is no whole copy", async () => {
    const endings: ((stream: PassThrough) => unknown)[] = [
      (stream) => stream.destroy(),
      (stream) => stream.resume().end(),
    ];
    for (const end of endings) {
      const stream = new PassThrough();
      const target = await opened(stream);
      const full = refusalOf(target.write(Buffer.alloc(1_000_000)));
      end(stream);
      expect((await full).code).toBe("target-unwritable");
      expect((await refusalOf(target.commit())).code).toBe("target-unwritable");
    }
  });

  it("whose methods throw at once rejects as well", async () => {
    const thrower = () => {
      throw failure;
    };
    const stream = Object.assign(new PassThrough(), { write: thrower, end: thrower });
    Object.assign(stream, { destroy: thrower });
    const target = await opened(stream);
    expect((await refusalOf(target.write(someBytes(1)))).cause).toBe(failure);
    expect((await refusalOf(target.commit())).cause).toBe(failure);
    await target[Symbol.asyncDispose]();
  });

  it("may be that of a file, of which nothing is missing after the commit", async () => {
    const path = join(await temporaryFolder(), "out");
    const target = await opened(createWriteStream(path));
    for (let count = 0; count < 10; count++) await target.write(someBytes(100_000));
    await target.commit();
    expect((await readFile(path)).length).toBe(1_000_000);
  });

  it("of a full disk says so", async ({ skip }) => {
    const folder = await mountSmallDisk(skip, "size=1m");
    const target = await opened(createWriteStream(join(folder, "out")));
    const writing = async () => {
      for (let count = 0; count < 3; count++) await target.write(Buffer.alloc(1_000_000));
      await target.commit();
    };
    expect(await refusalOf(writing())).toMatchObject({ code: "no-space", providerCode: "ENOSPC" });
  });

  it("may change what goes through it", async () => {
    const zip = createGzip();
    const unzipped = buffer(zip.pipe(createGunzip()));
    const target = await opened(zip);
    await target.write(someBytes(300_000));
    await target.commit();
    expect((await unzipped).equals(someBytes(300_000))).toBe(true);
  });
});

describe("a web stream", () => {
  it("is let go of by the commit and by who lets go of the target", async () => {
    for (const commits of [true, false]) {
      const stream = new WritableStream<Uint8Array>();
      const target = await opened(stream);
      expect(stream.locked).toBe(true);
      if (commits) await target.commit();
      else await target[Symbol.asyncDispose]();
      expect(stream.locked).toBe(false);
    }
  });

  it("tells its reader why it was ended early", async () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const target = await opened(writable);
    const read = refusalOf(readable.getReader().read());
    await target[Symbol.asyncDispose]();
    expect((await read).message).toBe("Cannot go on with the stream: the download ended early");
  });

  it("that fails between two writes says so at the next", async () => {
    let controller: WritableStreamDefaultController | undefined;
    const start = (given: WritableStreamDefaultController) => {
      controller = given;
    };
    const target = await opened(new WritableStream({ start }, { highWaterMark: 100 }));
    await target.write(someBytes(10));
    controller?.error(failure);
    expect((await refusalOf(target.write(someBytes(10)))).cause).toBe(failure);
    expect((await refusalOf(target.commit())).cause).toBe(failure);
  });
});

describe("what is no target", () => {
  it("is refused before anything else", async () => {
    const nothings = [undefined, null, 7, {}, [], new Map(), new Uint8Array(1), () => undefined];
    for (const nothing of [
      ...nothings,
      new TransformStream(),
      new ReadableStream(),
      new Blob([]),
    ]) {
      const error = await refusalOf(openLocalTarget(untyped(nothing), OPTIONS));
      expect(error.code).toBe("invalid-argument");
      expect(error.message).toContain("give a path, a file: URL, a Node stream or a web stream");
    }
  });

  it("any more is refused as well", async () => {
    const ended = new PassThrough().end();
    const destroyed = new PassThrough().destroy();
    const failed = new PassThrough();
    failed.on("error", () => undefined).destroy(failure);
    const locked = new WritableStream();
    locked.getWriter();
    const closed = new WritableStream();
    await closed.close();
    const broken = new WritableStream();
    await broken.abort(failure);
    for (const [stream, why] of [
      [ended, "it is ended"],
      [destroyed, "it is destroyed"],
      [failed, "it is destroyed"],
      [locked, "it is locked"],
      [closed, "it is ended"],
      [broken, "it has failed"],
    ] as const) {
      const error = await refusalOf(openLocalTarget(stream, OPTIONS));
      expect(error.code).toBe("invalid-argument");
      expect(error.message).toContain(why);
    }
    expect(closed.locked).toBe(false);
    expect(locked.locked).toBe(true);
  });
});
