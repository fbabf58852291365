import { once } from "node:events";
import { createServer, get, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { describe, expect, it, onTestFinished } from "vitest";
import { openLocalTarget } from "../../src/adapters/local/index.js";
import { refusalOf, someBytes } from "./fixtures.js";
import { inShell } from "./processes.js";

const OPTIONS = { overwrite: false };

describe("a response of HTTP", () => {
  async function responding(act: (response: ServerResponse) => Promise<void>) {
    const acted = Promise.withResolvers<void>();
    const server = createServer((_, response) => {
      act(response).then(acted.resolve, acted.reject);
    }).listen(0, "127.0.0.1");
    onTestFinished(() => void server.close().closeAllConnections());
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const [answer] = (await once(get({ port, host: "127.0.0.1" }), "response")) as [
      IncomingMessage,
    ];
    return { answer, acted: acted.promise };
  }

  it("gets every byte, and its end", async () => {
    const { answer, acted } = await responding(async (response) => {
      await using target = await openLocalTarget(response, OPTIONS);
      for (let count = 0; count < 50; count++) await target.write(someBytes(100_000));
      await target.commit();
    });
    expect((await buffer(answer)).length).toBe(5_000_000);
    await acted;
  });

  it("is cut off when it is not committed, so that nobody takes it for whole", async () => {
    const { answer, acted } = await responding(async (response) => {
      await using target = await openLocalTarget(response, OPTIONS);
      await target.write(someBytes(100_000));
    });
    await expect(buffer(answer)).rejects.toThrow("aborted");
    await acted;
  });

  it("whose reader has left fails the write that waits", async () => {
    const { answer, acted } = await responding(async (response) => {
      await using target = await openLocalTarget(response, OPTIONS);
      for (;;) await target.write(someBytes(100_000));
    });
    answer.destroy();
    expect((await refusalOf(acted)).code).toBe("target-unwritable");
  });
});

describe("standard output", () => {
  it.each([
    ["a pipe", 'exec "$@" | md5sum'],
    ["a file", 'f=$(mktemp); "$@" > "$f"; md5sum < "$f"; rm "$f"'],
  ])("gets every byte, and its end, as %s", async (_, shell) => {
    const { said, complained } = await inShell(shell, "printer.ts");
    expect({ said, complained }).toEqual({
      said: ["f0f9915b40ffec02b033a02f08c06974", "-"],
      complained: "committed\n",
    });
  });

  it("gets every byte as a terminal", async () => {
    const shell = 'exec script -qefc "stty -opost; $(printf "%q " "$@")" /dev/null < /dev/null';
    const { code, said } = await inShell(shell, "printer.ts");
    const digits = said.join("").replaceAll(/[^0-9]/g, "");
    expect({ code, length: digits.length }).toEqual({ code: 0, length: 1_000_000 });
  });
});
