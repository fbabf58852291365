import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** A server on loopback that passes bytes on to another, until it is told to do worse. */
export interface FaultProxy extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`. */
  readonly endpoint: string;
  /** Resets every connection, and refuses new ones. */
  down(): Promise<void>;
  up(): Promise<void>;
  /** Changes one bit of the byte at this offset of the next connection that sends so many. */
  flipAt(offset: number): void;
}

/** Opens a proxy in front of `target`, such as `http://127.0.0.1:9000`. */
export async function openFaultProxy(target: string): Promise<FaultProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let flip: number | undefined;
  let listener: Server;
  let at = 0;

  const pass = (client: Socket): void => {
    const server = connect(Number(port), hostname);
    let sent = 0;
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        sockets.delete(socket);
        client.destroy();
        server.destroy();
      });
    }
    client.on("data", (bytes: Buffer) => {
      if (flip !== undefined && flip >= sent && flip < sent + bytes.length) {
        const index = flip - sent;
        bytes[index] = (bytes[index] ?? 0) ^ 1;
        flip = undefined;
      }
      sent += bytes.length;
      if (!server.write(bytes)) client.pause();
    });
    server.on("drain", () => client.resume());
    client.on("end", () => server.end());
    server.pipe(client);
  };
  const up = async (): Promise<void> => {
    listener = createServer(pass).listen(at, "127.0.0.1");
    await once(listener, "listening");
    at = (listener.address() as AddressInfo).port;
  };
  const down = async (): Promise<void> => {
    const closed = new Promise((resolve) => listener.close(resolve));
    for (const socket of sockets) socket.resetAndDestroy();
    await closed;
  };
  await up();
  return {
    endpoint: `http://127.0.0.1:${at}`,
    up,
    down,
    flipAt: (offset) => {
      flip = offset;
    },
    [Symbol.asyncDispose]: async () => {
      if (listener.listening) await down();
    },
  };
}
