import { createHash } from "node:crypto";
import { isObjectKey, type ObjectKey } from "../../domain/object-key.js";

/** The folder, inside the store's directory, of everything that is not an object's plain file. */
export const OWN_FOLDER = ".stowage";

/** The name of a data file in the annex, where the names of folders begin with "_" or "+". */
export const ANNEX_FILE = "object";

/** Characters of one folder's name in the annex, without its mark. Encrypted disks take 143 bytes. */
const PIECE_LENGTH = 120;

/** Bytes that stand for themselves in the annex: no disk folds, forbids or changes them. */
const PLAIN_BYTE = /[a-z0-9._-]/;

/**
 * A key as a path within the annex, which any disk can hold: a folder per segment, and in the last
 * the file `object`, so that a key and another that begins with it never clash.
 *
 * A segment is `_` and its bytes, of which those but a-z, 0-9, ".", "_" and "-" are written %xx. What
 * does not fit in one name goes on in folders within that begin with `+`.
 */
export function annexPath(key: string): string {
  return [...key.split("/").flatMap(annexFolders), ANNEX_FILE].join("/");
}

/** The folders, one within the other, that stand for one segment in the annex. */
export function annexFolders(segment: string): string[] {
  const text = encode(segment);
  const folders: string[] = [];
  for (let at = 0; at === 0 || at < text.length; at += PIECE_LENGTH) {
    folders.push((at === 0 ? "_" : "+") + text.slice(at, at + PIECE_LENGTH));
  }
  return folders;
}

/** Whether a piece of this length may go on in a folder within. */
export function mayGoOn(piece: string): boolean {
  return piece.length === PIECE_LENGTH;
}

/** The segment that pieces of names from the annex make; `undefined` when `annexFolders` did not. */
export function annexSegment(text: string): string | undefined {
  try {
    const segment = decodeURIComponent(text);
    return segment !== "" && encode(segment) === text ? segment : undefined;
  } catch {
    return undefined;
  }
}

/** The key that `annexPath` made a path of; `undefined` for any other path. */
export function annexKey(path: string): ObjectKey | undefined {
  const texts: string[] = [];
  for (const folder of path.split("/").slice(0, -1)) {
    const piece = folder.slice(1);
    if (folder.startsWith("+")) texts.push((texts.pop() ?? "") + piece);
    else texts.push(piece);
  }
  const key = texts.map(annexSegment).join("/");
  // Made again, it is held to every rule: the marks, the length of pieces, the name at the end.
  return isObjectKey(key) && annexPath(key) === path ? key : undefined;
}

function encode(segment: string): string {
  let text = "";
  for (const byte of Buffer.from(segment)) {
    const character = String.fromCharCode(byte);
    text += PLAIN_BYTE.test(character) ? character : `%${byte.toString(16).padStart(2, "0")}`;
  }
  return text;
}

/** Whether the plain path of a key would lie in the store's own folder. */
export function isReserved(key: string): boolean {
  return key === OWN_FOLDER || key.startsWith(`${OWN_FOLDER}/`);
}

/** Whether a disk that folds letters keeps a key as it is, and apart from every other. */
export function isFoldSafe(key: string): boolean {
  return /^[\x20-\x7e]+$/.test(key) && key === key.toLowerCase();
}

/** A name for what belongs to a key, of 40 hexadecimal digits. */
export function keyHash(key: ObjectKey): string {
  return createHash("sha256").update(key).digest("hex").slice(0, 40);
}
