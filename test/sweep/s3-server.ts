import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { type ScriptedServer, scriptedServer } from "../s3/scripted-server.js";
import type { Answer } from "./answers.js";
import { Bucket } from "./bucket.js";
import { carryOut, type Likeness, readRequest, type S3Request } from "./routes.js";

/** One request, between its arrival and whatever is done about it. */
export interface Exchange {
  /** Of the request in the run, from 0. */
  readonly index: number;
  readonly request: S3Request;
  readonly socket: Socket;
  /** Carries the request out, and gives its answer. */
  apply(): Answer;
  /** Has the request carried out by `flush`, when whoever sent it may have given up. */
  applyLater(): void;
  /** Answers in order, so that the connection may be used again. */
  send(answer: Answer): void;
}

/** What becomes of a request. */
export type Act = (exchange: Exchange) => void;

export interface S3Server extends AsyncDisposable {
  readonly url: string;
  readonly bucket: Bucket;
  readonly sockets: ScriptedServer["sockets"];
  /** The requests that have arrived, in that order. */
  readonly requests: readonly S3Request[];
  /** Carries out what has been put off. */
  flush(): void;
}

/**
 * A server of S3 on loopback, with one bucket.
 *
 * @param actOn chooses what becomes of a request. Default: it is carried out and answered.
 */
export async function openS3Server(
  likeness: Likeness,
  actOn: (index: number, request: S3Request) => Act = () => answered,
): Promise<S3Server> {
  const bucket = new Bucket(likeness.minPartBytes);
  const requests: S3Request[] = [];
  const late: (() => void)[] = [];
  const server = await scriptedServer(({ method, url, headers, bytes }, response, socket) => {
    const request = readRequest(method, url, headers, bytes);
    const index = requests.length;
    requests.push(request);
    actOn(
      index,
      request,
    )({
      index,
      request,
      socket,
      apply: () => carryOut(bucket, request, likeness),
      applyLater: () => late.push(() => carryOut(bucket, request, likeness)),
      send: ({ status, headers: told, body }) => {
        response.writeHead(status, { "content-length": body.length, ...told });
        response.end(body);
      },
    });
  });
  return {
    url: server.url,
    bucket,
    sockets: server.sockets,
    requests,
    flush: () => {
      for (const apply of late.splice(0)) apply();
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** As servers do on their good days. */
export const answered: Act = ({ apply, send }) => send(apply());

/** An answer as it goes over the wire. */
export function onTheWire({ status, headers, body }: Answer): Buffer {
  const all = { "content-length": String(body.length), ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines.join("")}\r\n`;
  return Buffer.concat([Buffer.from(head, "latin1"), body]);
}
