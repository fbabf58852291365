import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** What TCP can do to a connection. */
export type TcpFault =
  /** Both ends are told that it is over. */
  | "reset"
  /** Both ends are told that no more will come. */
  | "FIN"
  /** Nothing is taken any more from either end, until its buffers are full. */
  | "stall"
  /** All is taken from both ends, and nothing arrives. */
  | "black hole"
  /** One bit of the byte at the offset. */
  | "flip"
  /** From the offset on: a byte at a time towards the client, 16 KiB at a time towards the server. */
  | "slow";

/** A fault, and the place in a run where it happens. */
export interface PlacedFault {
  readonly fault: TcpFault;
  /** Of the request and its answer, in the order in which requests begin, from 0. */
  readonly exchange: number;
  readonly direction: "to server" | "to client";
  /** Bytes of the exchange that pass in this direction before. */
  readonly offset: number;
  /** Whether it happens to every exchange thereafter as well. */
  readonly forEver?: boolean;
  /** Called each time that it happens. */
  readonly onFault?: () => void;
}

/** The bytes of one request and its answer that have come to the proxy. */
export interface Passed {
  "to server": number;
  "to client": number;
}

/** A server on loopback that passes bytes on to another, until it is told to do worse. */
export interface FaultProxy extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`. */
  readonly endpoint: string;
  /** What has passed, by exchange. */
  readonly passed: readonly Passed[];
  /** Connections of clients that are open. */
  readonly clients: ReadonlySet<Socket>;
  /** Resets every connection, and refuses new ones. */
  down(): Promise<void>;
  up(): Promise<void>;
  /** Changes one bit of the byte at this offset of the first new connection that sends so many. */
  flipAt(offset: number): void;
}

/** Opens a proxy in front of `target`, such as `http://127.0.0.1:9000`. */
export async function openFaultProxy(target: string, placed?: PlacedFault): Promise<FaultProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  const clients = new Set<Socket>();
  const passed: Passed[] = [];
  let flip: { readonly at: number; readonly since: number } | undefined;
  let connections = 0;
  let listener: Server;
  let at = 0;

  const pass = (client: Socket): void => {
    connections += 1;
    const ordinal = connections;
    const server = connect(Number(port), hostname);
    clients.add(client);
    client.on("close", () => clients.delete(client));
    let sent = 0;
    let exchange: number | undefined;
    let broken = false;
    /** Ends whose bytes are on their way, a few at a time: nothing more is taken from them. */
    const busy = new Set<Socket>();
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        sockets.delete(socket);
        client.destroy();
        server.destroy();
      });
    }

    /** Lets bytes through, up to where the fault is. */
    const deliver = (bytes: Buffer, direction: PlacedFault["direction"]): void => {
      const [from, to] = direction === "to server" ? [client, server] : [server, client];
      const counted = exchange === undefined ? undefined : passed[exchange];
      if (broken || exchange === undefined || counted === undefined) return;
      const start = counted[direction];
      counted[direction] += bytes.length;
      if (
        placed === undefined ||
        placed.direction !== direction ||
        (placed.forEver === true ? exchange < placed.exchange : exchange !== placed.exchange) ||
        placed.offset >= counted[direction]
      ) {
        if (!to.write(bytes)) from.pause();
        return;
      }
      const before = Math.max(0, placed.offset - start);
      if (placed.offset >= start) placed.onFault?.();
      if (placed.fault === "flip") {
        if (placed.offset >= start) bytes[before] = (bytes[before] ?? 0) ^ 1;
        if (!to.write(bytes)) from.pause();
        return;
      }
      to.write(bytes.subarray(0, before));
      if (placed.fault === "slow") {
        busy.add(from.pause());
        void trickle(bytes.subarray(before), to, direction === "to client" ? 1 : 16_384).then(
          () => {
            busy.delete(from);
            from.resume();
          },
        );
        return;
      }
      broken = true;
      if (placed.fault === "reset") {
        reset(client);
        reset(server);
      } else if (placed.fault === "FIN") {
        client.end();
        server.end();
      } else if (placed.fault === "stall") {
        client.pause();
        server.pause();
      }
    };
    client.on("data", (bytes: Buffer) => {
      // What is left of an older connection may still be on its way.
      if (flip !== undefined && flip.since < ordinal) {
        const index = flip.at - sent;
        if (index >= 0 && index < bytes.length) {
          bytes[index] = (bytes[index] ?? 0) ^ 1;
          flip = undefined;
        }
      }
      sent += bytes.length;
      const answered = exchange !== undefined && (passed[exchange]?.["to client"] ?? 0) > 0;
      if (!broken && (exchange === undefined || answered)) {
        exchange = passed.length;
        passed.push({ "to server": 0, "to client": 0 });
      }
      deliver(bytes, "to server");
    });
    server.on("data", (bytes: Buffer) => deliver(bytes, "to client"));
    server.on("drain", () => {
      if (!broken && !busy.has(client)) client.resume();
    });
    client.on("drain", () => {
      if (!broken && !busy.has(server)) server.resume();
    });
    client.on("end", () => server.end());
    server.on("end", () => client.end());
  };
  const up = async (): Promise<void> => {
    listener = createServer(pass).listen(at, "127.0.0.1");
    await once(listener, "listening");
    at = (listener.address() as AddressInfo).port;
  };
  const down = async (): Promise<void> => {
    const closed = new Promise((resolve) => listener.close(resolve));
    for (const socket of sockets) reset(socket);
    await closed;
  };
  await up();
  return {
    endpoint: `http://127.0.0.1:${at}`,
    passed,
    clients,
    up,
    down,
    flipAt: (offset) => {
      flip = { at: offset, since: connections };
    },
    [Symbol.asyncDispose]: async () => {
      if (listener.listening) await down();
    },
  };
}

/** Node keeps the handle of a socket that is reset when its end has been told already. */
function reset(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}

/** Writes bytes in slices, each in a turn of its own. */
async function trickle(bytes: Buffer, to: Socket, slice: number): Promise<void> {
  for (let at = 0; at < bytes.length && !to.destroyed; at += slice) {
    to.write(bytes.subarray(at, at + slice));
    await new Promise((resolve) => setImmediate(resolve));
  }
}
