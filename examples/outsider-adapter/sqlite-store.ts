import { DatabaseSync } from "node:sqlite";
import { type ObjectKey, objectKey } from "stowage";
import { MemoryObjectStore, type ObjectTable, type Version } from "stowage/memory";

/** Objects in a file of SQLite, for one process at a time. Uploads in parts are in memory until they end. */
export class SqliteStore extends MemoryObjectStore {
  readonly #table: SqliteTable;

  constructor(file: string) {
    const table = new SqliteTable(file);
    super({ objects: table, kind: "sqlite", location: "sqlite:///" });
    this.#table = table;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    this.#table.close();
  }
}

class SqliteTable implements ObjectTable {
  readonly #db: DatabaseSync;

  constructor(file: string) {
    this.#db = new DatabaseSync(file);
    const columns = "key TEXT PRIMARY KEY, bytes BLOB, info TEXT";
    this.#db.exec(`CREATE TABLE IF NOT EXISTS objects (${columns})`);
  }

  get(key: ObjectKey): Version | undefined {
    const row = this.#db.prepare("SELECT bytes, info FROM objects WHERE key = ?").get(key);
    if (row === undefined) return undefined;
    const info = JSON.parse(row["info"] as string);
    const lastModified = new Date(info.lastModified);
    return { bytes: row["bytes"] as Uint8Array, info: { ...info, lastModified } };
  }

  set(key: ObjectKey, { bytes, info }: Version): void {
    this.#db.prepare("REPLACE INTO objects VALUES (?, ?, ?)").run(key, bytes, JSON.stringify(info));
  }

  delete(key: ObjectKey): void {
    this.#db.prepare("DELETE FROM objects WHERE key = ?").run(key);
  }

  *keys(): Iterable<ObjectKey> {
    const rows = this.#db.prepare("SELECT key FROM objects").all();
    for (const { key } of rows) yield objectKey(key as string);
  }

  close(): void {
    this.#db.close();
  }
}
