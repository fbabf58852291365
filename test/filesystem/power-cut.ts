import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { link, mkdir, utimes, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import type { Change } from "./recorded-fs.js";

/** A file or a folder, whatever its names. */
interface Node {
  readonly folder: boolean;
}

/** What a change does to the disk, with the nodes that it concerns in place of their paths. */
type Effect =
  | { readonly kind: "name"; readonly entries: readonly Entry[] }
  | { readonly kind: "data"; readonly node: Node; readonly bytes: Uint8Array; readonly at: number }
  | { readonly kind: "length"; readonly node: Node; readonly value: number }
  | { readonly kind: "time"; readonly node: Node; readonly value: number }
  | { readonly kind: "sync"; readonly node: Node };

/** A name given in a folder, or taken away (`undefined`). */
interface Entry {
  readonly folder: Node;
  readonly name: string;
  readonly node: Node | undefined;
}

/**
 * The changes of a directory, and the states in which a power cut may leave it: all that was synced is
 * there, and of the rest any part, in any order. A folder's sync makes its names durable, a file's sync
 * its bytes, length and time; a rename happens or does not.
 */
export class PowerCuts {
  readonly #root: string;
  readonly #top: Node = { folder: true };
  readonly #live = new Map<Node, Map<string, Node>>();
  readonly #sizes = new Map<Node, number>();
  readonly #handles = new Map<unknown, Node>();
  readonly #before: Effect[] = [];
  readonly #effects: Effect[] = [];

  /** Takes what is in the directory for durable. */
  constructor(root: string) {
    this.#root = root;
    this.#live.set(this.#top, new Map());
    this.#read(root, new Map());
  }

  get count(): number {
    return this.#effects.length;
  }

  readonly record = ({ name, path, to, handle, bytes, at, value }: Change): void => {
    const node = () => this.#handles.get(handle) ?? this.#at(path);
    const add = (effect: Effect) => this.#effects.push(effect);
    if (name === "create") {
      this.#handles.set(handle, this.#at(path) ?? this.#name(path, { folder: false }));
    } else if (name === "mkdir") {
      this.#name(path, { folder: true });
    } else if (name === "link") {
      this.#name(to ?? "", this.#known(path));
    } else if (name === "rename") {
      const moved = this.#known(path);
      add({ kind: "name", entries: [this.#set(to ?? "", moved), this.#set(path, undefined)] });
    } else if (name === "unlink" || name === "rmdir" || name === "rm") {
      if (this.#at(path) !== undefined) {
        add({ kind: "name", entries: [this.#set(path, undefined)] });
      }
    } else {
      const changed = node();
      if (changed === undefined) throw new Error(`There is to be a file at ${path}`);
      if (name === "write" && bytes !== undefined) {
        const end = this.#sizes.get(changed) ?? 0;
        add({ kind: "data", node: changed, bytes, at: at ?? end });
        this.#sizes.set(changed, Math.max(end, (at ?? end) + bytes.length));
      } else if (name === "truncate") add({ kind: "length", node: changed, value: value ?? 0 });
      else if (name === "utimes") add({ kind: "time", node: changed, value: value ?? 0 });
      else if (name === "sync") add({ kind: "sync", node: changed });
      else throw new Error(`What does ${name} do to a disk?`);
    }
  };

  /** Each legal state after the first `count` changes, as the changes that it holds. */
  *statesAfter(count: number): Generator<readonly Effect[]> {
    const made = this.#effects.slice(0, count);
    const isDurable = made.map((effect, at) => this.#isSynced(effect, made.slice(at + 1)));
    const changes = made.filter(({ kind }) => kind !== "sync");
    const loose = made.filter((effect, at) => effect.kind !== "sync" && !isDurable[at]);
    const keeping = (kept: (effect: Effect) => boolean) =>
      changes.filter((effect) => !loose.includes(effect) || kept(effect));
    yield changes;
    if (loose.length === 0) return;
    yield keeping(() => false);
    yield keeping(({ kind }) => kind === "name");
    yield keeping(({ kind }) => kind !== "name");
    for (const one of loose) {
      yield keeping((effect) => effect !== one);
      yield keeping((effect) => effect === one);
      yield keeping((effect) => effect === one || effect.kind === "name");
      if (one.kind === "data" && one.bytes.length > 1) {
        const half = { ...one, bytes: one.bytes.subarray(0, one.bytes.length >> 1) };
        yield changes.map((effect) => (effect === one ? half : effect));
      }
    }
  }

  /** A state as text: two that are alike have the same. */
  nameOf(state: readonly Effect[]): string {
    return state
      .map((effect) => {
        const at = this.#effects.indexOf(effect);
        return at === -1 && effect.kind === "data" ? `half of ${effect.bytes}` : at;
      })
      .join(" ");
  }

  /** Makes a directory that is in such a state. */
  async build(state: readonly Effect[], directory: string): Promise<void> {
    const folders = new Map<Node, Map<string, Node>>();
    const files = new Map<Node, { bytes: Buffer; time: number }>();
    for (const effect of [...this.#before, ...state]) {
      if (effect.kind === "name") {
        for (const { folder, name, node } of effect.entries) {
          const names = folders.get(folder) ?? new Map<string, Node>();
          folders.set(folder, names);
          if (node === undefined) names.delete(name);
          else names.set(name, node);
        }
      } else if (effect.kind !== "sync") {
        const file = files.get(effect.node) ?? { bytes: Buffer.alloc(0), time: 1 };
        files.set(effect.node, file);
        if (effect.kind === "time") file.time = effect.value;
        else if (effect.kind === "length") file.bytes = resized(file.bytes, effect.value);
        else {
          const end = Math.max(file.bytes.length, effect.at + effect.bytes.length);
          file.bytes = resized(file.bytes, end);
          file.bytes.set(effect.bytes, effect.at);
        }
      }
    }
    const paths = new Map<Node, string>();
    const make = async (folder: Node, path: string): Promise<void> => {
      await mkdir(path, { recursive: true });
      for (const [name, node] of folders.get(folder) ?? []) {
        const inside = join(path, name);
        const first = paths.get(node);
        if (node.folder) await make(node, inside);
        else if (first !== undefined) await link(first, inside);
        else {
          paths.set(node, inside);
          const { bytes, time } = files.get(node) ?? { bytes: "", time: 1 };
          await writeFile(inside, bytes);
          await utimes(inside, time, time);
        }
      }
    };
    await make(this.#top, directory);
  }

  #isSynced(effect: Effect, later: readonly Effect[]): boolean {
    const synced = (node: Node) => later.some((one) => one.kind === "sync" && one.node === node);
    if (effect.kind === "sync") return true;
    if (effect.kind !== "name") return synced(effect.node);
    // Of a rename, the folder in which the new name is.
    const [entry] = effect.entries;
    return entry !== undefined && synced(entry.folder);
  }

  #read(path: string, known: Map<bigint, Node>): void {
    for (const name of readdirSync(path)) {
      const inside = join(path, name);
      const stats = lstatSync(inside, { bigint: true });
      const node = known.get(stats.ino) ?? { folder: stats.isDirectory() };
      const isNew = !known.has(stats.ino);
      known.set(stats.ino, node);
      this.#before.push({ kind: "name", entries: [this.#set(inside, node)] });
      if (node.folder) this.#read(inside, known);
      else if (isNew) {
        const bytes = readFileSync(inside);
        this.#before.push({ kind: "data", node, bytes, at: 0 });
        this.#sizes.set(node, bytes.length);
        const time = Math.round(Number(stats.mtimeNs) / 1000) / 1_000_000;
        this.#before.push({ kind: "time", node, value: time });
      }
    }
  }

  #at(path: string): Node | undefined {
    let node: Node | undefined = this.#top;
    for (const name of relative(this.#root, path).split("/")) {
      if (name !== "") node = node && this.#live.get(node)?.get(name);
    }
    return node;
  }

  #known(path: string): Node {
    const node = this.#at(path);
    if (node === undefined) throw new Error(`There is to be something at ${path}`);
    return node;
  }

  #name(path: string, node: Node): Node {
    this.#effects.push({ kind: "name", entries: [this.#set(path, node)] });
    return node;
  }

  #set(path: string, node: Node | undefined): Entry {
    const folder = this.#known(dirname(path));
    const name = path.slice(dirname(path).length + 1);
    const names = this.#live.get(folder) ?? new Map<string, Node>();
    this.#live.set(folder, names);
    if (node === undefined) names.delete(name);
    else names.set(name, node);
    return { folder, name, node };
  }
}

function resized(bytes: Buffer, size: number): Buffer {
  const other = Buffer.alloc(size);
  bytes.copy(other);
  return other;
}
