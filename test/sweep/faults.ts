import type { Answer } from "./answers.js";
import { refusalAnswer } from "./answers.js";
import type { RequestKind } from "./routes.js";
import { type Act, type Exchange, onTheWire } from "./s3-server.js";

/** Something that goes wrong with a request. */
export interface Fault {
  readonly name: string;
  readonly act: Act;
  /** The requests that it can befall. Default: all. */
  readonly kinds?: readonly RequestKind[] | undefined;
  /** Whether the client finds out by waiting alone. */
  readonly silent?: boolean;
  /** Whether the request may be carried out when its sender has given up. */
  readonly late?: boolean;
  /** Whether its sender cannot know that it is over. */
  readonly unsettled?: boolean;
  /** Whether sending the request again mends it, if it befalls one request alone. */
  readonly passes: boolean;
  /** What the server says clearly enough for a write to be known as not applied. */
  readonly clear?: boolean;
}

const WITH_XML: readonly RequestKind[] = ["create", "complete", "copy", "deleteMany"];
const LISTS: readonly RequestKind[] = ["list", "listParts", "listUploads"];
const WRITES: readonly RequestKind[] = ["put", "delete", "part", "abort", ...WITH_XML];
const CONDITIONAL: readonly RequestKind[] = ["put", "complete"];

const reset = ({ socket }: Exchange): void => {
  socket.resetAndDestroy();
};
const fin = ({ socket }: Exchange): void => {
  socket.end();
};
const silence = (): void => undefined;

/** Before the request is carried out, which then never happens. */
const BEFORE: readonly Fault[] = [
  { name: "reset before", act: reset, passes: true },
  { name: "FIN before", act: fin, passes: true },
  { name: "no answer before", act: silence, silent: true, passes: true },
  {
    name: "half a head, then silence, before",
    act: ({ socket }) => socket.write("HTTP/1.1 200 OK\r\ncontent-len"),
    silent: true,
    passes: true,
  },
  { name: "500 before", act: refused(500, "InternalError"), passes: true },
  { name: "502, a page of a proxy, before", act: page(502), passes: true },
  {
    name: "503 SlowDown before",
    act: refused(503, "SlowDown", { "retry-after": "1" }),
    passes: true,
  },
  {
    name: "400 RequestTimeout before",
    act: refused(400, "RequestTimeout"),
    // A HEAD has no body to tell it by, and none that could come too slowly.
    kinds: ["put", "part", "create", "complete"],
    passes: true,
  },
  { name: "403 before", act: refused(403, "AccessDenied"), passes: false, clear: true },
  {
    name: "409 ConditionalRequestConflict before",
    act: refused(409, "ConditionalRequestConflict"),
    kinds: CONDITIONAL,
    passes: true,
    clear: true,
  },
  {
    name: "404 NoSuchUpload before",
    act: refused(404, "NoSuchUpload"),
    kinds: ["part", "complete"],
    passes: false,
    clear: true,
  },
];

/** Bodies that have come with 200, or could: of `complete`, as of every request with XML for an answer. */
const ERROR =
  "<Error><Code>InternalError</Code><Message>We encountered an internal error</Message></Error>";
const ODD_BODIES: readonly (readonly [name: string, body: string])[] = [
  ["an error", ERROR],
  ["an error and a line break", `${ERROR}\n`],
  ["an error and spaces", `${ERROR}   `],
  ["a page of a proxy", "<html><body>Please log in</body></html>"],
  ["blanks", "  \n  "],
  ["half an answer", '<?xml version="1.0"?>\n<CompleteMultipartUploadResult><Buck'],
  ["nothing", ""],
];

