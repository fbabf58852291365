/** An element of an answer. Attributes tell nothing in S3, and are left out. */
export interface XmlElement {
  readonly name: string;
  readonly children: readonly XmlElement[];
  /** Its own text, without that of its children. */
  readonly text: string;
}

const TOKEN =
  /<\?[^>]*\?>|<!--[\s\S]*?-->|<(\/?)([A-Za-z_][\w.:-]*)((?:\s+[\w.:-]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*(\/?)>|([^<]+)/y;

/**
 * Reads an answer. Strict, so that half an answer is none.
 *
 * @returns its root, or `undefined` for what is no whole XML document.
 */
export function readXml(text: string): XmlElement | undefined {
  const document: Open = { name: "", children: [], text: "" };
  const open: Open[] = [document];
  let at = 0;
  while (at < text.length) {
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(text);
    if (token === null) return undefined;
    at = TOKEN.lastIndex;
    const [, closing, name, , empty, characters] = token;
    const inner = open.at(-1) as Open;
    if (characters !== undefined) {
      if (inner === document && characters.trim() !== "" && characters !== "\ufeff")
        return undefined;
      inner.text += characters;
    } else if (closing === "/") {
      if (inner.name !== name || open.length === 1) return undefined;
      inner.text = unescaped(inner.text);
      open.pop();
    } else if (name !== undefined) {
      const element: Open = { name, children: [], text: "" };
      inner.children.push(element);
      if (empty !== "/") open.push(element);
    }
  }
  const [root, ...others] = document.children;
  return open.length === 1 && others.length === 0 ? root : undefined;
}

interface Open {
  readonly name: string;
  readonly children: Open[];
  text: string;
}

/** The text of the first child of a name; `undefined` when there is none. */
export function childText(element: XmlElement, name: string): string | undefined {
  return element.children.find((child) => child.name === name)?.text;
}

export function childrenOf(element: XmlElement, name: string): readonly XmlElement[] {
  return element.children.filter((child) => child.name === name);
}

/** An element to send: of text, or of elements made by this function. */
export function xml(name: string, content: string | readonly Xml[]): Xml {
  const inner = typeof content === "string" ? escaped(content) : content.join("");
  return `<${name}>${inner}</${name}>` as Xml;
}

declare const made: unique symbol;

/** XML that `xml` has made, with all text in it escaped. */
export type Xml = string & { readonly [made]: "Xml" };

const ENTITIES: Readonly<Record<string, string>> = {
  lt: "<",
  gt: ">",
  amp: "&",
  quot: '"',
  apos: "'",
};

function unescaped(text: string): string {
  return text.replace(/&(#x[\da-f]+|#\d+|\w+);/gi, (entity, name: string) => {
    if (!name.startsWith("#")) return ENTITIES[name] ?? entity;
    const hexadecimal = name[1] === "x" || name[1] === "X";
    const code = hexadecimal ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
    return code <= 0x10ffff ? String.fromCodePoint(code) : entity;
  });
}

function escaped(text: string): string {
  return text.replace(/[<>&"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
