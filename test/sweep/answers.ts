import type { IncomingHttpHeaders } from "node:http";

/** An answer before it is sent. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What is kept with an object, as headers carry it. */
export interface Attributes {
  readonly contentType: string;
  /** Names with `x-amz-meta-`. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly encryption: string | undefined;
}

/** A request that the server refuses, by S3's own code. */
export class Refusal extends Error {
  override readonly name: string = "Refusal";
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message = `told by the server: ${code}`) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const METADATA = "x-amz-meta-";
export const ENCRYPTION = "x-amz-server-side-encryption";
/** Bytes of names and values: the limit of Amazon S3. */
const MAX_METADATA_BYTES = 2_048;

export function attributesOf(headers: IncomingHttpHeaders): Attributes {
  const named = Object.entries(headers).filter(([name]) => name.startsWith(METADATA));
  const metadata = Object.fromEntries(named.map(([name, value]) => [name, String(value)]));
  const bytes = named.reduce((sum, [name, value]) => {
    return sum + name.length - METADATA.length + String(value).length;
  }, 0);
  if (bytes > MAX_METADATA_BYTES) throw new Refusal(400, "MetadataTooLarge");
  const encryption = headers[ENCRYPTION];
  return {
    contentType: headers["content-type"] ?? "binary/octet-stream",
    metadata,
    encryption: encryption === undefined ? undefined : String(encryption),
  };
}

export function empty(status: number, headers: Answer["headers"] = {}): Answer {
  return { status, headers, body: Buffer.alloc(0) };
}

export function document(root: Xml, status = 200, headers: Answer["headers"] = {}): Answer {
  const text = `<?xml version="1.0" encoding="UTF-8"?>\n${root}`;
  const type = { "content-type": "application/xml" };
  return { status, headers: { ...type, ...headers }, body: Buffer.from(text) };
}

export function refusalAnswer(
  status: number,
  code: string,
  message: string = code,
  headers: Answer["headers"] = {},
): Answer {
  return document(
    element("Error", [element("Code", code), element("Message", message)]),
    status,
    headers,
  );
}

declare const made: unique symbol;
export type Xml = string & { readonly [made]: "Xml" };

/** An element of text, or of elements made by this function. */
export function element(name: string, content: string | number | boolean | readonly Xml[]): Xml {
  const inner = Array.isArray(content) ? content.join("") : escaped(String(content));
  return `<${name}>${inner}</${name}>` as Xml;
}

/** Elements of the values that there are. */
export function elements(
  values: Readonly<Record<string, string | number | boolean | undefined>>,
): Xml[] {
  return Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [element(name, value)],
  );
}

/** The texts of all elements of a name, in a document of no attributes. */
export function textsOf(xml: string, name: string): string[] {
  const found = xml.matchAll(new RegExp(`<${name}>([\\s\\S]*?)</${name}>`, "g"));
  return [...found].map(([, text = ""]) => unescaped(text));
}

function escaped(text: string): string {
  return text.replace(/[<>&"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

const ENTITIES: Readonly<Record<string, string>> = {
  lt: "<",
  gt: ">",
  amp: "&",
  quot: '"',
  apos: "'",
};

function unescaped(text: string): string {
  if (text.includes("<")) return text;
  return text.replace(/&(?:#x([\da-f]+)|#(\d+)|(\w+));/gi, (all, hexadecimal, decimal, name) => {
    if (name !== undefined) return ENTITIES[name] ?? all;
    const code = hexadecimal === undefined ? Number(decimal) : Number.parseInt(hexadecimal, 16);
    return String.fromCodePoint(code);
  });
}