/** After the request has been carried out: whoever sent it cannot know. */
const AFTER: readonly Fault[] = [
  { name: "reset after", act: applied(reset), passes: true },
  { name: "FIN after", act: applied(fin), passes: true },
  { name: "no answer after", act: applied(silence), silent: true, passes: true },
  { name: "500 after", act: applied(refused(500, "InternalError")), passes: true },
  {
    name: "503 after",
    act: applied(refused(503, "ServiceUnavailable")),
    passes: true,
  },
  ...halves("half an answer, then reset", (socket) => socket.resetAndDestroy()),
  ...halves("half an answer, then FIN", (socket) => socket.end()),
  { ...halves("half an answer, then silence", silence)[0], silent: true } as Fault,
  ...ODD_BODIES.map(
    ([name, body]): Fault => ({
      name: `200 with ${name}, after`,
      act: applied(({ send }) =>
        send({
          status: 200,
          headers: { "content-type": "application/xml" },
          body: Buffer.from(body),
        }),
      ),
      kinds: [...WITH_XML, ...LISTS],
      passes: true,
    }),
  ),
  {
    name: "200 with a page of a proxy for what has no body, after",
    act: applied(page(200)),
    kinds: ["put", "part", "get", "head"],
    passes: true,
  },
];

/** When nobody waits any more: the request has got stuck on the way. */
const LATE: readonly Fault[] = [
  {
    name: "reset, and carried out late",
    act: (exchange) => {
      exchange.applyLater();
      reset(exchange);
    },
    kinds: WRITES,
    late: true,
    passes: true,
  },
  {
    name: "no answer, and carried out late",
    act: ({ applyLater }) => applyLater(),
    kinds: WRITES,
    late: true,
    silent: true,
    passes: true,
  },
];

/** What can go wrong with a body on its way. */
const BODIES: readonly Fault[] = [
  {
    name: "a flipped bit in the body",
    kinds: ["get"],
    act: changed((body) => {
      const at = Math.floor(body.length / 2);
      body[at] = (body[at] ?? 0) ^ 1;
      return body;
    }),
    passes: false,
  },
  {
    name: "half the body, as if it were all",
    kinds: ["get"],
    act: changed((body) => body.subarray(0, body.length / 2)),
    passes: false,
  },
  {
    name: "a byte too many",
    kinds: ["get"],
    act: changed((body) => Buffer.concat([body, Buffer.from("!")])),
    passes: false,
  },
];

export const FAULTS: readonly Fault[] = [...BEFORE, ...AFTER, ...LATE, ...BODIES];

export function befalls(fault: Fault, kind: RequestKind): boolean {
  return fault.kinds === undefined || fault.kinds.includes(kind);
}

/** Answers that the request was refused, or that the server has failed. */
export function refused(status: number, code: string, headers: Answer["headers"] = {}): Act {
  return ({ request, send }) => {
    const answer = refusalAnswer(status, code, code, headers);
    send(hasNoBody(request.kind) ? { status, headers, body: Buffer.alloc(0) } : answer);
  };
}

/** Carries the request out, and drops its answer. */
export function applied(then: Act): Act {
  return (exchange) => {
    exchange.apply();
    then(exchange);
  };
}

function page(status: number): Act {
  return ({ request, send }) => {
    const body = Buffer.from("<html><body>Please log in</body></html>");
    const headers = { "content-type": "text/html" };
    send({ status, headers, body: hasNoBody(request.kind) ? Buffer.alloc(0) : body });
  };
}

/** The first half of the true answer: of its body, where it has one that is worth it. */
function halves(name: string, then: (socket: Exchange["socket"]) => void): readonly Fault[] {
  const act: Act = ({ apply, socket }) => {
    const answer = apply();
    const bytes = onTheWire(answer);
    const half = answer.body.length / 2;
    const kept = half >= 1 ? bytes.length - Math.ceil(half) : bytes.length - 3;
    socket.write(bytes.subarray(0, kept), () => then(socket));
  };
  return [{ name: `${name}, after`, act, passes: true }];
}

function changed(change: (body: Buffer) => Buffer): Act {
  return ({ apply, send }) => {
    const answer = apply();
    if (answer.status >= 300) return send(answer);
    const body = change(Buffer.from(answer.body));
    const headers = { ...answer.headers, "content-length": String(body.length) };
    send({ ...answer, headers, body });
  };
}

function hasNoBody(kind: RequestKind): boolean {
  return kind === "head" || kind === "headBucket";
}
