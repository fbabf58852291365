import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** A request as it arrived. */
export interface Received {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly bytes: Buffer;
  /** The same as text. */
  readonly body: string;
}

export type Answer = (request: Received, response: ServerResponse, socket: Socket) => void;

/** A server that answers what the test has it answer, and remembers what it was asked. */
export interface ScriptedServer extends AsyncDisposable {
  readonly url: string;
  readonly received: Received[];
  /** Connections that are open. */
  readonly sockets: ReadonlySet<Socket>;
}

/** @param script answers in turn, the last one again and again. */
export async function scriptedServer(script: Answer | readonly Answer[]): Promise<ScriptedServer> {
  const answers = [script].flat();
  const received: Received[] = [];
  const sockets = new Set<Socket>();
  const server = createServer(async (message, response) => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk);
    } catch {
      // Broken off by the client: no request has arrived.
      return;
    }
    const bytes = Buffer.concat(chunks);
    const request = {
      method: message.method ?? "",
      url: message.url ?? "",
      headers: message.headers,
      bytes,
      body: bytes.toString(),
    };
    const answer = answers[received.length] ?? answers.at(-1);
    received.push(request);
    answer?.(request, response, message.socket);
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    sockets,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function xml(status: number, body: string, headers: Record<string, string> = {}): Answer {
  return (request, response) => {
    const text = `<?xml version="1.0" encoding="UTF-8"?>\n${body}`;
    response.writeHead(status, {
      "content-type": "application/xml",
      "x-amz-request-id": "REQUEST-1",
      ...headers,
    });
    response.end(request.method === "HEAD" ? undefined : text);
  };
}

export function plain(status: number, body: string, headers: Record<string, string> = {}): Answer {
  return (_, response) => {
    response.writeHead(status, { "x-amz-request-id": "REQUEST-1", ...headers });
    response.end(body);
  };
}

export function error(status: number, code: string, message = "told by the server"): Answer {
  return xml(
    status,
    `<Error><Code>${code}</Code><Message>${message}</Message><RequestId>REQUEST-1</RequestId></Error>`,
  );
}

/** An object as GET and HEAD tell it. */
export function object(body: string, headers: Record<string, string> = {}): Answer {
  return (request, response) => {
    response.writeHead(200, {
      "content-length": String(Buffer.byteLength(body)),
      "content-type": "text/plain",
      etag: '"abc"',
      "last-modified": "Wed, 25 Nov 2026 01:47:11 GMT",
      "x-amz-request-id": "REQUEST-1",
      ...headers,
    });
    response.end(request.method === "HEAD" ? undefined : body);
  };
}
