import { createHash, type Hash } from "node:crypto";
import { crc32 } from "node:zlib";
import { type Checksum, crc32Checksum } from "../domain/checksum.js";
import type { ObjectInfo } from "../ports/object-store.js";
import { recordedSha256 } from "./upload-attributes.js";

/** Sums up the bytes of an object as they come, and holds them against all that was kept of them. */
export class ReadingProof {
  /** Of the bytes that have come so far. */
  bytes = 0;
  readonly #info: ObjectInfo;
  readonly #recorded: string | undefined;
  readonly #sha256: Hash | undefined;
  #crc = 0;

  constructor(info: ObjectInfo) {
    this.#info = info;
    this.#recorded = recordedSha256(info.metadata);
    this.#sha256 = this.#recorded === undefined ? undefined : createHash("sha256");
  }

  /** Of the bytes that have come so far. */
  get checksum(): Checksum {
    return crc32Checksum(this.#crc);
  }

  /** That of the object, as it was recorded. */
  get sha256(): string | undefined {
    return this.#recorded;
  }

  /** Whether anything was kept to hold the bytes against. */
  get proves(): boolean {
    return this.#info.checksum !== undefined || this.#recorded !== undefined;
  }

  add(bytes: Uint8Array): void {
    this.#crc = crc32(bytes, this.#crc);
    this.#sha256?.update(bytes);
    this.bytes += bytes.length;
  }

  /** What is wrong with the bytes, now that all have come; `undefined` where nothing is. */
  fault(): string | undefined {
    const { size, checksum } = this.#info;
    const came = `${this.bytes} bytes with CRC32 ${this.checksum.value} came`;
    if (this.bytes !== size || (checksum !== undefined && checksum.value !== this.checksum.value)) {
      return `${came}, and ${size} with ${checksum?.value ?? "no checksum"} are stored`;
    }
    const sha256 = this.#sha256?.digest("hex");
    if (sha256 === this.#recorded) return undefined;
    return `${this.bytes} bytes with SHA-256 ${sha256} came, and ${this.#recorded} was recorded`;
  }
}
