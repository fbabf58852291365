import type * as Http from "node:http";
import type * as Https from "node:https";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { CONNECT_TIMEOUT, DISPOSED, IDLE_TIMEOUT, noteNeverConnected } from "./failure.js";

// Imported, they would be read whole, and so bring the fetch that Node has: 40 ms of CPU.
const http: typeof Http = process.getBuiltinModule("node:http");
const https: typeof Https = process.getBuiltinModule("node:https");

/** How long a server may keep a client waiting, and how many connections it gets. */
export interface ConnectionLimits {
  /** Milliseconds until a connection stands, TLS and all. */
  readonly connectTimeoutMs: number;
  /** Milliseconds in which no byte comes or goes while one is waited for. */
  readonly idleTimeoutMs: number;
  readonly maxSockets: number;
}

export interface Agents {
  readonly http: Http.Agent;
  readonly https: Https.Agent;
  /** Lets go of all connections, and of the requests that wait for one. */
  destroy(): void;
}

/**
 * Makes agents that watch their own sockets.
 *
 * The SDK's handler has limits too, and they are off: its time to connect runs while a request waits
 * for a free socket, and its idle time while a slow reader has not yet asked for more.
 */
export function watchfulAgents(limits: ConnectionLimits): Agents {
  const agents = { http: new WatchfulHttpAgent(limits), https: new WatchfulHttpsAgent(limits) };
  return {
    ...agents,
    destroy: () => {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

type OnCreated = (error: Error | null, stream: Duplex) => void;

class WatchfulHttpAgent extends http.Agent {
  readonly #limits: ConnectionLimits;
  #destroyed = false;

  constructor(limits: ConnectionLimits) {
    super(agentOptions(limits));
    this.#limits = limits;
  }

  override createConnection(options: Http.ClientRequestArgs, callback?: OnCreated) {
    if (this.#destroyed) return refused();
    return watched(super.createConnection(options, callback), "connect", this.#limits);
  }

  override destroy(): void {
    this.#destroyed = true;
    super.destroy();
  }
}

class WatchfulHttpsAgent extends https.Agent {
  readonly #limits: ConnectionLimits;
  #destroyed = false;

  constructor(limits: ConnectionLimits) {
    super(agentOptions(limits));
    this.#limits = limits;
  }

  override createConnection(options: Https.RequestOptions, callback?: OnCreated) {
    if (this.#destroyed) return refused();
    return watched(super.createConnection(options, callback), "secureConnect", this.#limits);
  }

  override destroy(): void {
    this.#destroyed = true;
    super.destroy();
  }
}

/** The agent puts its `timeout` on each socket, and again when one is used again. */
function agentOptions({ idleTimeoutMs, maxSockets }: ConnectionLimits): Http.AgentOptions {
  return { keepAlive: true, maxSockets, timeout: idleTimeoutMs };
}

/**
 * A connection that never stands. An agent of Node goes on when it is destroyed: each socket that is
 * gone is replaced, as long as requests wait for one, and this is what they get.
 */
function refused(): Socket {
  const socket = new Socket().connect({ host: "none.invalid", port: 1, lookup: () => undefined });
  // The request is to have it first.
  setImmediate(() => {
    socket.destroy(Object.assign(new Error("the store was disposed of"), { code: DISPOSED }));
  });
  return socket;
}

function watched(
  stream: Duplex | null | undefined,
  connected: "connect" | "secureConnect",
  { connectTimeoutMs, idleTimeoutMs }: ConnectionLimits,
): Duplex | null | undefined {
  if (!(stream instanceof Socket)) return stream;
  const socket = stream;
  const timer = setTimeout(() => {
    const text = `not connected after ${connectTimeoutMs} ms`;
    socket.destroy(Object.assign(new Error(text), { code: CONNECT_TIMEOUT }));
  }, connectTimeoutMs);
  socket.on("error", noteNeverConnected);
  socket.once(connected, () => {
    clearTimeout(timer);
    socket.off("error", noteNeverConnected);
  });
  socket.once("close", () => clearTimeout(timer));
  socket.on("timeout", () => {
    const { bytesRead } = socket;
    // Where this process was busy, the timer comes before the bytes that are waiting: they come first.
    setImmediate(() => {
      if (socket.connecting || socket.destroyed) return;
      // Paused: the bytes are there, and it is the reader who lets them wait.
      if (socket.isPaused() || socket.bytesRead > bytesRead) {
        socket.setTimeout(idleTimeoutMs);
        return;
      }
      const text = `no byte in ${idleTimeoutMs} ms`;
      socket.destroy(Object.assign(new Error(text), { code: IDLE_TIMEOUT }));
    });
  });
  return socket;
}
